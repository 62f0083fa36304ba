using Media.Grains.Contents;
using Media.Grains.Ports;
using Microsoft.Extensions.Options;

namespace Media.Silo.Thumbnails;

/// <summary>Makes thumbnails of a content in the bucket, by what is in it: what was said of it decides nothing.</summary>
internal sealed class ThumbnailMaker(
    IObjectStore store, ContentCopy copy, ImageThumbnails images, VideoPoster posters, ThumbnailTools tools, WorkFolders folders, IOptions<ThumbnailOptions> options)
{
    private const string Source = "source";
    private const string Poster = "poster";

    private readonly ThumbnailOptions _options = options.Value;

    /// <summary>Makes them.</summary>
    /// <exception cref="StoreUnavailableException">Also where the object is missing.</exception>
    public async Task<ThumbnailOutcome> MakeAsync(ThumbnailSubject subject, CancellationToken cancellationToken)
    {
        var found = await store.HeadAsync(subject.Key, cancellationToken) ?? throw new StoreUnavailableException("The object store has no object of a stored content.");
        var detected = TypeSniffer.Detect(await copy.ReadHeadAsync(subject.Key, found, cancellationToken));
        if (ThumbnailFormats.LoaderOf(detected) is { } loader) return await MakeOfImageAsync(subject.Key, found, loader, cancellationToken);
        if (ThumbnailFormats.DemuxerOf(detected) is { } demuxer) return await MakeOfVideoAsync(subject.Key, found, demuxer, cancellationToken);
        return TypeSniffer.Agrees(subject.ContentType, detected)
            ? new ThumbnailFailure(ThumbnailFailureReasons.UnsupportedType, $"No thumbnails are made of {detected ?? "files of no known form"}.")
            : new ThumbnailFailure(ThumbnailFailureReasons.TypeMismatch, $"Said to be {subject.ContentType}, and begins as {detected ?? "nothing known"}.");
    }

    private async Task<ThumbnailOutcome> MakeOfImageAsync(string key, StoredObject found, string loader, CancellationToken cancellationToken)
    {
        if (tools.AbsentForImages is { } absent) return new ThumbnailFailure(ThumbnailFailureReasons.NoImageTool, absent);
        if (found.Size > _options.MaxImageBytes)
            return new ThumbnailFailure(ThumbnailFailureReasons.TooLarge, $"The image has {found.Size} bytes; the limit is {_options.MaxImageBytes}.");
        using var folder = folders.Create();
        await copy.CopyAllAsync(key, found, folder.PathOf(Source), cancellationToken);
        return await images.MakeAsync(folder, Source, loader, cancellationToken);
    }

    private async Task<ThumbnailOutcome> MakeOfVideoAsync(string key, StoredObject found, string demuxer, CancellationToken cancellationToken)
    {
        if (tools.AbsentForVideos is { } absent) return new ThumbnailFailure(ThumbnailFailureReasons.NoVideoTool, absent);
        using var folder = folders.Create();
        await copy.CopyVideoAsync(key, found, folder.PathOf(Source), isoMedia: demuxer == "mov", cancellationToken);
        if (await posters.TakeAsync(folder, Source, demuxer, Poster, cancellationToken) is { } failure) return failure;
        return await images.MakeAsync(folder, Poster, "pngload", cancellationToken);
    }
}
