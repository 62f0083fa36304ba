using System.Text;
using Media.Client.Downloading;
using Media.Client.Uploading;

namespace Media.CommandLine;

/// <summary>
/// Shows the files that are under way on standard error: on a terminal a line each that is drawn anew ten times a second, elsewhere a
/// plain line now and then. Messages go between, never through, the lines.
/// </summary>
internal sealed class ProgressDisplay : IAsyncDisposable
{
    private static readonly TimeSpan DrawEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly List<FileLine> _files = [];
    private readonly bool _terminal;
    private readonly bool _colour;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _drawing;
    private int _drawn;

    public ProgressDisplay(bool quiet)
    {
        _terminal = !quiet && !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";
        _colour = _terminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        _drawing = quiet ? Task.CompletedTask : DrawAsync(_terminal ? DrawEvery : TellEvery);
    }

    public FileLine Begin(string name)
    {
        var line = new FileLine(name);
        lock (_gate)
            _files.Add(line);
        return line;
    }

    /// <summary>Takes a file off the display and writes what became of it.</summary>
    public void End(FileLine line, Action write)
    {
        lock (_gate)
        {
            _files.Remove(line);
            Erase();
            write();
            if (_terminal)
                Draw();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _drawing;
        lock (_gate)
            Erase();
        _ended.Dispose();
    }

    private async Task DrawAsync(TimeSpan every)
    {
        using var timer = new PeriodicTimer(every);
        try
        {
            while (await timer.WaitForNextTickAsync(_ended.Token))
            {
                lock (_gate)
                {
                    if (_terminal)
                    {
                        Erase();
                        Draw();
                    }
                    else
                    {
                        Tell();
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The work is over.
        }
    }

    private void Tell()
    {
        foreach (var file in _files)
        {
            if (file.Progress is { } progress)
                Console.Error.WriteLine(ProgressLine.Plain(file.Name, progress));
        }
    }

    private void Draw()
    {
        // A terminal that does not know its size, as a recorder's or a serial line's, says 0.
        var (width, height) = (Console.WindowWidth, Console.WindowHeight);
        // The last column is left free: some terminals go to the next line once it is written.
        var columns = width > 0 ? Math.Max(10, width - 1) : 79;
        var rows = height > 0 ? Math.Max(1, height - 1) : 23;
        var text = new StringBuilder();
        foreach (var file in _files)
        {
            if (file.Progress is not { } progress || _drawn >= rows)
                continue;
            text.Append(ProgressLine.Bar(file.Name, progress, columns, _colour)).Append('\n');
            _drawn++;
        }

        Console.Error.Write(text);
    }

    private void Erase()
    {
        if (_drawn == 0)
            return;
        Console.Error.Write($"\e[{_drawn}A\r\e[J");
        _drawn = 0;
    }

    /// <summary>One file that is under way.</summary>
    internal sealed class FileLine(string name) : IProgress<UploadProgress>, IProgress<DownloadProgress>
    {
        private LineProgress? _progress;
        private UploadProgress? _upload;

        public string Name => name;

        /// <summary>What is shown.</summary>
        public LineProgress? Progress => Volatile.Read(ref _progress);

        /// <summary>What an upload told last.</summary>
        public UploadProgress? Upload => Volatile.Read(ref _upload);

        public void Report(UploadProgress value)
        {
            Volatile.Write(ref _upload, value);
            Volatile.Write(ref _progress, LineProgress.Of(value));
        }

        public void Report(DownloadProgress value) => Volatile.Write(ref _progress, LineProgress.Of(value));
    }
}
