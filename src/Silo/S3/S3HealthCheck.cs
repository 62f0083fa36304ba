using Amazon.S3.Model;
using Media.Grains.Ports;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Media.Silo.S3;

/// <summary>Whether the store answers within two seconds, and has the bucket.</summary>
internal sealed class S3HealthCheck(S3Connection connection, IOptions<S3Options> options) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            var request = new HeadBucketRequest { BucketName = options.Value.Bucket };
            await S3Failures.RunAsync(client => client.HeadBucketAsync(request, limit.Token), connection.Client, limit.Token);
            return HealthCheckResult.Healthy();
        }
        catch (Exception failure) when (failure is StoreUnavailableException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "The object store does not answer, or not with the bucket.", failure);
        }
    }
}
