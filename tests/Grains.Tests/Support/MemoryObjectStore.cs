using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Media.Grains.Ports;
using Media.Grains.Uploads;

namespace Media.Grains.Tests.Support;

/// <summary>A store that keeps sizes and ETags, no bytes, and fails on demand. The real stores are met in the silo's tests.</summary>
internal sealed class MemoryObjectStore(TimeProvider time) : IObjectStore
{
    private readonly ConcurrentDictionary<string, MultipartUpload> uploads = new();
    private readonly ConcurrentDictionary<string, StoredObject> objects = new();
    private int ids;

    /// <summary>Called with the operation's name before it is done; throws to make it fail.</summary>
    public Action<string> Before { get; set; } = _ => { };

    /// <summary>Called with the operation's name after it was done; throws to lose its answer.</summary>
    public Action<string> After { get; set; } = _ => { };

    /// <summary>Awaited before an operation is done, to hold it up.</summary>
    public Func<string, Task> Hold { get; set; } = _ => Task.CompletedTask;

    public IEnumerable<string> UploadIds => uploads.Keys;

    public IEnumerable<string> Keys => objects.Keys;

    public void PutPart(string uploadId, int part, long size, string? etag = null) =>
        uploads[uploadId].Parts[part] = new UploadedPart(part, size, etag ?? $"\"etag{part}\"", time.GetUtcNow());

    public void PutObject(string key, long size) => objects[key] = new StoredObject(size, "\"whole\"", null, null, time.GetUtcNow());

    public void Lose(string uploadId) => uploads.TryRemove(uploadId, out _);

    public Task PutAsync(string key, ReadOnlyMemory<byte> content, ObjectHeaders headers, CancellationToken cancellationToken) =>
        Do("put", () => objects[key] = new StoredObject(content.Length, "\"whole\"", null, headers.ContentType, time.GetUtcNow()));

    /// <summary>Whether it holds parts against checksums, as not every store does.</summary>
    public bool TakesChecksums { get; set; } = true;

    public Task<StartedMultipart> CreateMultipartUploadAsync(string key, ObjectHeaders headers, PartChecksum checksum, CancellationToken cancellationToken) =>
        Do("create", () =>
        {
            var id = $"s3-{Interlocked.Increment(ref ids)}";
            uploads[id] = new MultipartUpload(key, time.GetUtcNow());
            return new StartedMultipart(id, TakesChecksums ? checksum : PartChecksum.None);
        });

    public Task<ImmutableArray<UploadedPart>?> ListPartsAsync(string key, string uploadId, CancellationToken cancellationToken) =>
        Do<ImmutableArray<UploadedPart>?>("list", () => uploads.TryGetValue(uploadId, out var upload) ? [.. upload.Parts.Values.OrderBy(p => p.Part)] : null);

    public Task<Completion> CompleteMultipartUploadAsync(
        string key, string uploadId, ImmutableArray<UploadedPart> parts, CancellationToken cancellationToken) =>
        Do("complete", () =>
        {
            if (!uploads.TryGetValue(uploadId, out var upload))
                return objects.ContainsKey(key) ? Completion.Completed : Completion.Gone;
            if (parts.Any(part => !upload.Parts.TryGetValue(part.Part, out var stored) || stored.ETag != part.ETag))
                return Completion.PartsRejected;
            PutObject(key, parts.Sum(part => part.Size));
            uploads.TryRemove(uploadId, out _);
            return Completion.Completed;
        });

    public Task AbortMultipartUploadAsync(string key, string uploadId, CancellationToken cancellationToken) =>
        Do("abort", () => uploads.TryRemove(uploadId, out _));

    public Task<StoredObject?> HeadAsync(string key, CancellationToken cancellationToken) => Do("head", () => objects.GetValueOrDefault(key));

    public Task<CopyOutcome> CopyAsync(
        string source, StoredObject found, string target, ObjectHeaders? headers, bool onlyIfAbsent, CancellationToken cancellationToken) =>
        Do("copy", () =>
        {
            if (onlyIfAbsent && objects.TryGetValue(target, out var there))
                return CopyOutcome.Exists(there);
            if (!objects.TryGetValue(source, out var stored) || stored.ETag != found.ETag)
                return CopyOutcome.SourceChanged;
            var copy = stored with { ContentType = headers?.ContentType ?? stored.ContentType, LastModified = time.GetUtcNow() };
            objects[target] = copy;
            return CopyOutcome.Copied(copy);
        });

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => DeleteAsync(key, null, cancellationToken);

    public Task DeleteAsync(string key, string? versionId, CancellationToken cancellationToken) => Do("delete", () => objects.TryRemove(key, out _));

    public async IAsyncEnumerable<ListedObject> ListObjectsAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (key, stored) in objects)
        {
            if (key.StartsWith(prefix, StringComparison.Ordinal))
                yield return await Task.FromResult(new ListedObject(key, stored.Size, stored.ETag, stored.LastModified));
        }
    }

    public async IAsyncEnumerable<PendingUpload> ListMultipartUploadsAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (id, upload) in uploads)
            yield return await Task.FromResult(new PendingUpload(upload.Key, id, upload.Initiated));
    }

    private async Task<T> Do<T>(string operation, Func<T> work)
    {
        await Hold(operation);
        Before(operation);
        var result = work();
        After(operation);
        return result;
    }

    private sealed record MultipartUpload(string Key, DateTimeOffset Initiated)
    {
        public ConcurrentDictionary<int, UploadedPart> Parts { get; } = new();
    }
}
