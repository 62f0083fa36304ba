using System.ComponentModel;
using Microsoft.Extensions.Options;

namespace Media.Silo.Thumbnails;

/// <summary>The programs that thumbnails are made by.</summary>
internal enum ThumbnailTool
{
    /// <summary>Makes a thumbnail.</summary>
    VipsThumbnail,

    /// <summary>Reads what an image says of itself.</summary>
    VipsHeader,

    /// <summary>Reads an image to its end.</summary>
    Vips,

    /// <summary>Takes a frame from a video.</summary>
    Ffmpeg,
}

/// <summary>Where the programs are, and whether they run.</summary>
internal sealed partial class ThumbnailTools : IDisposable
{
    private readonly ToolSandbox _sandbox;
    private readonly WorkFolders _folders;
    private readonly ILogger<ThumbnailTools> _logger;
    private readonly string?[] _paths;
    private readonly string? _unshare;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile bool _tried;
    private string? _isolator;

    public ThumbnailTools(IOptions<ThumbnailOptions> options, ToolSandbox sandbox, WorkFolders folders, ILogger<ThumbnailTools> logger)
    {
        _sandbox = sandbox;
        _folders = folders;
        _logger = logger;
        var settings = options.Value;
        _paths =
        [
            ProgramPath.Find(settings.VipsThumbnail), ProgramPath.Find(settings.VipsHeader), ProgramPath.Find(settings.Vips), ProgramPath.Find(settings.Ffmpeg),
        ];
        _unshare = OperatingSystem.IsLinux() ? ProgramPath.Find("unshare") : null;
        (ThumbnailTool, string)[] forImages = [(ThumbnailTool.VipsThumbnail, "vipsthumbnail"), (ThumbnailTool.VipsHeader, "vipsheader"), (ThumbnailTool.Vips, "vips")];
        AbsentForImages = Absent(forImages);
        AbsentForVideos = Absent([.. forImages, (ThumbnailTool.Ffmpeg, "ffmpeg")]);
    }

    /// <summary>Which programs are missing for images, in words; null where all are there.</summary>
    public string? AbsentForImages { get; }

    /// <summary>Which programs are missing for videos, those for images among them, in words; null where all are there.</summary>
    public string? AbsentForVideos { get; }

    /// <summary>Runs one of the programs that are there.</summary>
    /// <exception cref="InvalidOperationException">It cannot be run: a fault of the installation, not of the file.</exception>
    public async Task<ToolRun> RunAsync(ThumbnailTool tool, IEnumerable<string> arguments, WorkFolder folder, CancellationToken cancellationToken)
    {
        if (!_tried) await TryAsync(cancellationToken);
        try
        {
            return await _sandbox.RunAsync(PathOf(tool), arguments, folder, _isolator, cancellationToken);
        }
        catch (Win32Exception failure)
        {
            throw new InvalidOperationException($"{PathOf(tool)} cannot be started: {failure.Message}", failure);
        }
    }

    public void Dispose() => _gate.Dispose();

    /// <summary>Finds out before the first file, lest each be taken for broken: whether programs run at all within their limits, and whether without a network.</summary>
    private async Task TryAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_tried) return;
            using var folder = _folders.Create();
            if (_unshare is not null && (await TryAsync(_unshare, folder, cancellationToken)) is null)
                _isolator = _unshare;
            else if (await TryAsync(null, folder, cancellationToken) is { } problem)
                throw new InvalidOperationException(problem);
            else
                LogNotIsolated();
            _tried = true;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<string?> TryAsync(string? isolator, WorkFolder folder, CancellationToken cancellationToken)
    {
        foreach (var (tool, argument) in ((ThumbnailTool, string)[])[(ThumbnailTool.VipsThumbnail, "--version"), (ThumbnailTool.Ffmpeg, "-version")])
        {
            if (_paths[(int)tool] is not { } path) continue;
            try
            {
                var run = await _sandbox.RunAsync(path, [argument], folder, isolator, cancellationToken);
                // A machine that is busy is no reason to run with less around it.
                if (run.TimedOut) throw new InvalidOperationException($"{path} does not tell its version in time.");
                if (!run.Succeeded) return $"{path} does not run within its limits; it ended with code {run.ExitCode}. {ToolRun.LastLine(run.Error)}";
            }
            catch (Win32Exception failure)
            {
                return $"{path} cannot be started: {failure.Message}";
            }
        }

        return null;
    }

    private string PathOf(ThumbnailTool tool) => _paths[(int)tool] ?? throw new InvalidOperationException($"{tool} is not installed.");

    private string? Absent((ThumbnailTool Tool, string Name)[] needed) => needed.Where(one => _paths[(int)one.Tool] is null).Select(static one => one.Name).ToArray() switch
    {
        [] => null,
        [var one] => $"{one} is not installed.",
        [.. var others, var last] => $"{string.Join(", ", others)} and {last} are not installed.",
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "Programs that make thumbnails run without a network namespace of their own: this system does not let unshare make one.")]
    private partial void LogNotIsolated();
}
