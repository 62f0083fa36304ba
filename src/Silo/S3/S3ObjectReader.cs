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
        var response = await S3Failures.RunAsync(client => client.GetObjectAsync(request, cancellationToken), connection.Client, cancellationToken);
        if (response.ContentLength == length)
            return response.ResponseStream;
        response.Dispose();
        throw new StoreUnavailableException("The object store answered with other bytes than it was asked for.");
    }
}
