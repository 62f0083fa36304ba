using System.Net;
using System.Net.Sockets;
using System.Xml;
using Amazon.Runtime;
using Amazon.S3;
using Media.Grains.Ports;

namespace Media.Silo.S3;

/// <summary>What the store's and the SDK's failures mean.</summary>
internal static class S3Failures
{
    /// <summary>Sends a request. Whatever goes wrong comes out as one type, with the store's own words inside for those who ask.</summary>
    /// <exception cref="StoreUnavailableException">The store does not answer, or refuses.</exception>
    public static async Task<T> RunAsync<T>(Func<IAmazonS3, Task<T>> send, IAmazonS3 client, CancellationToken cancellationToken)
    {
        try
        {
            return await send(client);
        }
        catch (AmazonServiceException failure)
        {
            throw new StoreUnavailableException(
                failure.StatusCode == default ? "The object store does not answer." : $"The object store answered {(int)failure.StatusCode} {failure.ErrorCode}.", failure);
        }
        catch (Exception failure) when (failure is AmazonClientException or HttpRequestException or IOException or SocketException or TimeoutException or XmlException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new StoreUnavailableException("The object store does not answer.", failure);
        }
    }

    /// <summary>The store says that it has no such object. A 404 alone may come from something that stands before the store.</summary>
    public static bool IsNotFound(StoreUnavailableException failure) =>
        failure.InnerException is AmazonS3Exception { ErrorCode: "NoSuchKey" or "NoSuchVersion" or "NoSuchUpload" };

    /// <summary>The same, of requests whose answers have no body to say so, or of which nothing that matters hangs on it.</summary>
    public static bool IsNotFoundInBrief(StoreUnavailableException failure) =>
        IsNotFound(failure) || failure.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound, ErrorCode: not "NoSuchBucket" };

    /// <summary>The store turns the list of parts down, and would do so again.</summary>
    public static bool IsPartRejected(StoreUnavailableException failure) =>
        failure.InnerException is AmazonS3Exception { ErrorCode: "InvalidPart" or "InvalidPartOrder" or "EntityTooSmall" };

    /// <summary>A condition of the request does not hold, or another request just now decides whether it does.</summary>
    public static bool IsConditionFailed(StoreUnavailableException failure) =>
        failure.InnerException is AmazonS3Exception answer
        && (answer.StatusCode == HttpStatusCode.PreconditionFailed || answer.ErrorCode is "PreconditionFailed" or "ConditionalRequestConflict");

    /// <summary>The store does not know what is asked of it. Some say so with 400 rather than 501.</summary>
    public static bool IsNotImplemented(StoreUnavailableException failure) =>
        failure.InnerException is AmazonS3Exception answer && (answer.StatusCode == HttpStatusCode.NotImplemented || answer.ErrorCode is "NotImplemented");

    /// <summary>The store has not answered in time; whether it is still at work is not known.</summary>
    public static bool IsTimeout(StoreUnavailableException failure) => failure.InnerException is TimeoutException;

    /// <summary>The slice that is asked for is not within the object.</summary>
    public static bool IsOutOfRange(StoreUnavailableException failure) =>
        failure.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.RequestedRangeNotSatisfiable };
}
