using Media.AppHost;
using Media.AppHost.Processes;
using Media.Tests.Support;

namespace Media.Bench.Servers;

/// <summary>The API with its silo, as a process of its own.</summary>
internal sealed class ApiProcess : IAsyncDisposable
{
    private const string ApiKey = "bench-key";
    private readonly ChildProcess _process;

    private ApiProcess(ChildProcess process, Uri address)
    {
        _process = process;
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
        Client.DefaultRequestHeaders.Authorization = new("Bearer", ApiKey);
    }

    public HttpClient Client { get; }

    public int ProcessId => _process.Id;

    /// <param name="connectionString">The database.</param>
    /// <param name="store">The S3.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="more">Settings on top of, or in place of, the usual ones.</param>
    public static async Task<ApiProcess> StartAsync(
        string connectionString, Uri store, string bucket, CancellationToken cancellationToken, params (string Key, string? Value)[] more)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_URLS"] = address.ToString(),
            ["Logging__LogLevel__Default"] = "Warning",
            ["Media__Postgres__ConnectionString"] = connectionString,
            ["Media__S3__Endpoint"] = store.ToString().TrimEnd('/'),
            ["Media__S3__Bucket"] = bucket,
            ["Media__S3__AccessKey"] = TestStorage.AccessKey,
            ["Media__S3__SecretKey"] = TestStorage.SecretKey,
            ["Media__S3__ForcePathStyle"] = "true",
            ["Media__Silo__OnlyProcess"] = "true",
            ["Media__Accounts__0__User"] = "bench",
            ["Media__Accounts__0__ApiKey"] = ApiKey,
            ["Media__Accounts__0__Limits__MaxFiles"] = "1000000",
        };
        foreach (var (key, value) in more) environment[key] = value;
        var options = ChildProcessOptions.Dotnet("api", Rooms.Output("src/Api", "Media.Api")) with { Environment = environment };
        var api = new ApiProcess(await ChildProcess.StartAsync(options, cancellationToken), address);
        try
        {
            await Eventually.TrueAsync(() => api.IsReadyAsync(cancellationToken), TimeSpan.FromSeconds(60), cancellationToken);
            return api;
        }
        catch
        {
            await api.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends it in order, so that its database connections are closed.</summary>
    public Task StopAsync() => _process.StopAsync(TimeSpan.FromSeconds(30));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _process.DisposeAsync();
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        if (_process.HasExited)
            throw new InvalidOperationException($"The API ended:{Environment.NewLine}{string.Join(Environment.NewLine, _process.Lines)}");
        using var answer = await Client.GetAsync(new Uri("/health/ready", UriKind.Relative), cancellationToken);
        return answer.IsSuccessStatusCode;
    }
}
