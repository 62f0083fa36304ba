using Media.Grains.Events;
using Media.Silo.Postgres;
using Media.Silo.Tests.Postgres;
using Media.Tests.Support;
using static Media.Silo.Tests.Outbox.EventsProcess;

namespace Media.Silo.Tests.Outbox;

public sealed class DispatchTests : IAsyncLifetime
{
    private static readonly Uri Nowhere = new("http://127.0.0.1:1/");
    private PostgresDatabase _database = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await Database.OpenMigratedAsync(await PostgresFixture.CreateDatabaseAsync(Token));

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Dispatch_FiltersOfDestinations_EachGetsItsTypesOnce()
    {
        var options = To(Nowhere, Nowhere, Nowhere);
        options.Concurrency = 0;
        options.Webhooks[1].Types.Add("upload.*");
        options.Webhooks[1].Types.Add("upload.verified");
        options.Webhooks[2].Types.Add("file.deleted");
        await using var process = await StartAsync(_database, options);

        await AnnounceAsync(_database, Event("s", EventTypes.UploadCreated), Event("s", EventTypes.UploadVerified), Event("s", EventTypes.FileDeleted), Event("s", EventTypes.ThumbnailReady));

        await AllDispatchedAsync(4);
        Assert.Equal(
            "a:file.deleted a:thumbnail.ready a:upload.created a:upload.verified b:upload.created b:upload.verified c:file.deleted",
            await _database.QueryAsync<string>("select string_agg(destination || ':' || type, ' ' order by destination, type) from outbox_deliveries d join outbox o on o.id = d.outbox_id"));
    }

    [Fact]
    public async Task Dispatch_TwoProcesses_EachEventGoesOnceToEachDestination()
    {
        var options = To(Nowhere, Nowhere);
        options.Concurrency = 0;
        await using var first = await StartAsync(_database, options);
        await using var second = await StartAsync(_database, options);

        for (var i = 0; i < 40; i++)
            await AnnounceAsync(_database, [.. Enumerable.Range(0, 30).Select(n => Event($"s{i}-{n}", EventTypes.UploadCreated))]);

        await AllDispatchedAsync(1200);
        Assert.Equal(2400L, await _database.QueryAsync<long>("select count(*) from outbox_deliveries"));
    }

    [Fact]
    public async Task Dispatch_IdleProcess_IsWokenWithoutPolling()
    {
        var options = To();
        options.PollInterval = TimeSpan.FromMinutes(10);
        await using var process = await StartAsync(_database, options);

        await AnnounceAsync(_database, Event("s", EventTypes.UploadCreated));

        await AllDispatchedAsync(1);
    }

    [Fact]
    public async Task Dispatch_NotificationLost_IsFoundByPolling()
    {
        await using var process = await StartAsync(_database, To());

        await _database.ExecuteAsync("insert into outbox (event_id, type, subject, at, data) values ('x', 'upload.created', 's', now(), '{}')");

        await AllDispatchedAsync(1);
    }

    [Fact]
    public async Task Dispatch_AnotherProcessIsAtIt_LeavesItAlone()
    {
        await using var process = await StartAsync(_database, To());
        await using var connection = await _database.Source.OpenConnectionAsync(Token);
        await using (var transaction = await connection.BeginTransactionAsync(Token))
        {
            await using var exclusive = new Npgsql.NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended('media_outbox', 0))", connection, transaction);
            await exclusive.ExecuteNonQueryAsync(Token);
            await AnnounceAsync(_database, Event("s", EventTypes.UploadCreated));

            Assert.Null(await process.Store.DispatchAsync([], 10, Token));
            Assert.Equal(0L, await _database.QueryAsync<long>("select count(*) from outbox where dispatched_at is not null"));
        }

        await AllDispatchedAsync(1);
    }

    private Task AllDispatchedAsync(long count) =>
        Eventually.TrueAsync(async () => await _database.QueryAsync<long>("select count(*) from outbox where dispatched_at is not null") == count, TimeSpan.FromSeconds(40), Token);
}
