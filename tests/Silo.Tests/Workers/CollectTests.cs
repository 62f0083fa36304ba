using Amazon.S3;
using Amazon.S3.Model;
using Media.Grains.Contents;
using Media.Grains.Files;
using Media.Silo.Postgres;
using Media.Silo.Tests.Catalog;
using Media.Silo.Tests.Postgres;
using Media.Silo.Tests.S3;
using Media.Tests.Support;
using Microsoft.Extensions.Hosting;

namespace Media.Silo.Tests.Workers;

/// <summary>Contents that nothing refers to go, in the whole silo on a real database and a real store.</summary>
[Trait("Category", "S3")]
public sealed class CollectTests(StorageFixture storage) : IAsyncLifetime, IClassFixture<StorageFixture>
{
    // A database for each test, as what is due in one is the whole silo's business.
    private readonly PostgresFixture _postgres = new();
    private PostgresDatabase _database = null!;
    private PostgresCatalog _catalog = null!;
    private string _bucket = "";
    private RealStore _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _postgres.InitializeAsync();
        _database = await Database.OpenMigratedAsync(_postgres.ConnectionString);
        _catalog = new PostgresCatalog(_database);
        _bucket = await storage.CreateBucketAsync(Token);
        _store = new RealStore(storage, _bucket);
    }

    public async ValueTask DisposeAsync()
    {
        _store.Dispose();
        await _database.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    [Fact]
    public async Task LastFileRemoved_GraceOver_ContentAndThumbnailsGoAndNothingElse()
    {
        var (content, first) = await StoreAsync();
        var (_, second) = await _catalog.StoreAsync(content, "bob");
        var (kept, _) = await StoreAsync();
        using var host = await StartAsync("00:00:00");

        await RemoveAsync(first);
        await RemoveAsync(second);

        await Eventually.TrueAsync(async () => await _catalog.FindContentAsync(content.PieceHash, Token) is null);
        Assert.Equal(KeysOf(kept), await KeysAsync());
        Assert.NotNull(await _catalog.FindContentAsync(kept.PieceHash, Token));
        await Eventually.TrueAsync(async () => await _database.QueryAsync<long>("select count(*) from jobs where kind = 'collect-content'") == 0);
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Collect_GraceNotOver_WaitsForIt()
    {
        var (content, file) = await StoreAsync();
        await RemoveAsync(file);
        using var host = await StartAsync("02:00:00");

        await Eventually.TrueAsync(async () => await _database.QueryAsync<bool>("select due_at > now() + interval '1 hour' and lease is null and attempts = 0 from jobs where kind = 'collect-content'"));

        Assert.Equal(KeysOf(content), await KeysAsync());
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Collect_DiedAfterTheObjectWent_ComesToItsEnd()
    {
        var (content, file) = await StoreAsync();
        await RemoveAsync(file);
        Assert.NotNull((await _catalog.BeginDeletionAsync(content.PieceHash, TimeSpan.Zero, Token)).Content);
        await _store.Store.DeleteAsync(ContentKeys.Of(content.PieceHash), Token);
        using var host = await StartAsync("1.00:00:00");

        await Eventually.TrueAsync(async () => await _catalog.FindContentAsync(content.PieceHash, Token) is null);

        Assert.Empty(await KeysAsync());
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task EmptyFileRemoved_ItsObjectGoes()
    {
        var (gone, kept) = (Samples.EmptyFile(), Samples.EmptyFile());
        foreach (var file in new[] { gone, kept }) await _catalog.AddFileAsync(file, 0, await _store.PutAsync(file.Key, []), Token);
        // A job that there is no reason for does no harm.
        await _database.ExecuteAsync($"insert into jobs (kind, key) values ('collect-content', '{kept.Key}')");
        using var host = await StartAsync("1.00:00:00");

        await _catalog.RemoveFileAsync(gone.Id, gone.User, TimeProvider.System.GetUtcNow(), Samples.Day, Token);

        await Eventually.TrueAsync(async () => await _database.QueryAsync<long>("select count(*) from jobs where kind = 'collect-content'") == 0);
        Assert.Equal([kept.Key], await KeysAsync());
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Sweep_UnreferencedWithoutAJob_AreCollected()
    {
        var (orphan, file) = await StoreAsync();
        await RemoveAsync(file);
        var dead = Samples.Content();
        await _catalog.BeginPromotionAsync(dead, Token);
        await _store.PutAsync(ContentKeys.Of(dead.PieceHash), [1]);
        var live = Samples.Content();
        await _database.ExecuteAsync("delete from jobs; update contents set unreferenced_at = now() - interval '3 days'");
        await _catalog.BeginPromotionAsync(live, Token);
        using var host = await StartAsync("00:00:00");

        await Eventually.TrueAsync(async () => await _catalog.FindContentAsync(orphan.PieceHash, Token) is null && await _catalog.FindContentAsync(dead.PieceHash, Token) is null);

        Assert.Empty(await KeysAsync());
        Assert.NotNull(await _catalog.FindContentAsync(live.PieceHash, Token));
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Collect_VersionedBucket_LeavesNoVersionBehind()
    {
        var versioning = new S3BucketVersioningConfig { Status = VersionStatus.Enabled };
        await storage.Client.PutBucketVersioningAsync(new PutBucketVersioningRequest { BucketName = _bucket, VersioningConfig = versioning }, Token);
        var (content, file) = await StoreAsync();
        // As a store does that knows no conditions, when two promote at once.
        await _store.PutAsync(ContentKeys.Of(content.PieceHash), [2]);
        using var host = await StartAsync("00:00:00");

        await RemoveAsync(file);

        await Eventually.TrueAsync(async () => await _catalog.FindContentAsync(content.PieceHash, Token) is null);
        Assert.True((await storage.Client.ListVersionsAsync(_bucket, Token)).Versions is null or []);
        await host.StopAsync(Token);
    }

    private static string[] KeysOf(NewContent content) =>
        [ContentKeys.Of(content.PieceHash), ContentKeys.Thumbnail(content.PieceHash, 128), ContentKeys.Thumbnail(content.PieceHash, 512)];

    private async Task<(NewContent Content, CatalogFile File)> StoreAsync()
    {
        var stored = await _catalog.StoreAsync(Samples.Content(detectedType: null));
        foreach (var key in KeysOf(stored.Content)) await _store.PutAsync(key, [1]);
        return stored;
    }

    private Task<CatalogFile?> RemoveAsync(CatalogFile file) => _catalog.RemoveFileAsync(file.File.Id, file.File.User, TimeProvider.System.GetUtcNow(), TimeSpan.Zero, Token);

    private async Task<string[]> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var stored in _store.Store.ListObjectsAsync("", Token)) keys.Add(stored.Key);
        return [.. keys.Order(StringComparer.Ordinal)];
    }

    private Task<IHost> StartAsync(string grace) =>
        SiloHost.StartAsync(_postgres, storage, ("Media:S3:Bucket", _bucket), ("Media:Content:DeletionGrace", grace), ("Media:Jobs:PollInterval", "00:00:00.2"));
}
