using Amazon.S3;
using Amazon.S3.Model;
using Media.Grains.Ports;

namespace Media.Silo.S3;

/// <summary>A copy by one request (CopyObject), which S3 takes for objects of up to 5 GiB.</summary>
internal sealed class S3WholeCopy(S3ObjectStore store, IAmazonS3 client, S3Options options, CopyOrder order) : S3Copy(store, order)
{
    public async Task<CopyOutcome> RunAsync(CancellationToken cancellationToken) =>
        // Looked for even where the store takes conditions, as not every one that takes one holds to it.
        await ExplainAsync(cancellationToken) ?? await CopyAsync(Order.OnlyIfAbsent, cancellationToken);

    private async Task<CopyOutcome> CopyAsync(bool conditional, CancellationToken cancellationToken)
    {
        try
        {
            var request = CreateRequest(conditional);
            var response = await S3Failures.RunAsync(client => client.CopyObjectAsync(request, cancellationToken), client, cancellationToken);
            return await FindCopyAsync(response.VersionId, cancellationToken);
        }
        catch (StoreUnavailableException failure) when (conditional && S3Failures.IsNotImplemented(failure))
        {
            return await CopyAsync(conditional: false, cancellationToken);
        }
        catch (StoreUnavailableException failure) when (IsExplained(failure))
        {
            if (await ExplainAsync(cancellationToken) is { } outcome) return outcome;
            throw;
        }
    }

    private CopyObjectRequest CreateRequest(bool conditional)
    {
        var request = new CopyObjectRequest
        {
            SourceBucket = options.Bucket,
            SourceKey = Order.Source,
            SourceVersionId = Order.Found.VersionId,
            ETagToMatch = Order.Found.ETag,
            DestinationBucket = options.Bucket,
            DestinationKey = Order.Target,
            IfNoneMatch = conditional ? "*" : null,
        };
        (request.ServerSideEncryptionMethod, request.ServerSideEncryptionKeyManagementServiceKeyId) = options.Encryption;
        if (Order.Headers is not { } headers) return request;
        request.MetadataDirective = S3MetadataDirective.REPLACE;
        request.ContentType = headers.ContentType;
        foreach (var (name, value) in headers.Metadata) request.Metadata.Add(name, value);
        return request;
    }
}
