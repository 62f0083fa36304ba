using System.Security.Cryptography;
using Media.AppHost;
using Media.AppHost.Processes;
using Media.Tests.Support;

namespace Media.EndToEnd.Tests.Support;

/// <summary>The API, with its silo, as a process that a test can kill and start again on the same port.</summary>
internal sealed class ApiProcess : IAsyncDisposable
{
    public const string ApiKey = "end-to-end-key";

    /// <summary>The key of another user.</summary>
    public const string OtherKey = "end-to-end-key-of-another";

    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private readonly Dictionary<string, string?> environment;
    private ChildProcess process;

    private ApiProcess(Dictionary<string, string?> environment, ChildProcess process, Uri address)
    {
        this.environment = environment;
        this.process = process;
        Address = address;
    }

    public Uri Address { get; }

    /// <summary>What it has printed.</summary>
    public IReadOnlyList<string> Lines => process.Lines;

    /// <param name="connectionString">The database.</param>
    /// <param name="store">The S3, or what stands before it.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="more">Settings on top of, or in place of, the usual ones.</param>
    public static async Task<ApiProcess> StartAsync(
        string connectionString, Uri store, string bucket, CancellationToken cancellationToken, params (string Key, string? Value)[] more)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_URLS"] = address.ToString(),
            ["Media__Postgres__ConnectionString"] = connectionString,
            // A busy machine is not a database that is away.
            ["Media__Postgres__CommandTimeout"] = "00:00:30",
            ["Media__Postgres__ConnectTimeout"] = "00:00:20",
            ["Media__S3__Endpoint"] = store.ToString().TrimEnd('/'),
            ["Media__S3__Region"] = "us-east-1",
            ["Media__S3__Bucket"] = bucket,
            ["Media__S3__AccessKey"] = TestStorage.AccessKey,
            ["Media__S3__SecretKey"] = TestStorage.SecretKey,
            ["Media__S3__ForcePathStyle"] = "true",
            ["Media__Accounts__0__User"] = "local",
            ["Media__Accounts__0__ApiKey"] = ApiKey,
            ["Media__Accounts__0__Password"] = "a password",
            ["Media__Accounts__1__User"] = "another",
            ["Media__Accounts__1__ApiKey"] = OtherKey,
            ["Media__Delivery__Secrets__0"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)),
            // Only in development is a server's own origin one that the gate allows by itself.
            ["Media__Delivery__Origins__0"] = address.GetLeftPart(UriPartial.Authority),
        };
        foreach (var (key, value) in more)
            settings[key] = value;
        return new ApiProcess(settings, await StartProcessAsync(settings, address, cancellationToken), address);
    }

    public HttpClient CreateClient(string apiKey = ApiKey)
    {
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", apiKey);
        return client;
    }

    public Task KillAsync() => process.KillAsync();

    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        await process.DisposeAsync();
        process = await StartProcessAsync(environment, Address, cancellationToken);
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();

    private static async Task<ChildProcess> StartProcessAsync(
        Dictionary<string, string?> settings, Uri address, CancellationToken cancellationToken)
    {
        var options = ChildProcessOptions.Dotnet("api", Rooms.Output("src/Api", "Media.Api")) with { Environment = settings };
        var child = await ChildProcess.StartAsync(options, cancellationToken);
        try
        {
            using var client = new HttpClient { BaseAddress = address };
            await Eventually.TrueAsync(
                async () =>
                {
                    if (child.HasExited)
                        return true;
                    try
                    {
                        using var answer = await client.GetAsync("/health/ready", cancellationToken);
                        return answer.IsSuccessStatusCode;
                    }
                    catch (HttpRequestException)
                    {
                        return false;
                    }
                },
                StartTime);
            if (child.HasExited)
                throw new InvalidOperationException($"The API ended:{Environment.NewLine}{string.Join(Environment.NewLine, child.Lines)}");
            return child;
        }
        catch
        {
            await child.DisposeAsync();
            throw;
        }
    }
}
