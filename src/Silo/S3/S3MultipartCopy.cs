using System.Collections.Immutable;
using Amazon.S3;
using Amazon.S3.Model;
using Media.Grains.Ports;
using Media.Grains.Uploads;

namespace Media.Silo.S3;

/// <summary>
/// A copy by parts (UploadPartCopy), for objects that are too large for one request, and on stores that do not hold to a condition on the source: nothing
/// is under the copy's key before all parts are known to be of the object found. Whatever becomes of it, no part is left behind; not those either of a
/// process that died while it made the same copy.
/// </summary>
internal sealed partial class S3MultipartCopy(S3ObjectStore store, IAmazonS3 client, S3Options options, CopyOrder order, ILogger logger) : S3Copy(store, order)
{
    // Long enough that a request's own cost does not show, short enough for any store to end one in time.
    private const long PreferredPartSize = 256L << 20;
    private const int AtOnce = 8;

    private StoredObject? _before;
    private string _uploadId = "";
    private bool _isCompleted;

    public async Task<CopyOutcome> RunAsync(CancellationToken cancellationToken)
    {
        _before = await Store.HeadAsync(Order.Target, cancellationToken);
        if (_before is not null && Order.OnlyIfAbsent) return CopyOutcome.Exists(_before);
        if ((Order.Headers ?? await ReadHeadersAsync(cancellationToken)) is not { } headers) return CopyOutcome.SourceChanged;
        _uploadId = (await Store.CreateMultipartUploadAsync(Order.Target, headers, PartChecksum.None, cancellationToken)).UploadId;
        try
        {
            await CopyPartsAsync(cancellationToken);
            var parts = await ListPartsAsync(cancellationToken);
            var outcome = await ExplainAsync(cancellationToken)
                ?? await CompleteAsync(
                    parts ?? throw new StoreUnavailableException("The object store said that it copied all parts, and has not all of them."), Order.OnlyIfAbsent, cancellationToken);
            if (outcome.Target is not null) await AbandonOthersAsync(cancellationToken);
            return outcome;
        }
        catch (StoreUnavailableException failure) when (!_isCompleted && IsExplained(failure))
        {
            if (await ExplainAsync(cancellationToken) is { } outcome) return outcome;
            throw;
        }
        finally
        {
            if (!_isCompleted) await AbandonAsync(_uploadId);
        }
    }

    /// <summary>Plans parts of one size: no more than S3 takes, and within the limit for one request where that leaves few enough.</summary>
    internal static long PlanPartSize(long size, long copyLimit)
    {
        const long grain = 1L << 20;
        var smallest = (size + PartPlanner.MaxParts - 1) / PartPlanner.MaxParts;
        return Math.Max((smallest + grain - 1) / grain * grain, Math.Min(copyLimit, PreferredPartSize));
    }

    /// <summary>What the object is stored with, as S3 does not copy it by parts; null where the object is not the one found.</summary>
    private async Task<ObjectHeaders?> ReadHeadersAsync(CancellationToken cancellationToken)
    {
        const string prefix = "x-amz-meta-";
        try
        {
            var request = new GetObjectMetadataRequest
            {
                BucketName = options.Bucket,
                Key = Order.Source,
                VersionId = Order.Found.VersionId,
                EtagToMatch = Order.Found.ETag,
            };
            var head = await S3Failures.RunAsync(client => client.GetObjectMetadataAsync(request, cancellationToken), client, cancellationToken);
            var metadata = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
            foreach (var name in head.Metadata.Keys)
                metadata[name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? name[prefix.Length..] : name] = head.Metadata[name];
            return new ObjectHeaders(head.Headers.ContentType ?? "application/octet-stream", metadata.ToImmutable());
        }
        catch (StoreUnavailableException failure) when (IsExplained(failure))
        {
            return null;
        }
    }

    private async Task CopyPartsAsync(CancellationToken cancellationToken)
    {
        var size = Order.Found.Size;
        var partSize = PlanPartSize(size, options.CopyLimit);
        var count = (int)((size + partSize - 1) / partSize);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, count, parallel, async (index, token) =>
        {
            var request = new CopyPartRequest
            {
                SourceBucket = options.Bucket,
                SourceKey = Order.Source,
                SourceVersionId = Order.Found.VersionId,
                ETagToMatch = [Order.Found.ETag],
                // S3 takes no range of an object of up to 5 MB.
                FirstByte = count == 1 ? null : index * partSize,
                LastByte = count == 1 ? null : Math.Min((index + 1) * partSize, size) - 1,
                DestinationBucket = options.Bucket,
                DestinationKey = Order.Target,
                UploadId = _uploadId,
                PartNumber = index + 1,
            };
            await S3Failures.RunAsync(client => client.CopyPartAsync(request, token), client, token);
        });
    }

    /// <summary>
    /// The parts as the store has them, with its own ETags, which not all of them give when they copy. Null where they are not all there, as after another's copy, which
    /// takes this one away.
    /// </summary>
    private async Task<ImmutableArray<UploadedPart>?> ListPartsAsync(CancellationToken cancellationToken)
    {
        var parts = await Store.ListPartsAsync(Order.Target, _uploadId, cancellationToken) ?? [];
        long size = 0;
        foreach (var part in parts) size += part.Size;
        return size == Order.Found.Size ? parts : null;
    }

    private async Task<CopyOutcome> CompleteAsync(ImmutableArray<UploadedPart> parts, bool conditional, CancellationToken cancellationToken)
    {
        var request = new CompleteMultipartUploadRequest
        {
            BucketName = options.Bucket,
            Key = Order.Target,
            UploadId = _uploadId,
            PartETags = new(parts.Length),
            IfNoneMatch = conditional ? "*" : null,
        };
        foreach (var part in parts) request.PartETags.Add(new PartETag(part.Part, part.ETag));
        StoreUnavailableException failure;
        try
        {
            var response = await S3Failures.RunAsync(client => client.CompleteMultipartUploadAsync(request, cancellationToken), client, cancellationToken);
            if (!string.IsNullOrEmpty(response.ETag))
            {
                _isCompleted = true;
                return await FindCopyAsync(response.VersionId, cancellationToken);
            }

            failure = new StoreUnavailableException("The object store answered a completion without an ETag.");
        }
        catch (StoreUnavailableException thrown)
        {
            failure = thrown;
        }

        // Whatever the answer, the object may be there: by this request, by its first try, or by another's copy.
        var there = await Store.HeadAsync(Order.Target, cancellationToken);
        if (there is not null && Order.OnlyIfAbsent
            && (S3Failures.IsConditionFailed(failure) || S3Failures.IsNotImplemented(failure) || S3Failures.IsNotFound(failure)))
            return CopyOutcome.Exists(there);
        if (conditional && S3Failures.IsNotImplemented(failure))
            return await CompleteAsync(parts, conditional: false, cancellationToken);
        var isNew = there is not null && (there.ETag != _before?.ETag || there.LastModified != _before.LastModified);
        return isNew && there!.Size == Order.Found.Size ? CopyOutcome.Copied(there) : throw failure;
    }

    /// <summary>What a process that died left of the same copy. One that still runs elsewhere finds the object there, and ends with that.</summary>
    private async Task AbandonOthersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var pending in Store.ListMultipartUploadsAsync(Order.Target, cancellationToken))
            {
                if (pending.Key == Order.Target && pending.UploadId != _uploadId) await AbandonAsync(pending.UploadId);
            }
        }
        catch (StoreUnavailableException failure)
        {
            LogAbandoned(failure, Order.Target);
        }
    }

    private async Task AbandonAsync(string uploadId)
    {
        try
        {
            await Store.AbortMultipartUploadAsync(Order.Target, uploadId, CancellationToken.None);
        }
        catch (StoreUnavailableException failure)
        {
            LogAbandoned(failure, Order.Target);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The unfinished copy to {Key} could not be aborted.")]
    private partial void LogAbandoned(Exception failure, string key);
}
