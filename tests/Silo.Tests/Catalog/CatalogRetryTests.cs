using Media.Grains.Files;
using Media.Grains.Ports;
using Media.Silo.Postgres;
using Media.Silo.Tests.Postgres;
using Media.Tests.Support;
using Npgsql;

namespace Media.Silo.Tests.Catalog;

/// <summary>The connection breaks when a change was made and its answer is on the way.</summary>
public sealed class CatalogRetryTests(PostgresFixture postgres) : IAsyncLifetime, IClassFixture<PostgresFixture>
{
    private PostgresDatabase _direct = null!;
    private PostgresDatabase _database = null!;
    private PostgresCatalog _catalog = null!;
    private TcpProxy _proxy = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _direct = await Database.OpenMigratedAsync(postgres.ConnectionString);
        var proxied = new NpgsqlConnectionStringBuilder(postgres.ConnectionString);
        _proxy = new TcpProxy(proxied.Port);
        (proxied.Host, proxied.Port) = ("127.0.0.1", _proxy.Port);
        _database = Database.Open(proxied.ConnectionString);
        _catalog = new PostgresCatalog(_database);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _direct.DisposeAsync();
        _proxy.Dispose();
    }

    [Fact]
    public async Task AddFile_AnswerToTheCommitLost_IsFiledOnce()
    {
        var content = Samples.Content();
        var announced = await _catalog.BeginPromotionAsync(content, Token);
        var file = Samples.File(content);

        Task<CatalogFile?> Add() => _catalog.AddFileAsync(file, announced.Generation, Samples.Object(), Token);
        var added = await LoseTheAnswerAsync(Add, async () => await ExistsAsync(file.Id)) ?? await Add();

        Assert.Equal((file, false), (added!.File, added.Duplicate));
        Assert.Equal(1, (await _catalog.FindContentAsync(content.PieceHash, Token))!.Files);
        Assert.Equal(1L, await _direct.QueryAsync<long>($"select count(*) from outbox where subject = '{file.Id}'"));
        Assert.Equal(1L, await _direct.QueryAsync<long>($"select count(*) from jobs where key = '{content.PieceHash}'"));
    }

    [Fact]
    public async Task RemoveFile_AnswerToTheCommitLost_SaysThatItWasRemoved()
    {
        var (content, file) = await _catalog.StoreAsync();
        var (_, other) = await _catalog.StoreAsync(content);

        var unavailable = false;
        var removed = await LoseTheAnswerAsync(
            () => _catalog.RemoveFileAsync(file.File.Id, "ada", TimeProvider.System.GetUtcNow(), Samples.Day, Token), async () => !await ExistsAsync(file.File.Id), () => unavailable = true);

        Assert.True(unavailable || removed?.File == file.File);
        Assert.Equal(1, (await _catalog.FindContentAsync(content.PieceHash, Token))!.Files);
        Assert.Equal(1L, await _direct.QueryAsync<long>($"select count(*) from outbox where subject = '{file.File.Id}' and type = 'file.deleted'"));
        Assert.NotNull(await _catalog.FindFileAsync(other.File.Id, Token));
    }

    [Fact]
    public async Task Calls_EveryPooledConnectionDead_GoThrough()
    {
        var (content, file) = await _catalog.StoreAsync();
        Assert.NotNull(await OnDeadConnectionsAsync(() => _catalog.FindContentAsync(content.PieceHash, Token)));
        Assert.True((await OnDeadConnectionsAsync(() => _catalog.StoreAsync(content))).File.Duplicate);
        Assert.Equal(file.File, (await OnDeadConnectionsAsync(() => _catalog.RemoveFileAsync(file.File.Id, "ada", TimeProvider.System.GetUtcNow(), Samples.Day, Token)))!.File);
    }

    private async Task<T> OnDeadConnectionsAsync<T>(Func<Task<T>> call)
    {
        T answer = default!;
        await Database.InTimeAsync(async () =>
        {
            await _catalog.FindContentAsync("nothing", Token);
            _proxy.Cut();
            answer = await call();
        });
        return answer;
    }

    /// <returns>The call's result; default where the database counted as away, which it does where this took longer than a second.</returns>
    private async Task<T?> LoseTheAnswerAsync<T>(Func<Task<T>> call, Func<Task<bool>> isCommitted, Action? onUnavailable = null)
    {
        // The end of its text tells it from the isolation level that a transaction begins with.
        _proxy.LoseAnswersFrom("COMMIT\0");
        var calling = call();
        await Eventually.TrueAsync(isCommitted);
        _proxy.LosesAnswers = false;
        _proxy.Cut();
        try
        {
            return await calling;
        }
        catch (StorageUnavailableException)
        {
            onUnavailable?.Invoke();
            return default;
        }
    }

    private Task<bool> ExistsAsync(string id) => _direct.QueryAsync<bool>($"select exists (select from files where id = '{id}')");
}
