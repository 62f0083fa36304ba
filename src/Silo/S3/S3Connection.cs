using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Options;

namespace Media.Silo.S3;

/// <summary>The SDK's client as the settings say, and where the bucket is for those who are given URLs.</summary>
internal sealed class S3Connection : IDisposable
{
    private readonly S3HttpClients _http;

    public S3Connection(IOptions<S3Options> options)
    {
        var settings = options.Value;
        Credentials = CreateCredentials(settings);
        _http = new S3HttpClients(settings.ConnectTimeout, settings.Timeout);
        var config = CreateConfig(settings, settings.Endpoint);
        config.HttpClientFactory = _http;
        Client = new AmazonS3Client(Credentials, config);
        PublicBucketAddress = ResolveBucket(settings, Credentials);
    }

    public IAmazonS3 Client { get; }

    /// <summary>Those of the settings, or the SDK's default chain.</summary>
    public AWSCredentials Credentials { get; }

    /// <summary>Where the bucket's objects are for clients: scheme, host, and path without a slash at its end. The SDK's own rules decide.</summary>
    public Uri PublicBucketAddress { get; }

    public void Dispose()
    {
        Client.Dispose();
        _http.Dispose();
    }

    internal static AmazonS3Config CreateConfig(S3Options settings, Uri? endpoint)
    {
        var config = new AmazonS3Config
        {
            ForcePathStyle = settings.ForcePathStyle,
            UseAccelerateEndpoint = settings.Accelerate,
            Timeout = settings.Timeout,
            ConnectTimeout = settings.ConnectTimeout,
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = settings.MaxRetries,
            ThrottleRetries = true,
            // Other stores refuse the trailers that the SDK adds by default, and none needs them on these requests.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        // Setting one clears the other.
        if (endpoint is null)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(settings.Region);
        }
        else
        {
            config.ServiceURL = endpoint.GetLeftPart(UriPartial.Authority);
            config.AuthenticationRegion = settings.Region;
            config.UseHttp = endpoint.Scheme == Uri.UriSchemeHttp;
        }

        return config;
    }

    internal static AWSCredentials CreateCredentials(S3Options settings) => settings switch
    {
        { AccessKey: null or "" } => DefaultAWSCredentialsIdentityResolver.GetCredentials(),
        { SessionToken: null or "" } => new BasicAWSCredentials(settings.AccessKey, settings.SecretKey),
        _ => new SessionAWSCredentials(settings.AccessKey, settings.SecretKey, settings.SessionToken),
    };

    private static Uri ResolveBucket(S3Options settings, AWSCredentials credentials)
    {
        using var client = new AmazonS3Client(credentials, CreateConfig(settings, settings.PublicEndpoint ?? settings.Endpoint));
        return new Uri(client.DetermineServiceOperationEndpoint(new PutObjectRequest { BucketName = settings.Bucket, Key = "x" }).URL);
    }
}
