using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Media.DevStorage.Tests.Support;

/// <summary>A server of its own for a test class, on a free port, with a data folder that goes with it.</summary>
public sealed class StorageServer : IAsyncLifetime
{
    public const string AccessKey = "test-key";
    public const string Secret = "test-secret-0123456789";
    public const string OtherKey = "other-key";
    public const string OtherSecret = "other-secret-0123456789";

    private readonly List<AmazonS3Client> _clients = [];

    public StorageServer()
    {
        Options = new DevStorageOptions { Data = Path.Combine(Directory.CreateTempSubdirectory("devstorage-").FullName, "data"), Fsync = false };
        Options.Keys.Add(new DevStorageKey { Id = AccessKey, Secret = Secret });
        Options.Keys.Add(new DevStorageKey { Id = OtherKey, Secret = OtherSecret });
    }

    public DevStorageOptions Options { get; }

    public DevStorageServer Server { get; private set; } = null!;

    public AmazonS3Client S3 { get; private set; } = null!;

    public RawClient Raw { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await DevStorageServer.StartAsync(Options);
        S3 = Client(AccessKey, Secret);
        Raw = new RawClient(Server.Endpoint, AccessKey, Secret);
    }

    /// <summary>A server with options of its own, for one test.</summary>
    public static async Task<StorageServer> StartAsync(Action<DevStorageOptions>? configure = null)
    {
        var server = new StorageServer();
        configure?.Invoke(server.Options);
        await server.InitializeAsync();
        return server;
    }

    public AmazonS3Client Client(string key, string secret, bool checksumsByDefault = false)
    {
        var client = new AmazonS3Client(new BasicAWSCredentials(key, secret), new AmazonS3Config
        {
            ServiceURL = Server.Endpoint.ToString(),
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
            MaxErrorRetry = 0,
            RequestChecksumCalculation = checksumsByDefault ? RequestChecksumCalculation.WHEN_SUPPORTED : RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = checksumsByDefault ? ResponseChecksumValidation.WHEN_SUPPORTED : ResponseChecksumValidation.WHEN_REQUIRED,
        });
        _clients.Add(client);
        return client;
    }

    /// <summary>A bucket that no other test knows.</summary>
    public async Task<string> NewBucketAsync()
    {
        var name = "b" + Guid.NewGuid().ToString("n")[..20];
        await S3.PutBucketAsync(name);
        return name;
    }

    public Task<PutObjectResponse> PutAsync(string bucket, string key, byte[] body) =>
        S3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = key, InputStream = new MemoryStream(body) });

    public async Task<byte[]> GetAsync(string bucket, string key, Action<GetObjectRequest>? configure = null)
    {
        var request = new GetObjectRequest { BucketName = bucket, Key = key };
        configure?.Invoke(request);
        using var response = await S3.GetObjectAsync(request);
        using var body = new MemoryStream();
        await response.ResponseStream.CopyToAsync(body);
        return body.ToArray();
    }

    public async Task<string> BeginAsync(string bucket, string key) =>
        (await S3.InitiateMultipartUploadAsync(bucket, key)).UploadId;

    public async Task<PartETag> PartAsync(string bucket, string key, string uploadId, int number, byte[] body)
    {
        var part = await S3.UploadPartAsync(new UploadPartRequest
        {
            BucketName = bucket, Key = key, UploadId = uploadId, PartNumber = number, InputStream = new MemoryStream(body),
        });
        return new PartETag(number, part.ETag);
    }

    public Task<CompleteMultipartUploadResponse> CompleteAsync(string bucket, string key, string uploadId, params PartETag[] parts) =>
        S3.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest
        {
            BucketName = bucket, Key = key, UploadId = uploadId, PartETags = [.. parts],
        });

    public static async Task<AmazonS3Exception> RefusedAsync(Func<Task> action, string code, HttpStatusCode status)
    {
        var e = await Assert.ThrowsAnyAsync<AmazonS3Exception>(action);
        Assert.Equal((code, status), (e.ErrorCode, e.StatusCode));
        return e;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            client.Dispose();
        Raw.Dispose();
        await Server.DisposeAsync();
        Directory.Delete(Path.GetDirectoryName(Options.Data)!, recursive: true);
    }
}

/// <summary>Waits for a condition, with a deadline.</summary>
internal static class Eventually
{
    public static async Task<T> Async<T>(Func<Task<T?>> probe, string what, int seconds = 60) where T : class
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            if (await probe() is { } found)
                return found;
            try
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail("never saw: " + what);
            }
        }
    }

    public static Task TrueAsync(Func<Task<bool>> probe, string what, int seconds = 60) =>
        Async(async () => await probe() ? "yes" : null, what, seconds);
}

/// <summary>The system's clock, moved.</summary>
internal sealed class ShiftedTime(TimeSpan shift) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => TimeProvider.System.GetUtcNow() + shift;
}
