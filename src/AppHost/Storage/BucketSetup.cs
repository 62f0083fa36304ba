using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Media.AppHost.Storage;

/// <summary>
/// Makes the bucket fit for uploads from pages: it exists, its CORS rules let the page's origins in, and multipart uploads
/// that everybody forgot are aborted. In an S3 that the settings name, what somebody has set stays as it is.
/// </summary>
internal sealed class BucketSetup(LocalSettings settings, Action<string> say)
{
    private bool Owned => settings.ExternalS3 is null;

    /// <summary>Does what is missing. Repeatable.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var client = CreateClient();
        await EnsureBucketAsync(client, cancellationToken);
        await EnsureCorsAsync(client, cancellationToken);
        await EnsureLifecycleAsync(client, cancellationToken);
    }

    private async Task EnsureBucketAsync(AmazonS3Client client, CancellationToken cancellationToken)
    {
        try
        {
            await client.HeadBucketAsync(new HeadBucketRequest { BucketName = settings.Bucket }, cancellationToken);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            try
            {
                await client.PutBucketAsync(settings.Bucket, cancellationToken);
                say($"created {settings.Bucket}");
            }
            catch (AmazonS3Exception raced) when (raced.ErrorCode == "BucketAlreadyOwnedByYou")
            {
            }
        }
    }

    private async Task EnsureCorsAsync(AmazonS3Client client, CancellationToken cancellationToken)
    {
        if (!Owned && await HasCorsAsync(client, cancellationToken))
        {
            say($"left the CORS rules of {settings.Bucket} as they are; deploy/bucket-cors.json has what they need");
            return;
        }

        await client.PutCORSConfigurationAsync(
            new PutCORSConfigurationRequest { BucketName = settings.Bucket, Configuration = BucketRules.Cors(settings.Origins) }, cancellationToken);
    }

    private async Task<bool> HasCorsAsync(AmazonS3Client client, CancellationToken cancellationToken)
    {
        try
        {
            var found = await client.GetCORSConfigurationAsync(new GetCORSConfigurationRequest { BucketName = settings.Bucket }, cancellationToken);
            return found.Configuration?.Rules is { Count: > 0 };
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    private async Task EnsureLifecycleAsync(AmazonS3Client client, CancellationToken cancellationToken)
    {
        try
        {
            if (!Owned && await HasLifecycleAsync(client, cancellationToken))
            {
                say($"left the lifecycle rules of {settings.Bucket} as they are; deploy/bucket-lifecycle.json has what they need");
                return;
            }

            await client.PutLifecycleConfigurationAsync(
                new PutLifecycleConfigurationRequest { BucketName = settings.Bucket, Configuration = BucketRules.Lifecycle() }, cancellationToken);
        }
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed or HttpStatusCode.BadRequest or HttpStatusCode.NotFound)
        {
            // The rules only stand behind the sweeper and clear the quarantine: a store without lifecycle rules does the job too.
            say($"no lifecycle rule: the store answered {e.ErrorCode}");
        }
    }

    private async Task<bool> HasLifecycleAsync(AmazonS3Client client, CancellationToken cancellationToken)
    {
        try
        {
            var found = await client.GetLifecycleConfigurationAsync(new GetLifecycleConfigurationRequest { BucketName = settings.Bucket }, cancellationToken);
            return found.Configuration?.Rules is { Count: > 0 };
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    private AmazonS3Client CreateClient()
    {
        var config = new AmazonS3Config
        {
            ServiceURL = settings.S3Endpoint,
            AuthenticationRegion = settings.Region,
            ForcePathStyle = !bool.TryParse(settings.Configuration["Media:S3:ForcePathStyle"], out var pathStyle) || pathStyle,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            Timeout = TimeSpan.FromSeconds(20),
        };
        if (Owned)
            return new AmazonS3Client(new BasicAWSCredentials(LocalSettings.StorageAccessKey, LocalSettings.StorageSecretKey), config);
        return settings.Configuration["Media:S3:AccessKey"] is { Length: > 0 } key
            ? new AmazonS3Client(new BasicAWSCredentials(key, settings.Configuration["Media:S3:SecretKey"]), config)
            : new AmazonS3Client(config);
    }
}
