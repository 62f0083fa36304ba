using System.Collections.Immutable;
using Media.Grains.Uploads;
using Orleans;

namespace Media.Grains.Ports;

/// <summary>
/// The bucket. Where the store does not answer, or answers with a fault of its own, every method throws <see cref="StoreUnavailableException"/>.
/// Quirks of stores that are not AWS end here: what comes back means the same on all of them.
/// </summary>
public interface IObjectStore
{
    /// <summary>Puts a small object, in place of what is there.</summary>
    Task PutAsync(string key, ReadOnlyMemory<byte> content, ObjectHeaders headers, CancellationToken cancellationToken);

    /// <summary>Starts a multipart upload.</summary>
    /// <param name="key">The object's key.</param>
    /// <param name="headers">What the object is stored with.</param>
    /// <param name="checksum">What every part is to be held against, where the store knows how to.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<StartedMultipart> CreateMultipartUploadAsync(string key, ObjectHeaders headers, PartChecksum checksum, CancellationToken cancellationToken);

    /// <summary>All parts of a multipart upload, to the last page, by number.</summary>
    /// <returns>The parts, or null where the store does not know the upload.</returns>
    Task<ImmutableArray<UploadedPart>?> ListPartsAsync(string key, string uploadId, CancellationToken cancellationToken);

    /// <summary>Puts parts together.</summary>
    /// <param name="key">The object's key.</param>
    /// <param name="uploadId">The upload.</param>
    /// <param name="parts">In ascending order, with the store's own ETags and checksums.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<Completion> CompleteMultipartUploadAsync(string key, string uploadId, ImmutableArray<UploadedPart> parts, CancellationToken cancellationToken);

    /// <summary>Gives a multipart upload up. One that is not there counts as given up.</summary>
    Task AbortMultipartUploadAsync(string key, string uploadId, CancellationToken cancellationToken);

    /// <summary>What the bucket has under a key, or null.</summary>
    Task<StoredObject?> HeadAsync(string key, CancellationToken cancellationToken);

    /// <summary>Copies an object within the bucket, exactly as it was found: never what was put in its place since.</summary>
    /// <param name="source">The object's key.</param>
    /// <param name="found">The object as it was found, by <see cref="HeadAsync"/>.</param>
    /// <param name="target">The copy's key.</param>
    /// <param name="headers">What the copy is stored with; null for what the object is stored with.</param>
    /// <param name="onlyIfAbsent">
    /// Leaves alone what is under <paramref name="target"/> already; on a store that knows no such condition, what comes there during the copy is
    /// replaced. A call with it can be repeated even when the object was deleted after the copy.
    /// </param>
    /// <param name="cancellationToken">Gives up; what was copied so far is taken back.</param>
    Task<CopyOutcome> CopyAsync(
        string source, StoredObject found, string target, ObjectHeaders? headers, bool onlyIfAbsent, CancellationToken cancellationToken);

    /// <summary>Deletes an object, in a versioned bucket by a marker that hides it. One that is not there counts as deleted.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);

    /// <summary>Deletes an object for good. One that is not there counts as deleted.</summary>
    /// <param name="key">The object's key.</param>
    /// <param name="versionId">The one version to delete, as nothing else frees its storage; null where the bucket has no versions.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task DeleteAsync(string key, string? versionId, CancellationToken cancellationToken);

    /// <summary>Objects in the bucket under a prefix, to the last page. What comes or goes meanwhile may or may not be among them.</summary>
    IAsyncEnumerable<ListedObject> ListObjectsAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Multipart uploads in the bucket under a prefix, to the last page.</summary>
    IAsyncEnumerable<PendingUpload> ListMultipartUploadsAsync(string prefix, CancellationToken cancellationToken);
}

/// <summary>What an object is stored with.</summary>
/// <param name="ContentType">Media type.</param>
/// <param name="Metadata">User metadata: names without <c>x-amz-meta-</c>, values in ASCII, 2 KB in all.</param>
public sealed record ObjectHeaders(string ContentType, ImmutableDictionary<string, string> Metadata);

/// <summary>A multipart upload that was begun.</summary>
/// <param name="UploadId">Its upload id.</param>
/// <param name="Checksum">What the store has agreed to hold its parts against.</param>
public sealed record StartedMultipart(string UploadId, PartChecksum Checksum);

/// <summary>An object in the bucket.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">With its quotes.</param>
/// <param name="VersionId">In a versioned bucket, else null.</param>
/// <param name="ContentType">As stored.</param>
/// <param name="LastModified">When it was stored.</param>
[GenerateSerializer, Immutable, Alias("media.stored-object")]
public sealed record StoredObject(long Size, string ETag, string? VersionId, string? ContentType, DateTimeOffset LastModified);

/// <summary>An object as a listing of the bucket has it.</summary>
/// <param name="Key">The object's key.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">With its quotes.</param>
/// <param name="LastModified">When it was stored.</param>
public sealed record ListedObject(string Key, long Size, string ETag, DateTimeOffset LastModified);

/// <summary>A multipart upload that is not completed.</summary>
/// <param name="Key">The object's key.</param>
/// <param name="UploadId">The upload.</param>
/// <param name="Initiated">When it was started.</param>
public sealed record PendingUpload(string Key, string UploadId, DateTimeOffset Initiated);

/// <summary>How completing went.</summary>
public enum Completion
{
    /// <summary>The object is in the bucket, now or since an earlier try.</summary>
    Completed,

    /// <summary>The store turned a part down: it was replaced or removed since it was listed.</summary>
    PartsRejected,

    /// <summary>The store knows neither the upload nor an object under its key.</summary>
    Gone,
}
