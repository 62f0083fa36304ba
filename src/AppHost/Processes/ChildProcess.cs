using System.ComponentModel;
using System.Diagnostics;

namespace Media.AppHost.Processes;

/// <summary>
/// A process that this one started, in a session of its own, and that does not outlive this one: not after an orderly end, a
/// crash, nor <c>kill -9</c>.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);

    private readonly ChildProcessOptions _options;
    private readonly Process _process;
    private readonly Lock _lineGate = new();
    private readonly OutputLog _output = new();
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _outputRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _openStreams = 2;

    private ChildProcess(ChildProcessOptions options, Process process)
    {
        _options = options;
        _process = process;
    }

    /// <summary>What it is called in messages.</summary>
    public string Name => _options.Name;

    /// <summary>Its process id.</summary>
    public int Id { get; private set; }

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _exited.Task.IsCompleted;

    /// <summary>Ends when it ends and its output is read, with its exit code; 128 + n where signal n ended it.</summary>
    public Task<int> Exited => _exited.Task;

    /// <summary>The last 500 lines of its output and errors, oldest first.</summary>
    public IReadOnlyList<string> Lines => _output.Lines;

    /// <summary>Starts a child.</summary>
    /// <exception cref="InvalidOperationException">The program can't be started.</exception>
    public static async Task<ChildProcess> StartAsync(ChildProcessOptions options, CancellationToken cancellationToken)
    {
        var command = await Tether.CommandAsync(options, cancellationToken);
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = options.WorkingDirectory ?? "",
        };
        foreach (var (name, value) in options.Environment)
            start.Environment[name] = value;

        var child = new ChildProcess(options, new Process { StartInfo = start, EnableRaisingEvents = true });
        child._process.OutputDataReceived += (_, e) => child.OnData(e.Data);
        child._process.ErrorDataReceived += (_, e) => child.OnData(e.Data);
        child._process.Exited += (_, _) => _ = child.OnExitedAsync();
        try
        {
            await ProcessSpawner.StartAsync(child._process);
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"{options.Name}: {options.FileName} can't be started: {e.Message}", e);
        }

        child.Id = child._process.Id;
        await Tether.AttachAsync(child.Id);
        child._process.StandardInput.Close();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Waits for a line of its output or errors; one that was printed already counts.</summary>
    /// <exception cref="EndOfStreamException">It ended without printing one; the message has what it printed.</exception>
    /// <exception cref="TimeoutException">It did not print one in time.</exception>
    public async Task<string> WaitForLineAsync(Func<string, bool> matches, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            return await _output.WaitForAsync(matches).WaitAsync(timeout, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{Name} did not print the awaited line in {timeout}:{Environment.NewLine}{string.Join(Environment.NewLine, Lines)}", e);
        }
    }

    /// <summary>Sends it a signal; nothing happens when it has ended.</summary>
    public void Signal(UnixSignal signal)
    {
        if (!HasExited)
            UnixSignals.Send(Id, signal);
    }

    /// <summary><c>kill -9</c>, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        Signal(UnixSignal.Kill);
        await Exited;
    }

    /// <summary>Asks it to stop, and kills it, with what it started, when it has not within <paramref name="grace"/>.</summary>
    /// <returns>Whether it stopped by itself.</returns>
    public async Task<bool> StopAsync(TimeSpan grace)
    {
        Signal(_options.StopSignal);
        try
        {
            await Exited.WaitAsync(grace);
            return true;
        }
        catch (TimeoutException)
        {
            if (!UnixSignals.SendToGroup(Id, UnixSignal.Kill))
                Signal(UnixSignal.Kill);
            await Exited;
            return false;
        }
    }

    /// <summary>Kills it if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private void OnData(string? line)
    {
        if (line is not null)
        {
            lock (_lineGate)
            {
                _output.Add(line);
                _options.OnLine?.Invoke(line);
            }
        }
        else if (Interlocked.Decrement(ref _openStreams) == 0)
        {
            _outputRead.TrySetResult();
        }
    }

    private async Task OnExitedAsync()
    {
        var exitCode = _process.ExitCode;
        // A grandchild may hold the output open for longer than anyone should wait.
        await Task.WhenAny(_outputRead.Task, Task.Delay(DrainTime));
        await Tether.DetachAsync(Id);
        _output.End();
        _exited.TrySetResult(exitCode);
    }
}
