using System.Collections.Immutable;
using Media.Grains;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Silo.Postgres;
using Media.Tests.Support;
using Orleans;
using Orleans.Storage;

namespace Media.Silo.Tests.Postgres;

public sealed class GrainStorageTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private PostgresDatabase _database = null!;
    private PostgresGrainStorage _storage = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await Database.OpenMigratedAsync(postgres.ConnectionString);
        _storage = new PostgresGrainStorage(_database);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Write_FullSession_ReadsBackTheSame()
    {
        var key = NewKey();
        var written = new GrainState<UploadSessionState>(Sessions.CreateFull());
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), written);

        var read = await _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, key);

        Assert.True(read.RecordExists);
        Assert.Equal(written.ETag, read.ETag);
        Assert.Equivalent(written.State, read.State, strict: true);
    }

    [Fact]
    public async Task Write_DefaultAndEmptyCollections_ReadBackTheSame()
    {
        var key = NewKey();
        var state = new Collections { Default = default, Empty = [], Filled = [1, 2], Missing = null, Present = ["a"], Map = ImmutableDictionary<string, string>.Empty };
        await _storage.WriteStateAsync("collections", Database.Id(key), new GrainState<Collections>(state));

        var read = (await _storage.ReadAsync<Collections>("collections", key)).State;

        Assert.True(read.Default.IsDefault);
        Assert.Equal([], read.Empty.AsEnumerable());
        Assert.Equal([1, 2], read.Filled.AsEnumerable());
        Assert.Null(read.Missing);
        Assert.Equal(["a"], read.Present!.Value.AsEnumerable());
        Assert.Empty(read.Map);
    }

    [Fact]
    public async Task Read_NoRow_IsAFreshState()
    {
        var state = new GrainState<UploadSessionState>(Sessions.Create()) { ETag = "1", RecordExists = true };

        await _storage.ReadStateAsync(StorageNames.UploadSession, Database.Id(NewKey()), state);

        Assert.False(state.RecordExists);
        Assert.Null(state.ETag);
        Assert.Equal("", state.State.User);
    }

    [Fact]
    public async Task Write_OldETag_LosesAndTellsBoth()
    {
        var key = NewKey();
        var first = new GrainState<UploadSessionState>(Sessions.Create());
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), first);
        var second = await _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, key);
        var old = first.ETag;
        second.State.FileName = "second";
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), second);

        first.State.FileName = "first";
        var lost = await Assert.ThrowsAsync<InconsistentStateException>(
            () => _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), first));

        Assert.Equal(second.ETag, lost.StoredEtag);
        Assert.Equal(old, lost.CurrentEtag);
        Assert.Equal("second", (await _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, key)).State.FileName);
    }

    [Fact]
    public async Task Write_ManyAtOnceOnOneVersion_OneWins()
    {
        var key = NewKey();
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), new GrainState<UploadSessionState>(Sessions.Create()));
        var contenders = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, key)));

        var won = await Task.WhenAll(contenders.Select(async contender =>
        {
            try
            {
                await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), contender);
                return true;
            }
            catch (InconsistentStateException)
            {
                return false;
            }
        }));

        Assert.Single(won, static winner => winner);
    }

    [Fact]
    public async Task Write_NewRowThatIsThere_Loses()
    {
        var key = NewKey();
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), new GrainState<UploadSessionState>(Sessions.Create()));

        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.WriteStateAsync(
            StorageNames.UploadSession, Database.Id(key), new GrainState<UploadSessionState>(Sessions.Create())));
    }

    [Fact]
    public async Task Write_RowDeletedAndMadeAnew_OldVersionLoses()
    {
        var key = NewKey();
        var old = new GrainState<UploadSessionState>(Sessions.Create());
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), old);
        var other = await _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, key);
        await _storage.ClearStateAsync(StorageNames.UploadSession, Database.Id(key), other);
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), other);

        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), old));
    }

    [Fact]
    public async Task Clear_ThenRead_HasNoRow()
    {
        var key = NewKey();
        var state = new GrainState<UploadSessionState>(Sessions.Create());
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), state);

        await _storage.ClearStateAsync(StorageNames.UploadSession, Database.Id(key), state);

        Assert.False(state.RecordExists);
        Assert.Null(state.ETag);
        Assert.False((await _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, key)).RecordExists);
    }

    [Fact]
    public async Task Clear_OldETag_LosesAndKeepsTheRow()
    {
        var key = NewKey();
        var first = new GrainState<UploadSessionState>(Sessions.Create());
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), first);
        var second = await _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, key);
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), second);

        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.ClearStateAsync(StorageNames.UploadSession, Database.Id(key), first));

        Assert.True((await _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, key)).RecordExists);
    }

    [Fact]
    public async Task Write_SecondSessionOfSameContentInProgress_IsTaken()
    {
        var (first, second) = (NewKey(), NewKey());
        var state = new GrainState<UploadSessionState>(Sessions.Create(tipHash: first));
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(first), state);

        await Assert.ThrowsAsync<StateTakenException>(() => _storage.WriteStateAsync(
            StorageNames.UploadSession, Database.Id(second), new GrainState<UploadSessionState>(Sessions.Create(tipHash: first))));

        state.State.State = UploadState.Stored;
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(first), state);
        await _storage.WriteStateAsync(
            StorageNames.UploadSession, Database.Id(second), new GrainState<UploadSessionState>(Sessions.Create(tipHash: first)));
    }

    // By number: text in an attribute passes through UTF-8, which replaces the very halves that this is about.
    [Theory]
    [InlineData(0x61, 0, 0x62)]
    [InlineData(0xd800)]
    [InlineData(0x61, 0xdc00, 0x62)]
    [InlineData(0xd83d, 0xd83d, 0xde42)]
    public async Task Write_TextThatTheDatabaseCannotHold_FailsClearlyAndChangesNothing(params int[] characters)
    {
        var text = string.Concat(characters.Select(static character => (char)character));
        var key = NewKey();
        var state = new GrainState<UploadSessionState>(Sessions.Create());
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), state);

        state.State.FileName = text;
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), state));
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
        state.State.FileName = "ok";
        state.State.Metadata = ImmutableDictionary<string, string>.Empty.Add(text, "x");
        await Assert.ThrowsAsync<InvalidOperationException>(() => _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), state));

        Assert.Equal("film.mov", (await _storage.ReadAsync<UploadSessionState>(StorageNames.UploadSession, key)).State.FileName);
    }

    [Fact]
    public async Task Write_StateInDatabase_HasTheIndexedMembersByNameAndForm()
    {
        var key = NewKey();
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(key), new GrainState<UploadSessionState>(Sessions.CreateFull()));

        Assert.Equal(
            "ann|Uploading|1000|piece|1893553445678|1893639845678",
            await _database.QueryAsync<string>(
                $"select concat_ws('|', state->>'user', state->>'state', state->>'size', state->>'pieceHash', state->>'createdAt', state->>'expiresAt') from grain_state where id = '{key}'"));
    }

    [Fact]
    public async Task Write_Cancelled_Stops()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _storage.WriteStateAsync(
            StorageNames.UploadSession, Database.Id(NewKey()), new GrainState<UploadSessionState>(Sessions.Create()), cancelled.Token));
    }

    private static string NewKey() => Guid.NewGuid().ToString("N");

    public sealed class Collections
    {
        public ImmutableArray<int> Default { get; set; }

        public ImmutableArray<int> Empty { get; set; }

        public ImmutableArray<int> Filled { get; set; }

        public ImmutableArray<string>? Missing { get; set; }

        public ImmutableArray<string>? Present { get; set; }

        public ImmutableDictionary<string, string> Map { get; set; } = ImmutableDictionary<string, string>.Empty;
    }
}
