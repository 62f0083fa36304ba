using Media.Grains.Files;
using Media.Silo.Postgres;
using Media.Silo.Tests.Postgres;
using Media.Tests.Support;
using Npgsql;

namespace Media.Silo.Tests.Catalog;

public sealed class CatalogListTests(PostgresFixture postgres) : IAsyncLifetime, IClassFixture<PostgresFixture>
{
    private readonly string _user = $"user-{Guid.NewGuid():N}";
    private PostgresDatabase _database = null!;
    private PostgresCatalog _catalog = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await Database.OpenMigratedAsync(postgres.ConnectionString, options => options.CommandTimeout = TimeSpan.FromMinutes(1));
        _catalog = new PostgresCatalog(_database);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task List_ManyPages_EachOnceNewestFirst()
    {
        var files = new List<CatalogFile>();
        for (var number = 0; number < 25; number++) files.Add(await AddAsync($"{number}.mp4"));
        // Several at the same microsecond.
        await _database.ExecuteAsync($"update files set filed_at = date_trunc('second', filed_at) where user_name = '{_user}'");

        var listed = new List<CatalogFile>();
        var pages = 0;
        for (string? after = null; ; pages++)
        {
            var page = (await _catalog.ListFilesAsync(new FileFilter { User = _user, Limit = 6, After = after }, Token))!;
            listed.AddRange(page.Files);
            if (page.Next is null) break;
            Assert.Equal(6, page.Files.Length);
            after = page.Next;
        }

        Assert.Equal(4, pages);
        Assert.Equal(
            listed.OrderByDescending(file => file.FiledAt).ThenByDescending(file => file.File.Id, StringComparer.Ordinal).Select(file => file.File.Id), listed.Select(file => file.File.Id));
        Assert.Equal(files.Select(file => file.File.Id).Order(), listed.Select(file => file.File.Id).Order());
    }

    [Fact]
    public async Task List_User_IsTheirsAlone()
    {
        var name = $"of both {_user}.mp4";
        var own = await AddAsync(name);
        var (_, other) = await _catalog.StoreAsync(Samples.Content(), "bob", name);

        Assert.Equal([own.File.Id], await ListAsync(new FileFilter { User = _user }));
        Assert.Equal([other.File.Id, own.File.Id], await ListAsync(new FileFilter { Name = name }));
    }

    [Theory]
    [InlineData("holiday", "Holiday 1.mp4", "a holiday.mp4")]
    [InlineData("HOLIDAY 1", "Holiday 1.mp4")]
    [InlineData("ÜBER", "über%uns_.mp4")]
    [InlineData("%", "über%uns_.mp4")]
    [InlineData("s_.", "über%uns_.mp4")]
    [InlineData("u_s")]
    [InlineData("\\")]
    [InlineData("4", "Holiday 1.mp4", "a holiday.mp4", "über%uns_.mp4")]
    [InlineData("nothing")]
    public async Task List_Name_IsContainedWhateverTheCase(string name, params string[] expected)
    {
        // The last is written with a letter and a mark of its own, as some systems do.
        foreach (var given in new[] { "Holiday 1.mp4", "a holiday.mp4", "u\u0308ber%uns_.mp4" }) await AddAsync(given);

        var listed = (await _catalog.ListFilesAsync(new FileFilter { User = _user, Name = name }, Token))!.Files;

        Assert.Equal(expected.Reverse(), listed.Select(file => file.File.Name.Replace("u\u0308", "ü", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("rare")]
    [InlineData("R")]
    [InlineData("ÜB")]
    [InlineData("漢字")]
    [InlineData("字")]
    public async Task List_NameBeyondTheFilesLookedThroughFirst_IsFoundAndPagedThrough(string name)
    {
        await _database.ExecuteAsync(
            $"""
            insert into files (id, user_name, name, original_name, content_type, size, key, duplicate, created_at, stored_at, filed_at)
            select '{_user}' || lpad(n::text, 6, '0'), '{_user}', case when n % 1500 = 0 then E'Rare u\u0308b 漢字' || n else 'common ' || n end, '', 'text/plain', 0, '', false, now(), now(),
                now() + n * interval '1 ms'
            from generate_series(1, {PostgresCatalog.NameWindow * 2}) n
            """);

        var listed = new List<string>();
        for (string? after = null; ;)
        {
            var page = (await _catalog.ListFilesAsync(new FileFilter { User = _user, Name = name, Limit = 2, After = after }, Token))!;
            listed.AddRange(page.Files.Select(file => file.File.Name[^4..]));
            if ((after = page.Next) is null) break;
        }

        Assert.Equal(["9000", "7500", "6000", "4500", "3000", "1500"], listed);
        Assert.Equal(1_000, (await ListAsync(new FileFilter { User = _user, Name = "common", Limit = 1_000 })).Length);
        Assert.Empty(await ListAsync(new FileFilter { User = _user, Name = "neither" }));
        Assert.Empty(await ListAsync(new FileFilter { User = _user, Name = "字漢" }));
    }

    [Fact]
    public async Task List_Type_IsTheDetectedOneOrElseTheClaimedOne()
    {
        var png = await AddAsync("a.png", "image/jpeg", "image/png");
        var webp = await AddAsync("b.webp", "image/webp", null);
        var text = await AddAsync("c.txt", "text/plain; charset=utf-8", null);

        Assert.Equal([webp.File.Id, png.File.Id], await ListAsync(new FileFilter { User = _user, Type = "image/*" }));
        Assert.Equal([png.File.Id], await ListAsync(new FileFilter { User = _user, Type = "image/png" }));
        Assert.Empty(await ListAsync(new FileFilter { User = _user, Type = "image/jpeg" }));
        Assert.Equal([text.File.Id], await ListAsync(new FileFilter { User = _user, Type = "text/plain" }));
        Assert.Equal([png.File.Id], await ListAsync(new FileFilter { User = _user, Type = "image/*", Name = "PNG" }));
    }

    [Fact]
    public async Task List_Hash_IsTheTipsOrThePieces()
    {
        var content = Samples.Content();
        var (_, first) = await _catalog.StoreAsync(content, _user, "first.mp4");
        var (_, second) = await _catalog.StoreAsync(content, _user, "second.mp4");
        var (_, foreign) = await _catalog.StoreAsync(content, "bob");
        await AddAsync("other.mp4");

        foreach (var hash in new[] { content.PieceHash, content.TipHash })
        {
            Assert.Equal([second.File.Id, first.File.Id], await ListAsync(new FileFilter { User = _user, Hash = hash }));
            Assert.Equal([foreign.File.Id, second.File.Id, first.File.Id], await ListAsync(new FileFilter { Hash = hash }));
            Assert.Equal([first.File.Id], await ListAsync(new FileFilter { User = _user, Hash = hash, Name = "FIRST" }));
        }

        Assert.Empty(await ListAsync(new FileFilter { User = _user, Hash = Samples.NewHash() }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("AA")]
    [InlineData("not base64url!")]
    [InlineData("__________9h")]
    [InlineData("f_________9h")]
    public async Task List_CursorThatIsNotOurs_IsNull(string cursor) =>
        Assert.Null(await _catalog.ListFilesAsync(new FileFilter { User = _user, After = cursor }, Token));

    [Fact]
    public async Task Queries_TwentyThousandFiles_UseTheirIndexes()
    {
        await using var database = await Database.OpenMigratedAsync(await PostgresFixture.CreateDatabaseAsync(Token), options => options.CommandTimeout = TimeSpan.FromMinutes(1));
        await database.ExecuteAsync(
            """
            insert into contents (piece_hash, tip_hash, size, key, content_type) select 'piece' || n, 'tip' || n, n, '', 'video/mp4' from generate_series(1, 20000) n;
            insert into files (id, user_name, name, original_name, content_type, detected_type, size, tip_hash, piece_hash, key, duplicate, created_at, stored_at, filed_at)
            select 'file' || n, 'user' || n % 3, 'name ' || md5(n::text), '', 'application/octet-stream', (array['image/png', 'video/mp4', 'text/plain'])[n % 97 % 3 + 1], n, 'tip' || n, 'piece' || n, '',
                false, now(), now(), now() + n * interval '1 s'
            from generate_series(1, 20000) n;
            """);
        await database.ExecuteAsync("vacuum analyze contents");
        await database.ExecuteAsync("vacuum analyze files");

        await AssertUsesAsync(database, PostgresCatalog.FindContentSql, "contents_pkey", "piece1");
        await AssertUsesAsync(database, PostgresCatalog.HasTipSql, "contents_tip", "tip1", 1L);
        await AssertUsesAsync(database, PostgresCatalog.HasFileSql, "files_content", "user1", "piece1");
        await AssertUsesAsync(database, PostgresCatalog.FindFileSql, "files_pkey", "file1");
        await AssertUsesAsync(database, PostgresCatalog.FindUnreferencedSql, "contents_unreferenced", TimeSpan.FromDays(1), TimeSpan.FromDays(1), 100L);
        await AssertListUsesAsync(database, "files_list_all", new FileFilter());
        await AssertListUsesAsync(database, "files_list", new FileFilter { User = "user1" });
        await AssertListUsesAsync(database, "files_type", new FileFilter { User = "user1", Type = "image/png" });
        await AssertListUsesAsync(database, "files_type_all", new FileFilter { Type = "image/png" });
        await AssertListUsesAsync(database, "files_kind", new FileFilter { User = "user1", Type = "image/*" });
        await AssertListUsesAsync(database, "files_kind_all", new FileFilter { Type = "image/*" });
        await AssertListUsesAsync(database, "files_content", new FileFilter { User = "user1", Hash = "piece1" });
        await AssertListUsesAsync(database, "files_tip", new FileFilter { Hash = "tip1" });
        await AssertListUsesAsync(database, "files_name", new FileFilter { Name = "0f1e2d" }, static listing => listing.RestSql);
        await AssertListUsesAsync(database, "files_name_pairs", new FileFilter { Name = "#!" }, static listing => listing.RestSql);
        await AssertListUsesAsync(database, "files_list_all", new FileFilter { Name = "0f1e2d" }, static listing => listing.WindowSql(50));
        await AssertListUsesAsync(database, "files_list_all", new FileFilter { Name = "0f1e2d" }, static listing => listing.WindowEndSql(50));
    }

    private static async Task AssertListUsesAsync(PostgresDatabase database, string index, FileFilter filter, Func<FileListing, string>? sql = null)
    {
        var listing = new FileListing(filter);
        await using var connection = await database.Source.OpenConnectionAsync(Token);
        await using var command = listing.Command(connection, sql?.Invoke(listing) ?? listing.PageSql, FilePosition.Parse(null)!.Value, 101);
        await AssertUsesAsync(command, index);
    }

    private static async Task AssertUsesAsync(PostgresDatabase database, string sql, string index, params object[] arguments)
    {
        await using var connection = await database.Source.OpenConnectionAsync(Token);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var argument in arguments) command.Parameters.Add(new NpgsqlParameter { Value = argument });
        await AssertUsesAsync(command, index);
    }

    /// <summary>Both with the values known, as in the first executions of a prepared statement, and without.</summary>
    private static async Task AssertUsesAsync(NpgsqlCommand command, string index)
    {
        command.CommandText = $"explain {command.CommandText}";
        foreach (var mode in new[] { "force_custom_plan", "force_generic_plan" })
        {
            await using var set = new NpgsqlCommand($"set plan_cache_mode = {mode}", command.Connection);
            await set.ExecuteNonQueryAsync(Token);
            var plan = new List<string>();
            await using (var reader = await command.ExecuteReaderAsync(Token))
            {
                while (await reader.ReadAsync(Token)) plan.Add(reader.GetString(0));
            }

            var text = string.Join('\n', plan);
            Assert.True(
                text.Split([' ', '\n']).Contains(index, StringComparer.Ordinal) && !text.Contains("Seq Scan on files", StringComparison.Ordinal) && !text.Contains("Seq Scan on contents", StringComparison.Ordinal), $"{mode}\n{command.CommandText}\n{text}");
        }
    }

    private async Task<string[]> ListAsync(FileFilter filter)
    {
        var page = (await _catalog.ListFilesAsync(filter, Token))!;
        return [.. page.Files.Select(file => file.File.Id)];
    }

    private async Task<CatalogFile> AddAsync(string name, string contentType = "video/mp4", string? detectedType = "video/mp4")
    {
        var content = Samples.Content(detectedType: detectedType) with { ContentType = contentType };
        return (await _catalog.StoreAsync(content, _user, name)).File;
    }
}
