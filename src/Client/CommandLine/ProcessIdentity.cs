using System.Diagnostics;
using System.Globalization;

namespace Media.CommandLine;

/// <summary>
/// Which process holds a lease: <c>cli.&lt;host&gt;.&lt;process id&gt;.&lt;start&gt;</c>. The start tells a process from a later one of the
/// same id, so that a lease whose process was killed on this machine need not be waited for.
/// </summary>
internal static class ProcessIdentity
{
    private const int LongestHost = 64;

    public static string Host { get; } = HostName();

    public static string ClientId { get; } = string.Create(
        CultureInfo.InvariantCulture, $"cli.{Host}.{Environment.ProcessId}.{StartOf(Environment.ProcessId) ?? 0}");

    /// <summary>Whether the holder is a command line of this machine that has ended.</summary>
    public static bool IsGone(string? clientId)
    {
        var prefix = $"cli.{Host}.";
        if (clientId is null || !clientId.StartsWith(prefix, StringComparison.Ordinal))
            return false;
        var numbers = clientId[prefix.Length..].Split('.');
        return numbers.Length == 2
            && int.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && long.TryParse(numbers[1], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            && StartOf(id) != start;
    }

    // On Linux in ticks since boot, which every process reads alike; .NET's StartTime there moves with the wall clock.
    private static long? StartOf(int processId)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                using var process = Process.GetProcessById(processId);
                return process.StartTime.ToUniversalTime().Ticks;
            }

            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat"));
            // proc(5): the name in parentheses may hold anything; the state is the first field after it, the start the twentieth.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static string HostName()
    {
        var name = Environment.MachineName;
        var kept = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' ? c : '-'));
        return kept.Length > LongestHost ? kept[..LongestHost] : kept;
    }
}
