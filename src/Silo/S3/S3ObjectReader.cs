using Amazon.S3.Model;
using Media.Grains.Ports;
using Microsoft.Extensions.Options;

namespace Media.Silo.S3;

/// <summary>Reads slices of objects by ranged GETs, pinned to their ETag and version.</summary>
internal sealed class S3ObjectReader(S3Connection connection, IOptions<S3Options> options) : IObjectReader
{
    public async Task<Stream> OpenAsync(string key, StoredObject found, long offset, long length, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(found);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, found.Size - offset);
        var request = new GetObjectRequest
        {
            BucketName = options.Value.Bucket,
            Key = key,
            VersionId = found.VersionId,
            EtagToMatch = found.ETag,
            ByteRange = new ByteRange(offset, offset + length - 1),
        };
        GetObjectResponse response;
        try
        {
            response = await S3Failures.RunAsync(client => client.GetObjectAsync(request, cancellationToken), connection.Client, cancellationToken);
        }
        catch (StoreUnavailableException failure) when (
            S3Failures.IsNotFound(failure) || S3Failures.IsConditionFailed(failure) || S3Failures.IsOutOfRange(failure))
        {
            throw new ObjectChangedException("The object is gone or has changed.", failure);
        }

        // A store that does not know the condition answers from whatever is there.
        var isOther = !string.IsNullOrEmpty(response.ETag) && S3ObjectStore.Quote(response.ETag) != found.ETag;
        if (!isOther && response.ContentLength == length)
            return new ImpatientStream(response.ResponseStream, options.Value.Timeout, TimeProvider.System, cancellationToken);
        response.Dispose();
        throw isOther
            ? new ObjectChangedException()
            : new StoreUnavailableException("The object store answered with other bytes than it was asked for.");
    }
}
