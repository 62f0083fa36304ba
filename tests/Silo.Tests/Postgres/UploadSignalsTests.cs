using Media.Grains.Ports;
using Media.Silo.Hosting;
using Media.Silo.Postgres;
using Media.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Media.Silo.Tests.Postgres;

public sealed class UploadSignalsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Publish_ListenerInAnotherProcess_IsWokenForItsTagOnly()
    {
        await using var here = await Process.StartAsync(postgres.ConnectionString);
        await using var there = await Process.StartAsync(postgres.ConnectionString);
        using var mine = there.Signals.Subscribe("mine");
        using var other = there.Signals.Subscribe("other");
        var waitingForMine = mine.WaitAsync(Long, Token);
        var waitingForOther = other.WaitAsync(Long, Token);

        await here.Signals.PublishAsync("mine", Token);
        await waitingForMine;

        Assert.False(waitingForOther.IsCompleted);
    }

    [Fact]
    public async Task Publish_ListenerInTheSameProcess_IsWokenOnce()
    {
        await using var process = await Process.StartAsync(postgres.ConnectionString);
        using var subscription = process.Signals.Subscribe("tag");
        using var afterwards = process.Signals.Subscribe("afterwards");

        await process.Signals.PublishAsync("tag", Token);
        await subscription.WaitAsync(Long, Token);
        var again = subscription.WaitAsync(Long, Token);
        // What is published later comes round later: by then the first one's own echo would have been heard.
        await using var other = await Process.StartAsync(postgres.ConnectionString);
        await other.Signals.PublishAsync("afterwards", Token);
        await afterwards.WaitAsync(Long, Token);

        Assert.False(again.IsCompleted);
    }

    [Fact]
    public async Task Publish_OnlyProcess_WakesItsOwnListenersAlone()
    {
        await using var alone = await Process.StartAsync(postgres.ConnectionString, onlyProcess: true);
        await using var other = await Process.StartAsync(postgres.ConnectionString);
        await using var third = await Process.StartAsync(postgres.ConnectionString);
        using var own = alone.Signals.Subscribe("tag");
        using var others = other.Signals.Subscribe("tag");
        using var afterwards = other.Signals.Subscribe("afterwards");
        var waiting = others.WaitAsync(Long, Token);

        await alone.Signals.PublishAsync("tag", Token);
        await own.WaitAsync(Long, Token);
        // More than one way there and back, in which the first would have come as well.
        for (var round = 0; round < 5; round++)
        {
            await third.Signals.PublishAsync("afterwards", Token);
            await afterwards.WaitAsync(Long, Token);
        }

        Assert.False(waiting.IsCompleted);
    }

    [Fact]
    public async Task Wait_ChangeBeforeTheCall_ReturnsAtOnce()
    {
        await using var process = await Process.StartAsync(postgres.ConnectionString);
        using var subscription = process.Signals.Subscribe("tag");
        await process.Signals.PublishAsync("tag", Token);

        Assert.True(subscription.WaitAsync(Long, Token).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Wait_NoChange_ReturnsAfterItsTime()
    {
        var clock = new ManualTimeProvider();
        await using var process = await Process.StartAsync(postgres.ConnectionString, clock);
        using var subscription = process.Signals.Subscribe("tag");
        var waiting = subscription.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.False(waiting.IsCompleted);

        clock.Advance(TimeSpan.FromSeconds(30));

        await waiting;
    }

    [Fact]
    public async Task Takeover_InAnotherProcess_IsToldToTheDisplacedClientOnly()
    {
        await using var here = await Process.StartAsync(postgres.ConnectionString);
        await using var there = await Process.StartAsync(postgres.ConnectionString);
        // As odd as a client id can be.
        using var displaced = there.Signals.SubscribeTakeovers("a:<1/2>:b");
        using var other = there.Signals.SubscribeTakeovers("a");
        using var upload = there.Signals.Subscribe("tag1");
        var otherWaits = other.NextAsync(Long, Token);
        var uploadWaits = upload.WaitAsync(Long, Token);

        await here.Signals.PublishTakeoverAsync("tag1", "a:<1/2>:b");
        await here.Signals.PublishTakeoverAsync("tag2", "a:<1/2>:b");

        Assert.Equal(["tag1", "tag2"], (await Task.WhenAll(displaced.NextAsync(Long, Token), displaced.NextAsync(Long, Token)))!.Order(StringComparer.Ordinal)!);
        Assert.False(otherWaits.IsCompleted);
        Assert.False(uploadWaits.IsCompleted);
    }

    [Fact]
    public async Task Takeover_InTheSameProcess_IsToldOnce_AndNothingIsNull()
    {
        var clock = new ManualTimeProvider();
        await using var process = await Process.StartAsync(postgres.ConnectionString, clock);
        using var displaced = process.Signals.SubscribeTakeovers("a");
        await process.Signals.PublishTakeoverAsync("tag", "a");
        Assert.Equal("tag", await displaced.NextAsync(Long, Token));

        var waiting = displaced.NextAsync(Long, Token);
        clock.Advance(Long);
        Assert.Null(await waiting);
        // What comes after a wait that was in vain is not lost to it.
        await process.Signals.PublishTakeoverAsync("later", "a");
        Assert.Equal("later", await displaced.NextAsync(Long, Token));
    }

    [Fact]
    public async Task Listener_ConnectionKilled_ConnectsAgainAndWakesAll()
    {
        var connectionString = await PostgresFixture.CreateDatabaseAsync(Token);
        await using var here = await Process.StartAsync(connectionString);
        await using var there = await Process.StartAsync(connectionString);
        using var subscription = there.Signals.Subscribe("tag");
        var waiting = subscription.WaitAsync(Long, Token);

        await here.Database.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%listener' and datname = current_database()");
        // Something may have been missed.
        await waiting;

        using var later = there.Signals.Subscribe("later");
        await Eventually.TrueAsync(async () =>
        {
            await here.Signals.PublishAsync("later", Token);
            var woken = later.WaitAsync(TimeSpan.FromSeconds(1), Token);
            await woken;
            return woken.IsCompletedSuccessfully;
        });
    }

    [Fact]
    public async Task Publish_DatabaseAway_DoesNotFail()
    {
        await using var database = Database.Open("Host=127.0.0.1;Port=1;Username=x;Database=x");
        var listener = new PostgresListener(database, TimeProvider.System, NullLogger<PostgresListener>.Instance);
        using var signals = new PostgresUploadSignals(database, listener, Options.Create(new SiloOptions()), TimeProvider.System, NullLogger<PostgresUploadSignals>.Instance);
        await signals.StartAsync(Token);
        using var subscription = signals.Subscribe("tag");

        for (var count = 0; count < 20_000; count++) await signals.PublishAsync("tag", Token);

        await subscription.WaitAsync(Long, Token);
        Assert.False(signals.ExecuteTask!.IsFaulted);
        await signals.StopAsync(Token);
    }

    private sealed class Process : IAsyncDisposable
    {
        private readonly PostgresListener _listener;

        private Process(PostgresDatabase database, TimeProvider time, bool onlyProcess)
        {
            Database = database;
            _listener = new PostgresListener(database, TimeProvider.System, NullLogger<PostgresListener>.Instance);
            Signals = new PostgresUploadSignals(database, _listener, Options.Create(new SiloOptions { OnlyProcess = onlyProcess }), time, NullLogger<PostgresUploadSignals>.Instance);
        }

        public PostgresDatabase Database { get; }

        public PostgresUploadSignals Signals { get; }

        public static async Task<Process> StartAsync(string connectionString, TimeProvider? time = null, bool onlyProcess = false)
        {
            var process = new Process(await Postgres.Database.OpenMigratedAsync(connectionString), time ?? TimeProvider.System, onlyProcess);
            await process._listener.StartAsync(Token);
            await process.Signals.StartAsync(Token);
            await process._listener.Listening.WaitAsync(Long, Token);
            return process;
        }

        public async ValueTask DisposeAsync()
        {
            await Signals.StopAsync(CancellationToken.None);
            await _listener.StopAsync(CancellationToken.None);
            Signals.Dispose();
            _listener.Dispose();
            await Database.DisposeAsync();
        }
    }
}
