using System.Globalization;
using Amazon.S3;
using Xunit;

namespace Media.Tests.Support;

/// <summary>
/// An S3 and an empty bucket in it for a test class (<c>IClassFixture&lt;StorageFixture&gt;</c>). The S3 is a DevStorage that
/// the whole test process shares and that dies with it, or the one that <c>MEDIA_TEST_S3_ENDPOINT</c>, <c>MEDIA_TEST_S3_KEY</c>
/// and <c>MEDIA_TEST_S3_SECRET</c> name. Tests of classes with <c>[Trait("Category", "S3")]</c> must pass on either.
/// </summary>
public sealed class StorageFixture : IAsyncLifetime
{
    private static readonly Lazy<Task<TestStorage>> Local = new(StartLocalAsync);

    private AmazonS3Client? _client;

    /// <summary>Whether the S3 is one that the environment names, and not DevStorage.</summary>
    public static bool IsExternal => ExternalEndpoint is not null;

    /// <summary>The S3's address. Buckets are in the path.</summary>
    public Uri Endpoint { get; private set; } = new("http://127.0.0.1");

    /// <summary>The access key.</summary>
    public string AccessKey { get; private set; } = TestStorage.AccessKey;

    /// <summary>The secret key.</summary>
    public string SecretKey { get; private set; } = TestStorage.SecretKey;

    /// <summary>The region that signatures name.</summary>
    public string Region => "us-east-1";

    /// <summary>The test class's own bucket.</summary>
    public string Bucket { get; private set; } = "";

    /// <summary>An SDK client for it, with checksums only where S3 requires them.</summary>
    public AmazonS3Client Client => _client ?? throw new InvalidOperationException("The fixture is not initialised.");

    private static string? ExternalEndpoint => Environment.GetEnvironmentVariable("MEDIA_TEST_S3_ENDPOINT") is { Length: > 0 } value ? value : null;

    /// <summary>Creates another empty bucket.</summary>
    /// <returns>Its name.</returns>
    public async Task<string> CreateBucketAsync(CancellationToken cancellationToken = default)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test-{Guid.NewGuid():N}");
        await Client.PutBucketAsync(name, cancellationToken);
        return name;
    }

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        if (ExternalEndpoint is { } endpoint)
        {
            Endpoint = new Uri(endpoint);
            AccessKey = Environment.GetEnvironmentVariable("MEDIA_TEST_S3_KEY") ?? "";
            SecretKey = Environment.GetEnvironmentVariable("MEDIA_TEST_S3_SECRET") ?? "";
        }
        else
        {
            Endpoint = (await Local.Value).Endpoint;
        }

        _client = TestStorage.CreateClient(Endpoint, AccessKey, SecretKey);
        Bucket = await CreateBucketAsync();
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        _client?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<TestStorage> StartLocalAsync()
    {
        var storage = await TestStorage.StartAsync();
        // Disposed here for its folder's sake: the process itself would die anyway.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => storage.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(5));
        return storage;
    }
}
