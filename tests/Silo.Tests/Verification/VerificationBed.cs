using System.Collections.Immutable;
using Amazon.S3.Model;
using Media.Fuji;
using Media.Grains.Uploads;
using Media.Grains.Users;
using Media.Silo.Hosting;
using Media.Silo.Postgres;
using Media.Silo.Tests.Postgres;
using Media.Silo.Tests.S3;
using Media.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Media.Silo.Tests.Verification;

/// <summary>Whole silos on one database and one bucket, and uploads through their grains.</summary>
internal sealed class VerificationBed : IAsyncDisposable
{
    public const int MiB = 1 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly Dictionary<string, string?> _settings;
    private readonly List<IHost> _hosts = [];

    private VerificationBed(PostgresDatabase database, RealStore real, string bucket, Dictionary<string, string?> settings)
    {
        Database = database;
        Real = real;
        Bucket = bucket;
        _settings = settings;
    }

    public PostgresDatabase Database { get; }

    public RealStore Real { get; }

    public string Bucket { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A bed on an empty bucket of the usual store.</summary>
    public static async Task<VerificationBed> MakeAsync(StorageFixture storage)
    {
        var bucket = await storage.CreateBucketAsync(Token);
        return await MakeAsync(await PostgresFixture.CreateDatabaseAsync(Token), storage.Endpoint, storage.AccessKey, storage.SecretKey, bucket);
    }

    public static async Task<VerificationBed> MakeAsync(string connectionString, Uri endpoint, string accessKey, string secretKey, string bucket) => new(
        await Postgres.Database.OpenMigratedAsync(connectionString),
        new RealStore(endpoint, accessKey, secretKey, bucket),
        bucket,
        new(StringComparer.Ordinal)
        {
            ["Media:Postgres:ConnectionString"] = connectionString,
            // A busy machine is not a database that is away.
            ["Media:Postgres:CommandTimeout"] = "00:00:30",
            ["Media:Postgres:ConnectTimeout"] = "00:00:20",
            ["Media:S3:Endpoint"] = endpoint.GetLeftPart(UriPartial.Authority),
            ["Media:S3:ForcePathStyle"] = "true",
            ["Media:S3:AccessKey"] = accessKey,
            ["Media:S3:SecretKey"] = secretKey,
            ["Media:S3:Bucket"] = bucket,
            ["Media:Jobs:LeaseDuration"] = "00:00:05",
            ["Media:Jobs:PollInterval"] = "00:00:00.2",
            ["Media:Jobs:FirstPause"] = "00:00:00.05",
            ["Media:Jobs:LongestPause"] = "00:00:00.5",
        });

    /// <summary>Starts a silo. Its jobs run at once unless the settings say otherwise.</summary>
    public async Task<IHost> StartAsync(params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var values = new Dictionary<string, string?>(_settings, StringComparer.Ordinal);
        foreach (var (name, value) in settings) values[name] = value;
        builder.Configuration.AddInMemoryCollection(values);
        builder.Logging.ClearProviders();
        builder.AddMediaSilo();
        var host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync(Token);
        return host;
    }

    /// <summary>Starts a silo that leaves verification to others, so that what it completes stays as it is for the time being.</summary>
    public Task<IHost> StartWithoutJobsAsync() => StartAsync(("Media:Jobs:Concurrency", "0"));

    /// <summary>Opens an upload, puts its bytes, and completes it.</summary>
    /// <returns>The upload, completed.</returns>
    public async Task<Upload> StoreAsync(
        IHost host, byte[] bytes, string? tipHash = null, string? pieceHash = null, string user = "ann", string contentType = "application/octet-stream")
    {
        var upload = await PutAsync(host, bytes, tipHash, pieceHash, user, contentType);
        return await CompleteAsync(host, upload);
    }

    /// <summary>Opens an upload and puts its bytes.</summary>
    public async Task<Upload> PutAsync(IHost host, byte[] bytes, string? tipHash, string? pieceHash, string user, string contentType)
    {
        var permission = new Permission("p", user, ImmutableArray.Create("*/*"), long.MaxValue, null, null, DateTimeOffset.MaxValue);
        var opened = await Grains(host).GetGrain<IUserUploadsGrain>(user).OpenAsync(new NewUpload(permission, "film.bin", contentType, bytes.Length, tipHash, pieceHash), Token);
        Assert.True(opened.IsSuccess);
        var upload = opened.Value.Upload;
        if (upload.UploadId is null) await Real.PutAsync(upload.Key, bytes);
        for (var part = 1; upload.UploadId is not null && part <= upload.Plan.PartCount; part++)
        {
            var offset = (int)((part - 1) * upload.Plan.PartSize);
            using var content = new MemoryStream(bytes, offset, (int)Math.Min(upload.Plan.PartSize, bytes.Length - offset));
            var request = new UploadPartRequest { BucketName = Bucket, Key = upload.Key, UploadId = upload.UploadId, PartNumber = part, InputStream = content };
            await Real.Client.UploadPartAsync(request, Token);
        }

        return upload;
    }

    public static async Task<Upload> CompleteAsync(IHost host, Upload upload)
    {
        var completed = await Session(host, upload.Tag).CompleteAsync(new Caller(upload.User), null, null, Token);
        Assert.True(completed.IsSuccess);
        return completed.Value;
    }

    /// <summary>Waits until the upload has ended, and its job is done.</summary>
    public async Task<Upload> UntilEndedAsync(IHost host, Upload upload)
    {
        await Eventually.TrueAsync(
            async () => await Database.QueryAsync<long>($"select count(*) from jobs where kind = 'verify-upload' and key = '{upload.Tag}'") == 0, Patience, Token);
        var ended = (await Session(host, upload.Tag).GetAsync(new Caller(upload.User), Token)).Value!;
        Assert.True(UploadTransitions.IsFinal(ended.State), $"{ended.State}");
        return ended;
    }

    /// <summary>Types of the events of an upload, in the order in which they are told.</summary>
    public Task<string[]> EventsAsync(Upload upload) =>
        Database.QueryAsync<string[]>($"select coalesce(array_agg(type order by id), '{{}}') from outbox where subject = '{upload.Tag}'");

    /// <summary>All keys in the bucket.</summary>
    public async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var stored in Real.Store.ListObjectsAsync("", Token)) keys.Add(stored.Key);
        return keys;
    }

    public static IGrainFactory Grains(IHost host) => host.Services.GetRequiredService<IGrainFactory>();

    public static byte[] RandomBytes(int size)
    {
        var bytes = new byte[size];
        Random.Shared.NextBytes(bytes);
        return bytes;
    }

    public static async Task<FujiHashes> HashAsync(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        return await FujiHash.StreamAsync(stream, bytes.Length, cancellationToken: Token);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            using (host) await host.StopAsync(Token);
        }

        Real.Dispose();
        await Database.DisposeAsync();
    }

    private static IUploadSessionGrain Session(IHost host, string tag) => Grains(host).GetGrain<IUploadSessionGrain>(tag);
}
