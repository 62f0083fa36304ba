using Media.Tests.Support;
using Npgsql;

namespace Media.EndToEnd.Tests.Support;

/// <summary>A database, a bucket with a proxy before it, and the API processes on them.</summary>
internal sealed class World : IAsyncDisposable
{
    private readonly List<ApiProcess> apis = [];
    private readonly string connectionString;
    private readonly StorageFixture storage;
    private readonly string bucket;

    private World(string connectionString, StorageFixture storage, string bucket, StoreProxy proxy)
    {
        this.connectionString = connectionString;
        this.storage = storage;
        this.bucket = bucket;
        Proxy = proxy;
        Database = NpgsqlDataSource.Create(connectionString);
    }

    public StoreProxy Proxy { get; }

    public NpgsqlDataSource Database { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<World> CreateAsync(StorageFixture storage) =>
        new(await PostgresFixture.CreateDatabaseAsync(Token), storage, await storage.CreateBucketAsync(Token), await StoreProxy.StartAsync(storage.Endpoint, Token));

    /// <summary>Starts an API. The verifications of those before it, which were killed if they had any, are due at once.</summary>
    public async Task<ApiProcess> StartAsync(params (string Key, string? Value)[] settings)
    {
        if (apis.Count > 0)
        {
            // Their leases are long enough for a busy machine, and not waited for.
            await using var lapse = Database.CreateCommand("update jobs set due_at = now() where kind = 'verify-upload' and lease is not null");
            await lapse.ExecuteNonQueryAsync(Token);
        }

        var api = await ApiProcess.StartAsync(
            connectionString,
            Proxy.Endpoint,
            bucket,
            Token,
            [
                ("Media__S3__AccessKey", storage.AccessKey),
                ("Media__S3__SecretKey", storage.SecretKey),
                ("Media__S3__Region", storage.Region),
                ("Media__Jobs__LeaseDuration", "00:01:00"),
                ("Media__Jobs__PollInterval", "00:00:00.2"),
                ("Media__Jobs__FirstPause", "00:00:00.1"),
                ("Media__Jobs__LongestPause", "00:00:01"),
                .. settings,
            ]);
        apis.Add(api);
        return api;
    }

    /// <summary>All keys in the bucket.</summary>
    public async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        var request = new Amazon.S3.Model.ListObjectsV2Request { BucketName = bucket };
        do
        {
            var page = await storage.Client.ListObjectsV2Async(request, Token);
            keys.AddRange((page.S3Objects ?? []).Select(item => item.Key));
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (request.ContinuationToken is { Length: > 0 });
        return keys;
    }

    /// <summary>Keys of multipart uploads that are not completed.</summary>
    public async Task<IEnumerable<string>> PendingKeysAsync() =>
        ((await storage.Client.ListMultipartUploadsAsync(bucket, Token)).MultipartUploads ?? []).Select(upload => upload.Key);

    /// <summary>The SHA-256 of an object.</summary>
    public Task<string> HashObjectAsync(string key) => TestFile.HashObjectAsync(storage.Client, bucket, key, Token);

    /// <summary>Replaces an object behind everybody's back.</summary>
    public async Task PutAsync(string key, byte[] bytes)
    {
        using var content = new MemoryStream(bytes);
        await storage.Client.PutObjectAsync(new Amazon.S3.Model.PutObjectRequest { BucketName = bucket, Key = key, InputStream = content }, Token);
    }

    /// <summary>One value of the database.</summary>
    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Token))!;
    }

    /// <summary>Types of the events of an upload, in the order in which they are told.</summary>
    public Task<string[]> EventsAsync(string tag) =>
        QueryAsync<string[]>($"select coalesce(array_agg(type order by id), '{{}}') from outbox where subject = '{tag}'");

    /// <summary>
    /// Keeps everybody else from writing to a table until it is disposed of. Who waits for it then was killed meanwhile: what it asked for is not done.
    /// </summary>
    public async Task<IAsyncDisposable> HoldAsync(string table)
    {
        var connection = await Database.OpenConnectionAsync(Token);
        await using var command = new NpgsqlCommand($"begin; lock table {table} in exclusive mode", connection);
        await command.ExecuteNonQueryAsync(Token);
        return new Hold(this, connection, table);
    }

    /// <summary>Waits until somebody waits to write to a table that is held.</summary>
    public Task UntilBlockedAsync(string table) => Eventually.TrueAsync(
        async () => await QueryAsync<long>($"select count(*) from pg_locks where relation = '{table}'::regclass and not granted") > 0, TimeSpan.FromSeconds(60), Token);

    public async ValueTask DisposeAsync()
    {
        foreach (var api in apis)
            await api.DisposeAsync();
        await Proxy.DisposeAsync();
        await Database.DisposeAsync();
    }

    private sealed class Hold(World world, NpgsqlConnection connection, string table) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await world.QueryAsync<long>($"select count(pg_terminate_backend(pid)) from pg_locks where relation = '{table}'::regclass and not granted");
            await using var command = new NpgsqlCommand("rollback", connection);
            await command.ExecuteNonQueryAsync(Token);
            await connection.DisposeAsync();
        }
    }
}
