using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Amazon.S3;
using Amazon.S3.Model;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Microsoft.Extensions.Options;

namespace Media.Silo.S3;

/// <summary>The bucket by the AWS SDK. What stores other than AWS do differently is evened out here and in <see cref="S3Failures"/>.</summary>
internal sealed partial class S3ObjectStore(S3Connection connection, IOptions<S3Options> options, ILogger<S3ObjectStore> logger) : IObjectStore
{
    private readonly S3Options _options = options.Value;
    private readonly S3SourceCondition _sourceCondition = new(connection, options.Value.Bucket, logger);

    // Objects of so many bytes and more were too much for the store to copy by one request in time.
    private long _tooLargeAtOnce = long.MaxValue;

    public async Task PutAsync(string key, ReadOnlyMemory<byte> content, ObjectHeaders headers, CancellationToken cancellationToken)
    {
        // Over the caller's own memory where that is an array; a request that is sent again reads it again.
        using var body = MemoryMarshal.TryGetArray(content, out var array) ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false) : new MemoryStream(content.ToArray());
        var request = new PutObjectRequest
        {
            BucketName = _options.Bucket,
            Key = key,
            ContentType = headers.ContentType,
            InputStream = body,
            AutoCloseStream = false,
            // Signed as a whole: chunks with signatures of their own are what stores other than AWS stumble over.
            UseChunkEncoding = false,
        };
        foreach (var (name, value) in headers.Metadata) request.Metadata.Add(name, value);
        (request.ServerSideEncryptionMethod, request.ServerSideEncryptionKeyManagementServiceKeyId) = _options.Encryption;
        await S3Failures.RunAsync(client => client.PutObjectAsync(request, cancellationToken), connection.Client, cancellationToken);
    }

    public async Task<StartedMultipart> CreateMultipartUploadAsync(string key, ObjectHeaders headers, PartChecksum checksum, CancellationToken cancellationToken)
    {
        var request = new InitiateMultipartUploadRequest { BucketName = _options.Bucket, Key = key, ContentType = headers.ContentType };
        foreach (var (name, value) in headers.Metadata) request.Metadata.Add(name, value);
        (request.ServerSideEncryptionMethod, request.ServerSideEncryptionKeyManagementServiceKeyId) = _options.Encryption;
        if (checksum == PartChecksum.Sha256 && _options.PartChecksums) request.ChecksumAlgorithm = ChecksumAlgorithm.SHA256;
        var response = await S3Failures.RunAsync(client => client.InitiateMultipartUploadAsync(request, cancellationToken), connection.Client, cancellationToken);
        return string.IsNullOrEmpty(response.UploadId)
            ? throw new StoreUnavailableException("The object store answered a new multipart upload without its id.")
            // A store that knows no checksums passes the header over, and says nothing of it either.
            : new StartedMultipart(response.UploadId, response.ChecksumAlgorithm == ChecksumAlgorithm.SHA256 ? PartChecksum.Sha256 : PartChecksum.None);
    }

    public async Task<ImmutableArray<UploadedPart>?> ListPartsAsync(string key, string uploadId, CancellationToken cancellationToken)
    {
        var parts = ImmutableArray.CreateBuilder<UploadedPart>();
        var marker = 0;
        while (true)
        {
            var request = new ListPartsRequest { BucketName = _options.Bucket, Key = key, UploadId = uploadId, MaxParts = 1_000 };
            if (marker > 0) request.PartNumberMarker = marker.ToString(System.Globalization.CultureInfo.InvariantCulture);
            ListPartsResponse page;
            try
            {
                page = await S3Failures.RunAsync(client => client.ListPartsAsync(request, cancellationToken), connection.Client, cancellationToken);
            }
            catch (StoreUnavailableException failure) when (S3Failures.IsNotFound(failure))
            {
                return null;
            }

            // Not the marker that the page names: some stores leave it out, or repeat the last one, and would be asked for ever.
            var before = marker;
            foreach (var part in page.Parts ?? [])
            {
                if (part.PartNumber is not { } number || number <= marker) continue;
                DateTimeOffset? uploadedAt = part.LastModified is { } time ? new DateTimeOffset(time.ToUniversalTime()) : null;
                parts.Add(new UploadedPart(number, part.Size ?? 0, Quote(part.ETag), uploadedAt) { Checksum = part.ChecksumSHA256 });
                marker = number;
            }

            if (page.IsTruncated != true) return parts.ToImmutable();
            if (marker == before)
            {
                LogStuck(key, before);
                return parts.ToImmutable();
            }
        }
    }

    public async Task<Completion> CompleteMultipartUploadAsync(
        string key, string uploadId, ImmutableArray<UploadedPart> parts, CancellationToken cancellationToken)
    {
        var request = new CompleteMultipartUploadRequest { BucketName = _options.Bucket, Key = key, UploadId = uploadId, PartETags = new(parts.Length) };
        foreach (var part in parts) request.PartETags.Add(new PartETag(part.Part, part.ETag) { ChecksumSHA256 = part.Checksum });
        StoreUnavailableException failure;
        try
        {
            var response = await S3Failures.RunAsync(client => client.CompleteMultipartUploadAsync(request, cancellationToken), connection.Client, cancellationToken);
            if (!string.IsNullOrEmpty(response.ETag)) return Completion.Completed;
            // Some stores leave the ETag out; and an error in the body of a 200 reads the same.
            failure = new StoreUnavailableException("The object store answered a completion without an ETag.");
        }
        catch (StoreUnavailableException thrown)
        {
            if (S3Failures.IsPartRejected(thrown)) return Completion.PartsRejected;
            failure = thrown;
        }

        return await FindOutAsync(key, uploadId, failure, cancellationToken);
    }

    public async Task AbortMultipartUploadAsync(string key, string uploadId, CancellationToken cancellationToken)
    {
        try
        {
            await S3Failures.RunAsync(
                client => client.AbortMultipartUploadAsync(_options.Bucket, key, uploadId, cancellationToken), connection.Client, cancellationToken);
        }
        catch (StoreUnavailableException failure) when (S3Failures.IsNotFoundInBrief(failure))
        {
            // Given up already, or completed.
        }
    }

    public Task<StoredObject?> HeadAsync(string key, CancellationToken cancellationToken) => HeadAsync(key, versionId: null, cancellationToken);

    /// <summary>What the bucket has under a key, in one version or the latest, or null.</summary>
    public async Task<StoredObject?> HeadAsync(string key, string? versionId, CancellationToken cancellationToken)
    {
        try
        {
            var request = new GetObjectMetadataRequest { BucketName = _options.Bucket, Key = key, VersionId = versionId };
            var head = await S3Failures.RunAsync(client => client.GetObjectMetadataAsync(request, cancellationToken), connection.Client, cancellationToken);
            return new StoredObject(
                head.ContentLength,
                Quote(head.ETag),
                Version(head.VersionId),
                head.Headers.ContentType,
                head.LastModified is { } time ? new DateTimeOffset(time.ToUniversalTime()) : default);
        }
        catch (StoreUnavailableException failure) when (S3Failures.IsNotFoundInBrief(failure))
        {
            return null;
        }
    }

    public async Task<CopyOutcome> CopyAsync(
        string source, StoredObject found, string target, ObjectHeaders? headers, bool onlyIfAbsent, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(found);
        var order = new CopyOrder(source, found, target, headers, onlyIfAbsent);
        // A version is what it is; and an empty object has no parts.
        var isWhole = found.Size <= _options.CopyLimit
            && (found.VersionId is not null || found.Size == 0 || await _sourceCondition.IsHeldAsync(source, cancellationToken));
        var byParts = new S3MultipartCopy(this, connection.Client, _options, order, logger);
        if (!isWhole || found.Size >= Volatile.Read(ref _tooLargeAtOnce)) return await byParts.RunAsync(cancellationToken);
        try
        {
            return await new S3WholeCopy(this, connection.Client, _options, order).RunAsync(cancellationToken);
        }
        catch (StoreUnavailableException failure) when (S3Failures.IsTimeout(failure) && found.Size > S3MultipartCopy.PlanPartSize(found.Size, _options.CopyLimit))
        {
            // Sent once more it would take as long again, for ever.
            LogSlowCopy(found.Size, target);
            var outcome = await byParts.RunAsync(cancellationToken);
            Volatile.Write(ref _tooLargeAtOnce, Math.Min(found.Size, Volatile.Read(ref _tooLargeAtOnce)));
            return outcome;
        }
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => DeleteAsync(key, versionId: null, cancellationToken);

    public async Task DeleteAsync(string key, string? versionId, CancellationToken cancellationToken)
    {
        try
        {
            var request = new DeleteObjectRequest { BucketName = _options.Bucket, Key = key, VersionId = versionId };
            await S3Failures.RunAsync(client => client.DeleteObjectAsync(request, cancellationToken), connection.Client, cancellationToken);
        }
        catch (StoreUnavailableException failure) when (S3Failures.IsNotFoundInBrief(failure))
        {
            // Deleted already.
        }
    }

    public async IAsyncEnumerable<ListedObject> ListObjectsAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = _options.Bucket, Prefix = prefix, MaxKeys = 1_000 };
        string? first = null;
        while (true)
        {
            var page = await S3Failures.RunAsync(client => client.ListObjectsV2Async(request, cancellationToken), connection.Client, cancellationToken);
            var objects = page.S3Objects ?? [];
            // The same page again: a store that leaves the token out, and does not know where to start after.
            if (first is not null && objects.Count > 0 && objects[0].Key == first)
            {
                LogStuck(prefix, 0);
                yield break;
            }

            foreach (var item in objects)
            {
                var modified = item.LastModified is { } time ? new DateTimeOffset(time.ToUniversalTime()) : DateTimeOffset.MaxValue;
                if (item.Key.StartsWith(prefix, StringComparison.Ordinal)) yield return new ListedObject(item.Key, item.Size ?? 0, Quote(item.ETag), modified);
            }

            if (page.IsTruncated != true) yield break;
            var token = string.IsNullOrEmpty(page.NextContinuationToken) || page.NextContinuationToken == request.ContinuationToken ? null : page.NextContinuationToken;
            if (token is null && objects.Count == 0)
            {
                LogStuck(prefix, 0);
                yield break;
            }

            if (objects.Count > 0) first = objects[0].Key;
            request.ContinuationToken = token;
            request.StartAfter = token is null ? objects[^1].Key : null;
        }
    }

    public async IAsyncEnumerable<PendingUpload> ListMultipartUploadsAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = default((string Key, string UploadId)?);
        while (true)
        {
            var request = new ListMultipartUploadsRequest { BucketName = _options.Bucket, Prefix = prefix, MaxUploads = 1_000 };
            if (after is { } marker) (request.KeyMarker, request.UploadIdMarker) = marker;
            var page = await S3Failures.RunAsync(client => client.ListMultipartUploadsAsync(request, cancellationToken), connection.Client, cancellationToken);
            foreach (var upload in page.MultipartUploads ?? [])
            {
                var initiated = upload.Initiated is { } time ? new DateTimeOffset(time.ToUniversalTime()) : DateTimeOffset.MaxValue;
                if (upload.Key.StartsWith(prefix, StringComparison.Ordinal)) yield return new PendingUpload(upload.Key, upload.UploadId, initiated);
            }

            if (page.IsTruncated != true) yield break;
            var next = string.IsNullOrEmpty(page.NextKeyMarker)
                ? page.MultipartUploads is { Count: > 0 } uploads ? (uploads[^1].Key, uploads[^1].UploadId) : after
                : (page.NextKeyMarker, page.NextUploadIdMarker);
            if (next is null || next == after)
            {
                LogStuck(prefix, 0);
                yield break;
            }

            after = next;
        }
    }

    /// <summary>A completion did not say that it went well. Some stores say 500 for an upload that is gone, or that another request completes just now.</summary>
    private async Task<Completion> FindOutAsync(string key, string uploadId, StoreUnavailableException failure, CancellationToken cancellationToken)
    {
        if (await HeadAsync(key, cancellationToken) is not null) return Completion.Completed;
        if (!S3Failures.IsNotFound(failure))
        {
            if (await ListPartsAsync(key, uploadId, cancellationToken) is not null) throw failure;
            // Between the two questions another request may have completed it.
        }

        return await HeadAsync(key, cancellationToken) is null ? Completion.Gone : Completion.Completed;
    }

    /// <summary>A version id as it is given on: some stores call what has none <c>null</c>.</summary>
    internal static string? Version(string? versionId) => versionId is null or "" or "null" ? null : versionId;

    internal static string Quote(string? etag) => string.IsNullOrEmpty(etag) || etag[0] == '"' ? etag ?? "" : $"\"{etag}\"";

    [LoggerMessage(Level = LogLevel.Warning, Message = "The object store has not copied {Size} bytes to {Key} in time; they are copied by parts.")]
    private partial void LogSlowCopy(long size, string key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The object store says that there is more under {Key} after {Marker}, and does not give it.")]
    private partial void LogStuck(string key, int marker);
}
