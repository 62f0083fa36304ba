using Media.Grains.Contents;
using Media.Grains.Ports;
using Microsoft.Extensions.Options;

namespace Media.Silo.Thumbnails;

/// <summary>Copies as much of a content into a file as thumbnails need. See docs/decisions/thumbnails-of-videos.md.</summary>
internal sealed class ContentCopy(IObjectReader reader, IOptions<ThumbnailOptions> options)
{
    /// <summary>The first bytes, for what they tell of the type.</summary>
    public async Task<byte[]> ReadHeadAsync(string key, StoredObject found, CancellationToken cancellationToken)
    {
        var head = new byte[Math.Min(found.Size, TypeSniffer.HeadLength)];
        if (head.Length == 0) return head;
        await using var stream = await reader.OpenAsync(key, found, 0, head.Length, cancellationToken);
        await stream.ReadExactlyAsync(head, cancellationToken);
        return head;
    }

    /// <summary>The whole of it.</summary>
    public async Task CopyAllAsync(string key, StoredObject found, string path, CancellationToken cancellationToken)
    {
        await using var file = Create(path);
        await CopyAsync(key, found, 0, found.Size, file, cancellationToken);
    }

    /// <summary>The beginning of a video, and its index where that is at the end; between them a hole that takes no room.</summary>
    public async Task CopyVideoAsync(string key, StoredObject found, string path, bool isoMedia, CancellationToken cancellationToken)
    {
        await using var file = Create(path);
        var most = options.Value.VideoBytes;
        await CopyAsync(key, found, 0, Math.Min(found.Size, most), file, cancellationToken);
        // A hole in a file of Windows takes as much room as bytes would.
        if (!isoMedia || found.Size <= most || OperatingSystem.IsWindows()) return;
        if (await MovieIndex.FindTailAsync(file, found.Size, cancellationToken) is { } tail && found.Size - tail <= most)
            await CopyAsync(key, found, tail, found.Size - tail, file, cancellationToken);
    }

    private async Task CopyAsync(string key, StoredObject found, long offset, long length, FileStream file, CancellationToken cancellationToken)
    {
        await using var stream = await reader.OpenAsync(key, found, offset, length, cancellationToken);
        file.Position = offset;
        await stream.CopyToAsync(file, cancellationToken);
        await file.FlushAsync(cancellationToken);
        if (file.Position != offset + length) throw new StoreUnavailableException("The object store sent less than it was asked for.");
    }

    private static FileStream Create(string path) => new(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, 1 << 16, FileOptions.Asynchronous);
}
