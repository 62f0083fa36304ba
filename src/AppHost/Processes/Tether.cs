using System.Diagnostics;
using System.Globalization;

namespace Media.AppHost.Processes;

/// <summary>
/// Ties a child's life to the host's. With util-linux's <c>setpriv</c> the kernel does it (PR_SET_PDEATHSIG). Elsewhere a
/// small shell holds the other end of a pipe from the host, and kills what is on its list when the pipe closes.
/// </summary>
internal static class Tether
{
    // The parent is compared because the host may die between the fork and the moment the kernel is told of the signal.
    private const string ParentGuard = "[ \"$PPID\" = \"$0\" ] && exec \"$@\"";

    private const string WatchdogScript = """
        trap '' INT TERM HUP
        list=
        while read -r pid; do
          case $pid in
            -*) list=$(for known in $list; do [ "-$known" = "$pid" ] || echo "$known"; done) ;;
            *) list="$list $pid" ;;
          esac
        done
        for pid in $list; do kill -9 "$pid" 2>/dev/null; done
        """;

    private static readonly SemaphoreSlim Gate = new(1, 1);
    private static bool? _hasDeathSignal;
    private static Process? _watchdog;

    /// <summary>The program and arguments that start <paramref name="options"/> in a session of its own, tied to this process.</summary>
    public static async Task<IReadOnlyList<string>> CommandAsync(ChildProcessOptions options, CancellationToken cancellationToken)
    {
        if (await HasDeathSignalAsync(cancellationToken))
        {
            // A session of its own keeps the terminal's Ctrl-C from the child: the host stops its children in order.
            return
            [
                "setsid", "setpriv", .. options.Account?.SetprivArguments ?? [],
                "--pdeathsig", options.DeathSignal switch
                {
                    UnixSignal.Interrupt => "INT",
                    UnixSignal.Quit => "QUIT",
                    UnixSignal.Terminate => "TERM",
                    _ => "KILL",
                },
                "--", "sh", "-c", ParentGuard, Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
                options.FileName, .. options.Arguments,
            ];
        }

        return options.Account is null
            ? [options.FileName, .. options.Arguments]
            : throw new PlatformNotSupportedException(
                $"{options.Name} can't run as root, and there is no setpriv (util-linux 2.33 or later) to run it as {options.Account.Name}. Start this as an ordinary user.");
    }

    /// <summary>Puts a started child on the watchdog's list where the kernel doesn't watch it.</summary>
    public static Task AttachAsync(int processId) => TellWatchdogAsync(processId);

    /// <summary>Takes a child that ended off the list, before the system gives its id to another process.</summary>
    public static Task DetachAsync(int processId) => TellWatchdogAsync(-processId);

    private static async Task TellWatchdogAsync(int line)
    {
        if (_hasDeathSignal is not false)
            return;
        await Gate.WaitAsync();
        try
        {
            _watchdog ??= await StartWatchdogAsync();
            await _watchdog.StandardInput.WriteLineAsync(line.ToString(CultureInfo.InvariantCulture));
            await _watchdog.StandardInput.FlushAsync();
        }
        finally
        {
            Gate.Release();
        }
    }

    private static async Task<bool> HasDeathSignalAsync(CancellationToken cancellationToken)
    {
        if (_hasDeathSignal is { } known)
            return known;
        var probe = await Command.RunAsync("setsid", ["setpriv", "--pdeathsig", "KILL", "--", "true"], cancellationToken);
        _hasDeathSignal = probe.ExitCode == 0;
        return _hasDeathSignal.Value;
    }

    private static async Task<Process> StartWatchdogAsync()
    {
        var watchdog = new Process { StartInfo = new ProcessStartInfo("/bin/sh", ["-c", WatchdogScript]) { RedirectStandardInput = true, UseShellExecute = false } };
        await ProcessSpawner.StartAsync(watchdog);
        return watchdog;
    }
}
