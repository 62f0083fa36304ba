using System.Collections.Immutable;
using System.Globalization;
using Media.Grains;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Grains.Users;
using Media.Silo.Postgres;
using Media.Tests.Support;
using Npgsql;
using Orleans;

namespace Media.Silo.Tests.Postgres;

public sealed class UploadIndexTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly string _user = Guid.NewGuid().ToString("N");
    private PostgresDatabase _database = null!;
    private PostgresGrainStorage _storage = null!;
    private PostgresUploadIndex _index = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await Database.OpenMigratedAsync(postgres.ConnectionString);
        _storage = new PostgresGrainStorage(_database);
        _index = new PostgresUploadIndex(_database, new ManualTimeProvider(Sessions.Start));
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task FindInProgress_SameContent_IsFoundWhileActive()
    {
        var session = await AddAsync("a", Sessions.Create(_user, UploadState.Uploading, 5, "tip"));

        Assert.Equal(Tag("a"), await _index.FindInProgressAsync(_user, 5, "tip", null, Token));
        Assert.Null(await _index.FindInProgressAsync(_user, 6, "tip", null, Token));
        Assert.Null(await _index.FindInProgressAsync(_user, 5, "other", null, Token));
        Assert.Null(await _index.FindInProgressAsync(_user + "x", 5, "tip", null, Token));

        session.State.State = UploadState.Stored;
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(Tag("a")), session);
        Assert.Null(await _index.FindInProgressAsync(_user, 5, "tip", null, Token));
    }

    [Fact]
    public async Task FindInProgress_WithPieceHash_PassesOverOthersAndPrefersTheSame()
    {
        await AddAsync("other", Sessions.Create(_user, size: 5, tipHash: "tip", pieceHash: "zzz"));
        Assert.Null(await _index.FindInProgressAsync(_user, 5, "tip", "piece", Token));

        await AddAsync("none", Sessions.Create(_user, size: 5, tipHash: "tip"));
        Assert.Equal(Tag("none"), await _index.FindInProgressAsync(_user, 5, "tip", "piece", Token));

        await AddAsync("same", Sessions.Create(_user, size: 5, tipHash: "tip", pieceHash: "piece"));
        Assert.Equal(Tag("same"), await _index.FindInProgressAsync(_user, 5, "tip", "piece", Token));
    }

    [Fact]
    public async Task FindByUploadId_OwnersOnly()
    {
        var session = await AddAsync("a", Sessions.Create(_user));

        Assert.Equal(Tag("a"), await _index.FindByUploadIdAsync(_user, session.State.UploadId!, Token));
        Assert.Null(await _index.FindByUploadIdAsync("someone", session.State.UploadId!, Token));
        Assert.Null(await _index.FindByUploadIdAsync(_user, "unknown", Token));
    }

    [Fact]
    public async Task IsActive_OwnUploadOfActiveSession_Only()
    {
        var session = await AddAsync("a", Sessions.Create(_user));
        var done = await AddAsync("b", Sessions.Create(_user, UploadState.Aborted));

        Assert.True(await _index.IsActiveAsync(Tag("a"), session.State.UploadId!, Token));
        Assert.False(await _index.IsActiveAsync(Tag("a"), "another", Token));
        Assert.False(await _index.IsActiveAsync(Tag("b"), done.State.UploadId!, Token));
        Assert.False(await _index.IsActiveAsync(Tag("c"), session.State.UploadId!, Token));
    }

    [Fact]
    public async Task Find_ByTags_IsWhatThereIsOfThem()
    {
        await AddAsync("a", Sessions.Create(_user, UploadState.Verified, 0));
        await AddAsync("b", Sessions.Create(_user, UploadState.Created, null));
        await AddAsync("c", Sessions.Create(_user, UploadState.Failed, 5));
        await AddAsync("d", Sessions.Create(_user));
        await _database.ExecuteAsync($"update grain_state set state = jsonb_set(state, '{{state}}', '\"Archived\"') where id = '{Tag("d")}'");

        var found = await _index.FindAsync([Tag("a"), Tag("b"), Tag("d"), Tag("nobody's")], Token);

        Assert.Equal(
            [new KnownSession(Tag("a"), UploadState.Verified, 0), new KnownSession(Tag("b"), UploadState.Created, null), new KnownSession(Tag("d"), null, 1_000)],
            found.OrderBy(session => session.Tag));
        Assert.Empty(await _index.FindAsync([], Token));
    }

    [Fact]
    public async Task FindDue_ActiveAndOverdue_OldestFirst()
    {
        foreach (var (name, hours, state) in new[]
        {
            ("late", -1, UploadState.Uploading), ("latest", -3, UploadState.Created), ("later", -2, UploadState.Completing),
            ("done", -4, UploadState.Stored), ("young", 1, UploadState.Uploading),
        })
        {
            var session = Sessions.Create(_user, state);
            session.ExpiresAt = Sessions.Start.AddYears(-1).AddHours(hours);
            await AddAsync(name, session);
        }

        var due = await _index.FindDueAsync(Sessions.Start.AddYears(-1), 1_000, Token);

        Assert.Equal([Tag("latest"), Tag("later"), Tag("late")], due.Where(tag => tag.StartsWith(_user, StringComparison.Ordinal)));
        Assert.Equal(2, (await _index.FindDueAsync(Sessions.Start.AddYears(-1), 2, Token)).Length);
    }

    [Fact]
    public async Task List_ManyPages_EachOnceNewestFirst()
    {
        for (var number = 0; number < 25; number++)
        {
            var session = Sessions.Create(_user, number % 5 == 0 ? UploadState.Stored : UploadState.Uploading);
            // Several at the same millisecond.
            session.CreatedAt = Sessions.Start.AddMilliseconds(number / 4);
            await AddAsync(number.ToString("D2", CultureInfo.InvariantCulture), session);
        }

        var listed = new List<Upload>();
        var pages = 0;
        for (string? after = null; ; pages++)
        {
            var page = (await _index.ListAsync(_user, new UploadFilter([], after, 6), Token))!;
            listed.AddRange(page.Uploads);
            if (page.Next is null) break;
            Assert.Equal(6, page.Uploads.Length);
            after = page.Next;
        }

        Assert.Equal(4, pages);
        Assert.Equal(Enumerable.Range(0, 25).Reverse().Select(number => Tag(number.ToString("D2", CultureInfo.InvariantCulture))), listed.Select(upload => upload.Tag));
        var stored = (await _index.ListAsync(_user, new UploadFilter([UploadState.Stored], null, 5), Token))!;
        Assert.Equal(5, stored.Uploads.Length);
        Assert.Null(stored.Next);
        Assert.All(stored.Uploads, upload => Assert.Equal(UploadState.Stored, upload.State));
    }

    [Theory]
    [InlineData("")]
    [InlineData("AA")]
    [InlineData("not base64url!")]
    [InlineData("AAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAFh=")]
    [InlineData("__________9h")]
    [InlineData("AAAAAAAAAAEA")]
    public async Task List_CursorThatIsNotOurs_IsNull(string cursor) =>
        Assert.Null(await _index.ListAsync(_user, new UploadFilter([], cursor, 10), Token));

    [Fact]
    public async Task Queries_TwelveThousandRows_UseTheirIndexes()
    {
        await using var database = await Database.OpenMigratedAsync(await PostgresFixture.CreateDatabaseAsync(Token));
        await database.ExecuteAsync(
            """
            insert into grain_state (type, id, version, write_id, state)
            select 'upload-session', 'tag' || n, n, gen_random_uuid(), jsonb_build_object(
                'user', 'user' || n % 20, 'size', n, 'tipHash', 'tip' || n, 'uploadId', 'upload' || n,
                'state', (array['Created', 'Uploading', 'Completing', 'Stored', 'Aborted'])[n % 5 + 1], 'createdAt', n, 'expiresAt', n + 1000)
            from generate_series(1, 12000) n;
            insert into grain_state (type, id, version, write_id, state)
            select 'allowance', 'tag' || n, n, gen_random_uuid(), '{}' from generate_series(1, 2000) n;
            analyze grain_state;
            """);

        await AssertUsesAsync(database, PostgresUploadIndex.FindAnyInProgressSql, "upload_session_in_progress", "'user1', 1, 'tip1'");
        await AssertUsesAsync(database, PostgresUploadIndex.FindInProgressSql, "upload_session_in_progress", "'user1', 1, 'tip1', 'p'");
        await AssertUsesAsync(database, PostgresUploadIndex.FindByUploadIdSql, "upload_session_upload_id", "'user1', 'upload1'");
        await AssertUsesAsync(database, PostgresUploadIndex.ListSql, "upload_session_list", "'user1', 9223372036854775807, '', null, 51");
        await AssertUsesAsync(database, PostgresUploadIndex.FindDueSql, "upload_session_due", "1500, 100");
        await AssertUsesAsync(database, PostgresUploadIndex.IsActiveSql, "grain_state_pkey", "'tag1', 'upload1'");
        await AssertUsesAsync(database, PostgresGrainStorage.ReadSql, "grain_state_pkey", "'upload-session', 'tag1'");
    }

    /// <summary>Both with the values known, as in the first executions of a prepared statement, and without.</summary>
    private static async Task AssertUsesAsync(PostgresDatabase database, string sql, string index, string arguments)
    {
        foreach (var mode in new[] { "force_custom_plan", "force_generic_plan" })
        {
            await using var connection = await database.Source.OpenConnectionAsync(Token);
            var types = index switch
            {
                "upload_session_due" => "(bigint, bigint)",
                "upload_session_list" => "(text, bigint, text, text[], bigint)",
                "upload_session_in_progress" => arguments.Count(',') == 3 ? "(text, bigint, text, text)" : "(text, bigint, text)",
                _ => "(text, text)",
            };
            await using (var prepare = new NpgsqlCommand($"set plan_cache_mode = {mode}; prepare q{types} as {sql}", connection)) await prepare.ExecuteNonQueryAsync(Token);
            await using var explain = new NpgsqlCommand($"explain execute q({arguments})", connection);
            var plan = new List<string>();
            await using (var reader = await explain.ExecuteReaderAsync(Token))
            {
                while (await reader.ReadAsync(Token)) plan.Add(reader.GetString(0));
            }

            var text = string.Join('\n', plan);
            Assert.True(text.Contains(index, StringComparison.Ordinal) && !text.Contains("Seq Scan", StringComparison.Ordinal), $"{mode}\n{sql}\n{text}");
            await using var forget = new NpgsqlCommand("deallocate q", connection);
            await forget.ExecuteNonQueryAsync(Token);
        }
    }

    private string Tag(string name) => $"{_user}{name}";

    private async Task<GrainState<UploadSessionState>> AddAsync(string name, UploadSessionState state)
    {
        var row = new GrainState<UploadSessionState>(state);
        await _storage.WriteStateAsync(StorageNames.UploadSession, Database.Id(Tag(name)), row);
        return row;
    }
}
