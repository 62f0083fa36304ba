using System.Diagnostics;
using Media.Grains;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Silo.Postgres;
using Media.Tests.Support;
using Npgsql;
using Orleans;
using Orleans.Storage;

namespace Media.Silo.Tests.Postgres;

/// <summary>The database goes away, between calls and in the middle of them, and comes back.</summary>
public sealed class LostConnectionTests : IAsyncLifetime
{
    // Far above what a call may take (a few seconds), as the machine may be busy; far below for ever.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private TestPostgres _server = null!;
    private TcpProxy _proxy = null!;
    private PostgresDatabase _direct = null!;
    private PostgresDatabase _database = null!;
    private PostgresGrainStorage _storage = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestPostgres.StartAsync(TestContext.Current.CancellationToken);
        var connectionString = await _server.CreateDatabaseAsync(cancellationToken: TestContext.Current.CancellationToken);
        _direct = await Database.OpenMigratedAsync(connectionString);
        _proxy = new TcpProxy(_server.Port);
        var proxied = new NpgsqlConnectionStringBuilder(connectionString) { Host = "127.0.0.1", Port = _proxy.Port };
        _database = Database.Open(proxied.ConnectionString, options => (options.CommandTimeout, options.ConnectTimeout) = (TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5)));
        _storage = new PostgresGrainStorage(_database);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _direct.DisposeAsync();
        _proxy.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Calls_ServerKilledAndRestarted_FailSoonThenWorkAgain()
    {
        var states = await Task.WhenAll(Enumerable.Range(0, 20).Select(async number =>
        {
            var state = new GrainState<UploadSessionState>(Sessions.Create());
            await WriteAsync($"tag{number}", state);
            return state;
        }));

        await _server.KillAsync();
        var clock = Stopwatch.StartNew();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => WriteAsync("tag0", states[0]));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, "tag0"));
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Patience);

        await _server.RestartAsync(TestContext.Current.CancellationToken);
        // At once and all of them, though every connection in the pool is dead.
        await Task.WhenAll(states.Select((state, number) => WriteAsync($"tag{number}", state)));
    }

    [Fact]
    public async Task Write_AllPooledConnectionsDead_GoesThroughOnAFreshOne()
    {
        var state = new GrainState<UploadSessionState>(Sessions.Create());
        await Database.InTimeAsync(async () =>
        {
            await WriteAsync("tag", state);
            _proxy.Cut();
            await WriteAsync("tag", state);
        });

        Assert.Equal(state.ETag, (await _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, "tag")).ETag);
    }

    [Fact]
    public async Task Call_ServerSilent_FailsWithinItsTime()
    {
        await WriteAsync("tag", new GrainState<UploadSessionState>(Sessions.Create()));
        _proxy.LosesAnswers = true;
        var clock = Stopwatch.StartNew();

        await Assert.ThrowsAsync<StorageUnavailableException>(() => _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, "tag"));

        // The statement, then Npgsql's attempts to cancel it: twice the time of connecting.
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(1), Patience);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Write_ServerKilledAfterCommit_NextWriteKnowsItsOwn(bool isNew)
    {
        var state = new GrainState<UploadSessionState>(Sessions.Create());
        if (!isNew) await WriteAsync("tag", state);
        else await _storage.ReadStateAsync(StorageNames.UploadSession, Database.Id("tag"), state);
        state.State.User = "ann";
        state.State.FileName = "landed";
        await LoseTheAnswerAsync(() => WriteAsync("tag", state), "landed");
        await _server.RestartAsync(TestContext.Current.CancellationToken);

        state.State.FileName = "next";
        await WriteAsync("tag", state);

        var read = await _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, "tag");
        Assert.Equal("next", read.State.FileName);
        Assert.Equal(state.ETag, read.ETag);
    }

    [Fact]
    public async Task Write_ServerKilledAfterCommitAndAnotherWroteSince_Loses()
    {
        var state = new GrainState<UploadSessionState>(Sessions.Create());
        await WriteAsync("tag", state);
        state.State.FileName = "landed";
        await LoseTheAnswerAsync(() => WriteAsync("tag", state), "landed");
        await _server.RestartAsync(TestContext.Current.CancellationToken);
        var other = await _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, "tag");
        other.State.FileName = "other";
        await WriteAsync("tag", other);

        await Assert.ThrowsAsync<InconsistentStateException>(() => WriteAsync("tag", state));

        Assert.Equal("other", (await _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, "tag")).State.FileName);
    }

    [Fact]
    public async Task Write_ConnectionCutAfterCommit_SameCallKnowsItsOwn()
    {
        var state = new GrainState<UploadSessionState>(Sessions.Create());
        await WriteAsync("tag", state);
        var attempts = 0;
        await Database.InTimeAsync(async () =>
        {
            var name = state.State.FileName = $"landed {++attempts}";
            _proxy.LosesAnswers = true;
            var writing = WriteAsync("tag", state);
            await Eventually.TrueAsync(async () => await StoredNameAsync() == name);
            _proxy.LosesAnswers = false;
            _proxy.Cut();
            await writing;
        });

        Assert.Equal(state.ETag, (await _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, "tag")).ETag);
    }

    [Fact]
    public async Task Clear_ServerKilledAfterCommit_NextClearIsDone()
    {
        var state = new GrainState<UploadSessionState>(Sessions.Create());
        await WriteAsync("tag", state);
        await LoseTheAnswerAsync(() => _storage.ClearStateAsync(StorageNames.UploadSession, Database.Id("tag"), state), "");
        await _server.RestartAsync(TestContext.Current.CancellationToken);

        await _storage.ClearStateAsync(StorageNames.UploadSession, Database.Id("tag"), state);

        Assert.False(state.RecordExists);
    }

    private Task WriteAsync(string key, GrainState<UploadSessionState> state) =>
        _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), state);

    private async Task LoseTheAnswerAsync(Func<Task> call, string fileName)
    {
        _proxy.LosesAnswers = true;
        var calling = call();
        await Eventually.TrueAsync(async () => await StoredNameAsync() == fileName);
        await _server.KillAsync();
        _proxy.Cut();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => calling);
        _proxy.LosesAnswers = false;
    }

    private Task<string> StoredNameAsync() => _direct.QueryAsync<string>("select coalesce((select state->>'fileName' from grain_state where id = 'tag'), '')");
}
