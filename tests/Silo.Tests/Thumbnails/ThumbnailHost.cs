using System.Collections.Concurrent;
using System.Security.Cryptography;
using Media.Grains.Contents;
using Media.Silo.Hosting;
using Media.Silo.Postgres;
using Media.Silo.Tests.Postgres;
using Media.Silo.Thumbnails;
using Media.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Media.Silo.Tests.Thumbnails;

/// <summary>A process that makes thumbnails, on a real database and a real store; without a silo.</summary>
internal sealed class ThumbnailHost : IAsyncDisposable
{
    private readonly StorageFixture _storage;
    private readonly TemporaryFolder _temporary = new();
    private readonly IHost _host;

    private ThumbnailHost(PostgresFixture postgres, StorageFixture storage, (string Name, string Value)[] settings)
    {
        _storage = storage;
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var values = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Media:Postgres:ConnectionString"] = postgres.ConnectionString,
            // A busy machine is not a database that is away.
            ["Media:Postgres:CommandTimeout"] = "00:00:30",
            ["Media:Postgres:ConnectTimeout"] = "00:00:20",
            ["Media:S3:Endpoint"] = storage.Endpoint.ToString(),
            ["Media:S3:ForcePathStyle"] = "true",
            ["Media:S3:AccessKey"] = storage.AccessKey,
            ["Media:S3:SecretKey"] = storage.SecretKey,
            ["Media:S3:Bucket"] = storage.Bucket,
            ["Media:Jobs:FirstPause"] = "00:00:00.2",
            ["Media:Thumbnails:TemporaryFolder"] = _temporary.FullName,
        };
        foreach (var (name, value) in settings) values[name] = value;
        builder.Configuration.AddInMemoryCollection(values);
        builder.Logging.ClearProviders().AddProvider(Log);
        builder.AddMediaPostgres();
        builder.AddMediaS3();
        builder.AddThumbnails();
        builder.AddJobs();
        _host = builder.Build();
    }

    public RecordedLog Log { get; } = new();

    public PostgresDatabase Database => _host.Services.GetRequiredService<PostgresDatabase>();

    public PostgresCatalog Catalog => _host.Services.GetRequiredService<PostgresCatalog>();

    /// <summary>Folders of files that thumbnails are being made of.</summary>
    public IEnumerable<string> WorkFolders => Directory.EnumerateDirectories(_temporary.FullName).SelectMany(Directory.EnumerateDirectories);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<ThumbnailHost> StartAsync(PostgresFixture postgres, StorageFixture storage, params (string Name, string Value)[] settings)
    {
        var host = new ThumbnailHost(postgres, storage, settings);
        await host._host.StartAsync(Token);
        return host;
    }

    public Task StopAsync() => _host.StopAsync(Token);

    /// <summary>Puts a content into the bucket and the catalog, with its files; and plans thumbnails of it.</summary>
    /// <returns>Its piece hash.</returns>
    public async Task<string> AddAsync(byte[] bytes, string type, params string[] files)
    {
        var pieceHash = await AddContentAsync(bytes, type, files);
        await PutObjectAsync(pieceHash, bytes);
        await PlanAsync(pieceHash);
        return pieceHash;
    }

    /// <summary>Puts a content into the catalog alone.</summary>
    public async Task<string> AddContentAsync(byte[] bytes, string type, params string[] files)
    {
        var pieceHash = NewHash(bytes);
        var key = ContentKeys.Of(pieceHash);
        await Database.ExecuteAsync($"""
            insert into contents (piece_hash, tip_hash, size, state, key, content_type, files, unreferenced_at)
            values ('{pieceHash}', 'tip', {bytes.Length}, 'Stored', '{key}', '{type}', {files.Length}, {(files.Length == 0 ? "now()" : "null")})
            """);
        foreach (var id in files)
        {
            await Database.ExecuteAsync($"""
                insert into files (id, user_name, name, original_name, content_type, size, tip_hash, piece_hash, key, duplicate, created_at, stored_at)
                values ('{id}', 'ann', '{id}.jpg', '{id}.jpg', '{type}', {bytes.Length}, 'tip', '{pieceHash}', '{key}', false, now(), now())
                """);
        }

        return pieceHash;
    }

    public async Task PutObjectAsync(string pieceHash, byte[] bytes)
    {
        using var body = new MemoryStream(bytes);
        await _storage.Client.PutObjectAsync(new() { BucketName = _storage.Bucket, Key = ContentKeys.Of(pieceHash), InputStream = body, UseChunkEncoding = false }, Token);
    }

    public Task PlanAsync(string pieceHash) =>
        Database.ExecuteAsync($"with added as (insert into jobs (kind, key) values ('make-thumbnails', '{pieceHash}') returning 1) select pg_notify('media_jobs', '') from added");

    /// <summary>Waits until no job is left for a content.</summary>
    public Task DoneAsync(string pieceHash) =>
        Eventually.TrueAsync(async () => await Database.QueryAsync<long>($"select count(*) from jobs where key = '{pieceHash}'") == 0, TimeSpan.FromSeconds(60), Token);

    /// <summary>Reason and detail of the failure that is recorded, or "none".</summary>
    public Task<string> FailureAsync(string pieceHash) =>
        Database.QueryAsync<string>($"select coalesce((select reason || ': ' || detail from thumbnail_failures where piece_hash = '{pieceHash}'), 'none')");

    /// <summary>Widths that are recorded, with commas.</summary>
    public Task<string> WidthsAsync(string pieceHash) =>
        Database.QueryAsync<string>($"select coalesce(string_agg(width::text, ',' order by width), '') from thumbnails where piece_hash = '{pieceHash}'");

    /// <summary>The bytes under a key, or null.</summary>
    public async Task<byte[]?> ReadAsync(string key)
    {
        try
        {
            using var answer = await _storage.Client.GetObjectAsync(_storage.Bucket, key, Token);
            using var bytes = new MemoryStream();
            await answer.ResponseStream.CopyToAsync(bytes, Token);
            return bytes.ToArray();
        }
        catch (Amazon.S3.AmazonS3Exception failure) when (failure.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    public Task<HealthReport> CheckHealthAsync() =>
        _host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Tags.Contains(MediaSiloHosting.ReadyTag), Token);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
        _temporary.Dispose();
    }

    /// <summary>A name for bytes that is another one for each test.</summary>
    public static string NewHash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData([.. bytes, .. Guid.NewGuid().ToByteArray()]));
}

/// <summary>What was logged.</summary>
internal sealed class RecordedLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => this;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{logLevel}: {formatter(state, exception)}");

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Dispose()
    {
    }
}
