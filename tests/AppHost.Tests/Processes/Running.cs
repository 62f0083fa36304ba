using System.Diagnostics;

namespace Media.AppHost.Tests.Processes;

/// <summary>Whether a process runs. One that ended and that nobody has waited for yet does not.</summary>
internal static class Running
{
    public static bool Is(int processId)
    {
        try
        {
            if (OperatingSystem.IsLinux())
                return File.ReadAllText($"/proc/{processId}/stat").Split(')')[^1].TrimStart()[0] is not ('Z' or 'X');
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            return false;
        }
    }
}
