using System.Runtime.InteropServices;

namespace Media.AppHost.Processes;

/// <summary>The signals that are sent to children, by their numbers on Linux and macOS.</summary>
public enum UnixSignal
{
    /// <summary>Interrupt: to PostgreSQL a fast shutdown, which rolls back what is open.</summary>
    Interrupt = 2,

    /// <summary>Quit: to PostgreSQL an immediate shutdown, which recovers at the next start.</summary>
    Quit = 3,

    /// <summary>Kill: the process has no say.</summary>
    Kill = 9,

    /// <summary>Terminate: the ordinary request to stop.</summary>
    Terminate = 15,
}

/// <summary>kill(2).</summary>
internal static partial class UnixSignals
{
    /// <summary>Sends a signal to one process; false where there is no such process (any more).</summary>
    public static bool Send(int processId, UnixSignal signal) => Kill(processId, (int)signal) == 0;

    /// <summary>Sends a signal to every process of the group that <paramref name="leaderId"/> leads.</summary>
    public static bool SendToGroup(int leaderId, UnixSignal signal) => Kill(-leaderId, (int)signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int processId, int signal);
}
