using Media.Silo.Thumbnails;
using Media.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Media.Silo.Tests.Thumbnails;

/// <summary>What makes thumbnails of a file, without a database and a bucket.</summary>
internal sealed class Workbench : IDisposable
{
    private readonly TemporaryFolder _temporary = new();
    private readonly WorkFolders _folders;
    private readonly ThumbnailOptions _options;

    public Workbench(Action<ThumbnailOptions>? configure = null)
    {
        _options = new ThumbnailOptions { TemporaryFolder = _temporary.FullName };
        configure?.Invoke(_options);
        var options = Options.Create(_options);
        _folders = new WorkFolders(options, NullLogger<WorkFolders>.Instance);
        Tools = new ThumbnailTools(options, new ToolSandbox(options, TimeProvider.System), _folders, NullLogger<ThumbnailTools>.Instance);
        Images = new ImageThumbnails(Tools, options);
        Posters = new VideoPoster(Tools, options);
        Folder = _folders.Create();
    }

    public ThumbnailTools Tools { get; }

    public ImageThumbnails Images { get; }

    public VideoPoster Posters { get; }

    public WorkFolder Folder { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Thumbnails of bytes that were found to be of this type.</summary>
    public async Task<ThumbnailOutcome> MakeAsync(byte[] content, string type)
    {
        await File.WriteAllBytesAsync(Folder.PathOf("source"), content, Token);
        return await Images.MakeAsync(Folder, "source", ThumbnailFormats.LoaderOf(type)!, Token);
    }

    public void Dispose()
    {
        Tools.Dispose();
        _folders.Dispose();
        _temporary.Dispose();
    }
}
