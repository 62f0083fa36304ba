using Amazon.Runtime;
using Amazon.S3;
using Media.AppHost;
using Media.AppHost.Processes;
using Media.Silo.S3;

namespace Media.Tests.Support;

/// <summary>
/// A DevStorage server of its own, in a temporary folder, for a test that kills it. Tests that don't, share one through
/// <see cref="StorageFixture"/>. Without fsync, yet a killed server loses nothing: that takes a power cut.
/// </summary>
public sealed class TestStorage : IAsyncDisposable
{
    /// <summary>The access key it takes.</summary>
    public const string AccessKey = "media";

    /// <summary>The secret that goes with it.</summary>
    public const string SecretKey = "media-development";

    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);

    private static readonly S3HttpClients Http = new(connectTimeout: TimeSpan.FromSeconds(60), timeout: TimeSpan.FromSeconds(100));

    private readonly TemporaryFolder _folder;
    private readonly int _port;
    private ChildProcess _server;

    private TestStorage(TemporaryFolder folder, int port, ChildProcess server)
    {
        _folder = folder;
        _port = port;
        _server = server;
    }

    /// <summary>Where it listens, the same for as long as this object lives.</summary>
    public Uri Endpoint => new($"http://127.0.0.1:{_port}");

    /// <summary>The folder it keeps its data in.</summary>
    public string DataFolder => _folder.FullName;

    /// <summary>Starts a server on a free port and waits until it is ready.</summary>
    public static async Task<TestStorage> StartAsync(CancellationToken cancellationToken = default)
    {
        var folder = new TemporaryFolder();
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var port = FreePort.Next();
                try
                {
                    return new TestStorage(folder, port, await StartServerAsync(folder, port, cancellationToken));
                }
                catch (EndOfStreamException) when (attempt < 3)
                {
                    // Somebody else took the port in between.
                }
            }
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>An SDK client for it.</summary>
    public AmazonS3Client CreateClient() => CreateClient(Endpoint, AccessKey, SecretKey);

    /// <summary><c>kill -9</c>. Its connections break; nothing listens on its port until <see cref="RestartAsync"/>.</summary>
    public Task KillAsync() => _server.KillAsync();

    /// <summary>Starts it again on the same port and the same data, and waits until it is ready.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await _server.DisposeAsync();
        _server = await StartServerAsync(_folder, _port, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    internal static AmazonS3Client CreateClient(Uri endpoint, string accessKey, string secretKey) => new(
        new BasicAWSCredentials(accessKey, secretKey),
        new AmazonS3Config
        {
            ServiceURL = endpoint.ToString(),
            AuthenticationRegion = "us-east-1",
            ForcePathStyle = true,
            HttpClientFactory = Http,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });

    private static async Task<ChildProcess> StartServerAsync(TemporaryFolder folder, int port, CancellationToken cancellationToken)
    {
        var server = await ChildProcess.StartAsync(
            ChildProcessOptions.Dotnet(
                "storage", Rooms.Output("src/DevStorage", "Media.DevStorage"),
                "--data", folder.FullName, "--port", $"{port}", "--access-key", AccessKey, "--secret-key", SecretKey, "--no-fsync"),
            cancellationToken);
        try
        {
            await server.WaitForLineAsync(line => line.StartsWith("ready http://", StringComparison.Ordinal), StartTime, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }
}
