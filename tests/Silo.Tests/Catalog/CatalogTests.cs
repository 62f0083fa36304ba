using System.Text.Json.Nodes;
using Media.Grains.Contents;
using Media.Grains.Files;
using Media.Silo.Postgres;
using Media.Silo.Tests.Postgres;
using Media.Tests.Support;
using Npgsql;

namespace Media.Silo.Tests.Catalog;

public sealed class CatalogTests(PostgresFixture postgres) : IAsyncLifetime, IClassFixture<PostgresFixture>
{
    private PostgresDatabase _database = null!;
    private PostgresCatalog _catalog = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await Database.OpenMigratedAsync(postgres.ConnectionString);
        _catalog = new PostgresCatalog(_database);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task BeginPromotion_NewContent_IsAnnouncedOnce()
    {
        var content = Samples.Content();

        var first = await _catalog.BeginPromotionAsync(content, Token);
        var second = await _catalog.BeginPromotionAsync(content with { ContentType = "text/plain" }, Token);

        Assert.Equal(ContentState.Promoting, first.State);
        Assert.Equal($"hash/{content.PieceHash}", first.Key);
        Assert.Equal(0, first.Files);
        Assert.Equal(first, second);
        Assert.Equal(first, await _catalog.FindContentAsync(content.PieceHash, Token));
        Assert.Null(await _catalog.FindContentAsync(Samples.NewHash(), Token));
    }

    [Fact]
    public async Task AddFile_Promoted_StoresTheContentAndTellsOfIt()
    {
        var content = Samples.Content(detectedType: "image/png");
        var announced = await _catalog.BeginPromotionAsync(content, Token);
        Assert.False(await _catalog.HasTipAsync(content.TipHash, content.Size, Token));
        var file = Samples.File(content);

        var added = await _catalog.AddFileAsync(file, announced.Generation, Samples.Object(), Token);

        Assert.Equal(file, added!.File);
        Assert.Equal(("\"etag\"", "v1", false), (added.ETag, added.VersionId, added.Duplicate));
        var stored = await _catalog.FindContentAsync(content.PieceHash, Token);
        Assert.Equal(announced with { State = ContentState.Stored, ETag = "\"etag\"", VersionId = "v1", Files = 1 }, stored);
        Assert.True(await _catalog.HasTipAsync(content.TipHash, content.Size, Token));
        Assert.False(await _catalog.HasTipAsync(content.TipHash, content.Size + 1, Token));
        Assert.True(await _catalog.HasFileAsync("ada", content.PieceHash, Token));
        Assert.False(await _catalog.HasFileAsync("bob", content.PieceHash, Token));
        Assert.Equivalent(added, await _catalog.FindFileAsync(file.Id, Token), strict: true);
        Assert.Equal(["upload.verified"], await EventsAsync(file.Id));
        var told = JsonNode.Parse(await ScalarAsync<string>("select data::text from outbox where subject = $1", file.Id))!;
        Assert.Equal(
            ["ada", "film.mp4", "video/mp4", "image/png", content.TipHash, content.PieceHash, $"hash/{content.PieceHash}"],
            new[] { "user", "fileName", "contentType", "detectedType", "tipHash", "pieceHash", "key" }.Select(member => (string?)told[member]));
        Assert.Equal(1_000, (long)told["size"]!);
        Assert.Equal(1L, await ScalarAsync<long>("select count(*) from jobs where kind = 'make-thumbnails' and key = $1", content.PieceHash));
    }

    [Fact]
    public async Task AddFile_StoredAlready_IsADuplicate()
    {
        var (content, first) = await _catalog.StoreAsync();
        var announced = await _catalog.BeginPromotionAsync(content, Token);
        Assert.Equal(ContentState.Stored, announced.State);
        var file = Samples.File(content, "bob");

        var added = await _catalog.AddFileAsync(file, announced.Generation, null, Token);

        Assert.Equal((first.ETag, first.VersionId, true), (added!.ETag, added.VersionId, added.Duplicate));
        Assert.Equal(2, (await _catalog.FindContentAsync(content.PieceHash, Token))!.Files);
        Assert.Equal(["upload.duplicate"], await EventsAsync(file.Id));
    }

    [Fact]
    public async Task AddFile_ThumbnailsAreThere_TellsOfThemToo()
    {
        var (content, first) = await _catalog.StoreAsync();
        await _database.ExecuteAsync($"insert into thumbnails (piece_hash, width, key, size) select '{content.PieceHash}', width, '', 1 from unnest(array[512, 128]) as width");

        var (_, second) = await _catalog.StoreAsync(content);

        Assert.Equal(["upload.duplicate", "thumbnail.ready"], await EventsAsync(second.File.Id));
        foreach (var file in new[] { first, second }) Assert.Equal([128, 512], (await _catalog.FindFileAsync(file.File.Id, Token))!.Thumbnails);
        Assert.All((await _catalog.ListFilesAsync(new FileFilter { Hash = content.TipHash }, Token))!.Files, file => Assert.Equal([128, 512], file.Thumbnails));
    }

    [Fact]
    public async Task AddFile_StoredButPutThereAgain_KnowsTheNewObject()
    {
        var (content, _) = await _catalog.StoreAsync();
        var announced = await _catalog.BeginPromotionAsync(content, Token);
        var file = Samples.File(content, "bob");

        var added = await _catalog.AddFileAsync(file, announced.Generation, Samples.Object(etag: "\"other\"", versionId: "v2"), Token);

        Assert.Equal(("\"other\"", "v2", true), (added!.ETag, added.VersionId, added.Duplicate));
        var found = (await _catalog.FindContentAsync(content.PieceHash, Token))!;
        Assert.Equal(("\"other\"", "v2"), (found.ETag, found.VersionId));
        Assert.Equal(["upload.duplicate"], await EventsAsync(file.Id));
    }

    [Theory]
    [InlineData("text/plain", "application/pdf", 0)]
    [InlineData("application/pdf", null, 0)]
    [InlineData("text/plain", "image/png", 1)]
    [InlineData("image/jpeg", null, 1)]
    [InlineData("video/mp4", "application/pdf", 1)]
    public async Task AddFile_NoPictureNorSaidToBe_AsksForNoThumbnails(string contentType, string? detectedType, long jobs)
    {
        var (content, _) = await _catalog.StoreAsync(Samples.Content(detectedType: detectedType) with { ContentType = contentType });

        Assert.Equal(jobs, await ScalarAsync<long>("select count(*) from jobs where key = $1", content.PieceHash));
    }

    [Fact]
    public async Task AddFile_Again_ChangesNothing()
    {
        var content = Samples.Content();
        var announced = await _catalog.BeginPromotionAsync(content, Token);
        var file = Samples.File(content);
        var added = await _catalog.AddFileAsync(file, announced.Generation, Samples.Object(), Token);

        var again = await _catalog.AddFileAsync(file with { Name = "other" }, announced.Generation, Samples.Object(etag: "\"other\""), Token);
        var late = await _catalog.AddFileAsync(file, announced.Generation + 1, null, Token);

        Assert.Equivalent(added, again, strict: true);
        Assert.Equivalent(added, late, strict: true);
        Assert.Equal(1, (await _catalog.FindContentAsync(content.PieceHash, Token))!.Files);
        Assert.Equal(["upload.verified"], await EventsAsync(file.Id));
    }

    [Fact]
    public async Task AddFile_ContentNotThereAsExpected_IsRefusedAndLeavesNothing()
    {
        var content = Samples.Content();
        var file = Samples.File(content);
        Assert.Null(await _catalog.AddFileAsync(file, 1, Samples.Object(), Token));
        var announced = await _catalog.BeginPromotionAsync(content, Token);

        Assert.Null(await _catalog.AddFileAsync(file, announced.Generation - 1, Samples.Object(), Token));
        Assert.Null(await _catalog.AddFileAsync(file, announced.Generation, null, Token));

        Assert.Null(await _catalog.FindFileAsync(file.Id, Token));
        Assert.Empty(await EventsAsync(file.Id));
        Assert.Equal(announced, await _catalog.FindContentAsync(content.PieceHash, Token));
    }

    [Fact]
    public async Task AddFile_Empty_HasNoContent()
    {
        var file = Samples.EmptyFile();

        var added = await _catalog.AddFileAsync(file, 0, Samples.Object(0, "\"empty\"", "v7"), Token);
        await _catalog.AddFileAsync(file, 0, Samples.Object(0, "\"empty\"", "v7"), Token);

        Assert.Equal((file, "\"empty\"", "v7", false), (added!.File, added.ETag, added.VersionId, added.Duplicate));
        Assert.Equal(["upload.verified"], await EventsAsync(file.Id));
    }

    [Fact]
    public async Task RemoveFile_OneOfTwo_KeepsTheContent()
    {
        var (content, first) = await _catalog.StoreAsync();
        var (_, second) = await _catalog.StoreAsync(content, "bob");

        var removed = await RemoveAsync(first, TimeSpan.Zero);

        Assert.Equivalent(first, removed, strict: true);
        Assert.Null(await _catalog.FindFileAsync(first.File.Id, Token));
        Assert.Equal(1, (await _catalog.FindContentAsync(content.PieceHash, Token))!.Files);
        Assert.Equal(["upload.verified", "file.deleted"], await EventsAsync(first.File.Id));
        Assert.Equal(0L, await ScalarAsync<long>("select count(*) from jobs where kind = 'collect-content' and key = $1", content.PieceHash));
        Assert.Equal(new CollectDecision(null, null), await _catalog.BeginDeletionAsync(content.PieceHash, TimeSpan.Zero, Token));
        Assert.NotNull(await _catalog.FindFileAsync(second.File.Id, Token));
    }

    [Fact]
    public async Task RemoveFile_TheLast_HasTheContentCollectedAfterItsGrace()
    {
        var (content, file) = await _catalog.StoreAsync();

        await RemoveAsync(file, Samples.Day);

        Assert.InRange(
            await ScalarAsync<TimeSpan>("select due_at - now() from jobs where kind = 'collect-content' and key = $1", content.PieceHash), Samples.Day * 0.99, Samples.Day);
        var early = await _catalog.BeginDeletionAsync(content.PieceHash, Samples.Day, Token);
        Assert.Null(early.Content);
        Assert.InRange(early.LookAgainIn!.Value, Samples.Day * 0.99, Samples.Day);
    }

    [Fact]
    public async Task RemoveFile_NotTheUsersOrGone_IsNull()
    {
        var (content, file) = await _catalog.StoreAsync();

        Assert.Null(await _catalog.RemoveFileAsync(file.File.Id, "bob", TimeProvider.System.GetUtcNow(), Samples.Day, Token));
        Assert.NotNull(await RemoveAsync(file, Samples.Day));
        Assert.Null(await RemoveAsync(file, Samples.Day));

        Assert.Equal(0, (await _catalog.FindContentAsync(content.PieceHash, Token))!.Files);
        Assert.Equal(["upload.verified", "file.deleted"], await EventsAsync(file.File.Id));
    }

    [Fact]
    public async Task RemoveFile_Empty_HasItsObjectCollected()
    {
        var file = Samples.EmptyFile();
        var added = await _catalog.AddFileAsync(file, 0, Samples.Object(0), Token);

        await RemoveAsync(added!, Samples.Day);

        Assert.Null(await _catalog.FindFileAsync(file.Id, Token));
        Assert.Equal(1L, await ScalarAsync<long>("select count(*) from jobs where kind = 'collect-content' and key = $1 and due_at <= now()", file.Key));
    }

    [Fact]
    public async Task AddFile_DeletedSince_IsNotBroughtBack()
    {
        var content = Samples.Content();
        var announced = await _catalog.BeginPromotionAsync(content, Token);
        var file = Samples.File(content);
        var added = await _catalog.AddFileAsync(file, announced.Generation, Samples.Object(), Token);
        await RemoveAsync(added!, Samples.Day);

        // As one does who never heard that the first call had worked.
        Assert.Equal(file, (await _catalog.AddFileAsync(file, announced.Generation, Samples.Object(), Token))!.File);
        await CollectAsync(content.PieceHash);
        Assert.Equal(file, (await _catalog.AddFileAsync(file, announced.Generation, Samples.Object(), Token))!.File);

        Assert.Null(await _catalog.FindFileAsync(file.Id, Token));
        Assert.Null(await _catalog.FindContentAsync(content.PieceHash, Token));
    }

    [Fact]
    public async Task AddFile_DuringTheGrace_KeepsTheContent()
    {
        var (content, file) = await _catalog.StoreAsync();
        await RemoveAsync(file, Samples.Day);

        var (_, again) = await _catalog.StoreAsync(content);

        Assert.True(again.Duplicate);
        Assert.Equal(new CollectDecision(null, null), await _catalog.BeginDeletionAsync(content.PieceHash, TimeSpan.Zero, Token));
    }

    [Fact]
    public async Task Deletion_GraceIsOver_NobodyCanReferAndTheNextLifeIsAnother()
    {
        var (content, file) = await _catalog.StoreAsync();
        await RemoveAsync(file, TimeSpan.Zero);

        var deleting = (await _catalog.BeginDeletionAsync(content.PieceHash, TimeSpan.Zero, Token)).Content;
        var again = (await _catalog.BeginDeletionAsync(content.PieceHash, Samples.Day, Token)).Content;

        Assert.Equal(ContentState.Deleting, deleting!.State);
        Assert.Equal(deleting, again);
        Assert.False(await _catalog.HasTipAsync(content.TipHash, content.Size, Token));
        Assert.Equal(deleting, await _catalog.BeginPromotionAsync(content, Token));
        Assert.Null(await _catalog.AddFileAsync(Samples.File(content), deleting.Generation, Samples.Object(), Token));

        await _catalog.EndDeletionAsync(content.PieceHash, deleting.Generation, Token);
        Assert.Null(await _catalog.FindContentAsync(content.PieceHash, Token));
        Assert.Equal(new CollectDecision(null, null), await _catalog.BeginDeletionAsync(content.PieceHash, TimeSpan.Zero, Token));
        var next = await _catalog.BeginPromotionAsync(content, Token);
        Assert.True(next.Generation > deleting.Generation);
        // One that took too long must not touch it.
        await _catalog.EndDeletionAsync(content.PieceHash, deleting.Generation, Token);
        await _catalog.EndDeletionAsync(content.PieceHash, next.Generation, Token);
        Assert.Equal(next, await _catalog.FindContentAsync(content.PieceHash, Token));
    }

    [Fact]
    public async Task Deletion_OfAPromotion_WaitsUntilItIsCertainlyOver()
    {
        var content = Samples.Content();
        await _catalog.BeginPromotionAsync(content, Token);
        Assert.InRange((await _catalog.BeginDeletionAsync(content.PieceHash, TimeSpan.Zero, Token)).LookAgainIn!.Value, Samples.Day * 0.99, Samples.Day);
        await AgeAsync(content.PieceHash, Samples.Day * 2);

        // Somebody is at it again.
        await _catalog.BeginPromotionAsync(content, Token);
        Assert.Null((await _catalog.BeginDeletionAsync(content.PieceHash, TimeSpan.Zero, Token)).Content);
        await AgeAsync(content.PieceHash, Samples.Day * 2);

        Assert.NotNull((await _catalog.BeginDeletionAsync(content.PieceHash, TimeSpan.Zero, Token)).Content);
    }

    [Fact]
    public async Task FindUnreferenced_ThoseWhoseTimeHasCome_OldestFirst()
    {
        var ours = new List<string>();
        foreach (var age in new[] { 3, 5, 1 })
        {
            var (content, file) = await _catalog.StoreAsync();
            await RemoveAsync(file, TimeSpan.Zero);
            await AgeAsync(content.PieceHash, Samples.Day * age);
            ours.Add(content.PieceHash);
        }

        var (kept, _) = await _catalog.StoreAsync();
        var promoting = Samples.Content();
        await _catalog.BeginPromotionAsync(promoting, Token);

        var due = await _catalog.FindUnreferencedAsync(Samples.Day * 2, 1_000, Token);
        Assert.Equal([ours[1], ours[0]], due.Where(hash => ours.Contains(hash)));
        Assert.DoesNotContain(kept.PieceHash, due);
        Assert.DoesNotContain(promoting.PieceHash, await _catalog.FindUnreferencedAsync(TimeSpan.Zero, 1_000, Token));
        await AgeAsync(promoting.PieceHash, Samples.Day * 2);
        Assert.Contains(promoting.PieceHash, await _catalog.FindUnreferencedAsync(TimeSpan.Zero, 1_000, Token));
        Assert.Single(await _catalog.FindUnreferencedAsync(TimeSpan.Zero, 1, Token));
    }

    private Task<CatalogFile?> RemoveAsync(CatalogFile file, TimeSpan grace) =>
        _catalog.RemoveFileAsync(file.File.Id, file.File.User, TimeProvider.System.GetUtcNow(), grace, Token);

    private async Task CollectAsync(string pieceHash)
    {
        var content = (await _catalog.BeginDeletionAsync(pieceHash, TimeSpan.Zero, Token)).Content!;
        await _catalog.EndDeletionAsync(pieceHash, content.Generation, Token);
    }

    private async Task AgeAsync(string pieceHash, TimeSpan age) =>
        Assert.Equal(1L, await ScalarAsync<long>(
            $"with aged as (update contents set unreferenced_at = now() - interval '{age.TotalSeconds} s' where piece_hash = $1 returning 1) select count(*) from aged", pieceHash));

    private async Task<string[]> EventsAsync(string subject) =>
        await ScalarAsync<string[]>("select coalesce(array_agg(type order by id), '{}') from outbox where subject = $1", subject);

    private async Task<T> ScalarAsync<T>(string sql, string argument)
    {
        await using var command = _database.Source.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter { Value = argument });
        await using var reader = await command.ExecuteReaderAsync(Token);
        Assert.True(await reader.ReadAsync(Token));
        return reader.GetFieldValue<T>(0);
    }
}
