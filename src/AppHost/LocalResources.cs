using System.Globalization;
using Media.AppHost.Postgres;
using Media.AppHost.Processes;
using Media.AppHost.Resources;
using Media.AppHost.Storage;

namespace Media.AppHost;

/// <summary>What this copy starts: PostgreSQL, the store, its bucket and the API, less what the settings replace or leave out.</summary>
internal sealed class LocalResources
{
    private const string Database = "media";

    private readonly LocalSettings _settings;
    private readonly HostLog _log;
    private readonly HttpClient _http;
    private PostgresCluster? _cluster;

    public LocalResources(LocalSettings settings, HostLog log, HttpClient http)
    {
        _settings = settings;
        _log = log;
        _http = http;

        Resource? postgres = Wants("postgres") && settings.PostgresConnectionString is null ? Postgres() : null;
        Resource? storage = Wants("storage") && settings.ExternalS3 is null ? Storage() : null;
        Resource? bucket = Wants("bucket") && (storage ?? (object?)settings.ExternalS3) is not null ? Bucket(Present(storage)) : null;
        Resource? api = Wants("api") ? Api(Present(postgres, storage, bucket)) : null;
        All = Present(postgres, storage, bucket, api);
    }

    /// <summary>What is started, each after what it waits for.</summary>
    public IReadOnlyList<Resource> All { get; }

    /// <summary>The ports that have to be free.</summary>
    public IReadOnlyList<(int Port, string Setting, string Use)> Ports =>
    [
        .. new[]
        {
            (Name: "postgres", Port: _settings.PostgresPort, Setting: "MEDIA_PG_PORT", Use: "PostgreSQL"),
            (Name: "storage", Port: _settings.StoragePort, Setting: "MEDIA_S3_PORT", Use: "the S3 store"),
            (Name: "api", Port: _settings.Port, Setting: "MEDIA_PORT", Use: "the API and its page"),
        }.Where(entry => All.Any(resource => resource.Name == entry.Name)).Select(entry => (entry.Port, entry.Setting, entry.Use)),
        (_settings.DashboardPort, "MEDIA_DASHBOARD_PORT", "the dashboard"),
    ];

    /// <summary>The database's connection string; known when PostgreSQL is ready.</summary>
    public string? PostgresConnectionString => _settings.PostgresConnectionString ?? _cluster?.ConnectionString(Database);

    private ProcessResource Postgres() => new()
    {
        Name = "postgres",
        Endpoint = $"127.0.0.1:{_settings.PostgresPort}",
        Prepare = async cancellationToken =>
        {
            var binaries = await PostgresBinaries.LocateAsync(cancellationToken);
            var folder = await PostgresFolder.LocateAsync(_settings.DataFolder, binaries.Account, cancellationToken);
            // A new cluster has another password, and none of the uploads: no restart makes one on the quiet.
            if (_cluster is not null && !PostgresCluster.Exists(folder))
                throw new ResourceFailedException($"PostgreSQL's data is gone from {folder}. Bring it back, or stop and ./run again to begin anew.");
            await WaitForOldServerAsync(folder, cancellationToken);
            _cluster = await PostgresCluster.PrepareAsync(
                binaries, new PostgresClusterOptions { Folder = folder, Port = _settings.PostgresPort }, cancellationToken);
            return _cluster.Server;
        },
        Probe = async (_, cancellationToken) =>
        {
            await _cluster!.CreateDatabaseAsync(Database, cancellationToken);
            return null;
        },
    };

    private ProcessResource Storage() => new()
    {
        Name = "storage",
        Endpoint = _settings.S3Endpoint,
        Prepare = _ => Task.FromResult(ForDotnet(ChildProcessOptions.Dotnet(
            "storage", Rooms.Output("src/DevStorage", "Media.DevStorage"),
            "--data", Path.Combine(_settings.DataFolder, "storage"),
            "--port", _settings.StoragePort.ToString(CultureInfo.InvariantCulture),
            "--access-key", LocalSettings.StorageAccessKey, "--secret-key", LocalSettings.StorageSecretKey))),
        // An S3 answers an unsigned request too, if only to refuse it.
        Probe = async (_, cancellationToken) =>
        {
            using var answer = await _http.GetAsync(new Uri(_settings.S3Endpoint), cancellationToken);
            return (int)answer.StatusCode < 500 ? null : $"answers {(int)answer.StatusCode}";
        },
    };

    private TaskResource Bucket(IReadOnlyList<Resource> waitFor) => new()
    {
        Name = "bucket",
        Endpoint = $"{_settings.S3Endpoint}/{_settings.Bucket}",
        WaitFor = waitFor,
        Run = new BucketSetup(_settings, message => _log.Say("bucket", message)).RunAsync,
    };

    private ProcessResource Api(IReadOnlyList<Resource> waitFor) => new()
    {
        Name = "api",
        Endpoint = _settings.PageUrl,
        WaitFor = waitFor,
        Prepare = _ => Task.FromResult(ForDotnet(ChildProcessOptions.Dotnet("api", Rooms.Output("src/Api", "Media.Api"))) with { Environment = ApiEnvironment.Create(_settings, PostgresConnectionString, DeliverySecret.ReadOrMake(_settings.DataFolder)) }),
        Probe = async (_, cancellationToken) =>
        {
            using var answer = await _http.GetAsync(new Uri(_settings.PageUrl + "/health/ready"), cancellationToken);
            return answer.IsSuccessStatusCode ? null : $"/health/ready answers {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}";
        },
    };

    // The server of a host that was killed may still be going down; another copy's goes on.
    private static async Task WaitForOldServerAsync(string folder, CancellationToken cancellationToken)
    {
        const int Tries = 100;
        for (var i = 0; await PostgresCluster.FindServerAsync(folder, cancellationToken) is { } id; i++)
        {
            if (i == Tries)
                throw new ResourceFailedException($"Another PostgreSQL (process {id}) uses {folder}. Stop it, or use another data folder: MEDIA_DATA=FOLDER ./run");
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        }
    }

    private static ChildProcessOptions ForDotnet(ChildProcessOptions options) => options with { Environment = ApiEnvironment.Logging };

    private bool Wants(string name) => _settings.Resources.Contains(name, StringComparer.Ordinal);

    private static IReadOnlyList<Resource> Present(params Resource?[] resources) => [.. resources.OfType<Resource>()];
}
