using System.Collections.Concurrent;
using System.Collections.Immutable;
using Media.Grains.Contents;
using Media.Grains.Files;
using Media.Grains.Ports;

namespace Media.Grains.Tests.Support;

/// <summary>A catalog in memory, without events, that fails on demand. The real one is met in the silo's tests.</summary>
internal sealed class MemoryCatalog(TimeProvider time) : ICatalog
{
    private readonly ConcurrentDictionary<string, Content> contents = new();
    private readonly ConcurrentDictionary<string, CatalogFile> files = new();
    private long generations;

    /// <summary>Called after a file was added; throws to lose the answer.</summary>
    public Action AfterAdd { get; set; } = () => { };

    public IReadOnlyDictionary<string, CatalogFile> Files => files;

    public Content Store(string pieceHash, string tipHash, long size)
    {
        var key = ContentKeys.Of(pieceHash);
        return contents[pieceHash] = new Content(
            pieceHash, tipHash, size, Interlocked.Increment(ref generations), ContentState.Stored, key, "\"e\"", null, "video/mp4", "video/mp4", 0);
    }

    public void Delete(string pieceHash) => contents.TryRemove(pieceHash, out _);

    public Task<Content?> FindContentAsync(string pieceHash, CancellationToken cancellationToken) => Task.FromResult(contents.GetValueOrDefault(pieceHash));

    public Task<bool> HasTipAsync(string tipHash, long size, CancellationToken cancellationToken) =>
        Task.FromResult(contents.Values.Any(content => content.TipHash == tipHash && content.Size == size));

    public Task<bool> HasFileAsync(string user, string pieceHash, CancellationToken cancellationToken) =>
        Task.FromResult(files.Values.Any(file => file.File.User == user && file.File.PieceHash == pieceHash));

    public Task<Content> BeginPromotionAsync(NewContent content, CancellationToken cancellationToken) => Task.FromResult(contents.GetOrAdd(
        content.PieceHash,
        hash => new Content(
            hash, content.TipHash, content.Size, Interlocked.Increment(ref generations), ContentState.Promoting, ContentKeys.Of(hash), null, null,
            content.ContentType, content.DetectedType, 0)));

    public Task<CatalogFile?> AddFileAsync(NewFile file, long generation, StoredObject? promoted, CancellationToken cancellationToken)
    {
        var content = contents.GetValueOrDefault(file.PieceHash ?? "");
        if (content?.Generation != generation)
            return Task.FromResult<CatalogFile?>(null);
        var added = files.GetOrAdd(file.Id, _ => new CatalogFile(file, content.ETag, null, content.State == ContentState.Stored, time.GetUtcNow()));
        AfterAdd();
        return Task.FromResult<CatalogFile?>(added);
    }

    public Task<CatalogFile?> RemoveFileAsync(string id, string user, DateTimeOffset now, TimeSpan grace, CancellationToken cancellationToken) =>
        throw new NotSupportedException("No session removes files.");

    public Task<CollectDecision> BeginDeletionAsync(string pieceHash, TimeSpan grace, CancellationToken cancellationToken) =>
        throw new NotSupportedException("No session collects contents.");

    public Task EndDeletionAsync(string pieceHash, long generation, CancellationToken cancellationToken) =>
        throw new NotSupportedException("No session collects contents.");

    public Task<CatalogFile?> FindFileAsync(string id, CancellationToken cancellationToken) => Task.FromResult(files.GetValueOrDefault(id));

    public Task<FilePage?> ListFilesAsync(FileFilter filter, CancellationToken cancellationToken) =>
        throw new NotSupportedException("No session lists files.");
}

/// <summary>Reads contents that a test has put there, whole.</summary>
internal sealed class MemoryReader : IObjectReader
{
    public ConcurrentDictionary<string, byte[]> Bytes { get; } = new();

    public Task<Stream> OpenAsync(string key, StoredObject found, long offset, long length, CancellationToken cancellationToken) =>
        Bytes.TryGetValue(key, out var bytes)
            ? Task.FromResult<Stream>(new MemoryStream(bytes, (int)offset, (int)length, writable: false))
            : throw new ObjectChangedException("There is no such object.");
}
