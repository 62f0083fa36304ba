using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Media.AppHost.Processes;
using Media.Tests.Support;

namespace Media.AppHost.Tests.Host;

/// <summary>The built program, started as <c>./run</c> starts it, on ports and a data folder of its own.</summary>
internal sealed class HostUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly string _resources;
    private ChildProcess? _process;

    /// <summary>A host that starts only <paramref name="resources"/>.</summary>
    public HostUnderTest(string resources) => _resources = resources;

    public int Port { get; set; } = FreePort.Next();

    public int DashboardPort { get; set; } = FreePort.Next();

    public int StoragePort { get; set; } = FreePort.Next();

    public int PostgresPort { get; set; } = FreePort.Next();

    public string DataFolder => _folder.Path("data");

    public ChildProcess Process => _process ?? throw new InvalidOperationException("Not started.");

    /// <summary>The API's address.</summary>
    public Uri Api => new($"http://127.0.0.1:{Port}");

    /// <summary>The dashboard's address.</summary>
    public Uri Dashboard => new($"http://127.0.0.1:{DashboardPort}");

    /// <summary>Starts it and does not wait.</summary>
    public async Task<ChildProcess> LaunchAsync()
    {
        _process = await ChildProcess.StartAsync(
            ChildProcessOptions.Dotnet("host", Rooms.Output("src/AppHost", "Media.AppHost")) with
            {
                Environment = new Dictionary<string, string?>(StringComparer.Ordinal)
                {
                    ["MEDIA_PORT"] = Text(Port),
                    ["MEDIA_DASHBOARD_PORT"] = Text(DashboardPort),
                    ["MEDIA_S3_PORT"] = Text(StoragePort),
                    ["MEDIA_PG_PORT"] = Text(PostgresPort),
                    ["MEDIA_DATA"] = DataFolder,
                    ["Media__AppHost__Resources"] = _resources,
                },
            },
            CancellationToken.None);
        return _process;
    }

    /// <summary>Starts it and waits for its <c>ready</c> line.</summary>
    public async Task<ChildProcess> StartAsync(CancellationToken cancellationToken)
    {
        var process = await LaunchAsync();
        await process.WaitForLineAsync(line => line == $"ready http://127.0.0.1:{Port}", StartTime, cancellationToken);
        return process;
    }

    /// <summary>The PostgreSQL address that it printed.</summary>
    public string PostgresConnectionString
    {
        get
        {
            var url = new Uri(Process.Lines.Single(line => line.Contains("postgresql://", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1]);
            var account = url.UserInfo.Split(':');
            return $"Host={url.Host};Port={url.Port};Username={account[0]};Password={account[1]};Database={url.AbsolutePath[1..]};Pooling=false";
        }
    }

    /// <summary>What the dashboard says about a resource.</summary>
    public async Task<JsonElement> ResourceAsync(string name, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = Dashboard };
        var resources = await http.GetFromJsonAsync<JsonElement>("/api/resources", cancellationToken);
        return resources.EnumerateArray().Single(resource => resource.GetProperty("name").GetString() == name);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.StopAsync(TimeSpan.FromSeconds(30));
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
