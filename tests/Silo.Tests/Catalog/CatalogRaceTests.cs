using Media.Grains.Contents;
using Media.Grains.Files;
using Media.Silo.Postgres;
using Media.Silo.Tests.Postgres;
using Media.Tests.Support;

namespace Media.Silo.Tests.Catalog;

/// <summary>Several processes at one content, without an actor between them.</summary>
public sealed class CatalogRaceTests(PostgresFixture postgres) : IAsyncLifetime, IClassFixture<PostgresFixture>
{
    private PostgresDatabase[] _databases = [];
    private PostgresCatalog[] _catalogs = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        // As many as here never wait for one row; and where the machine is busy they wait long.
        static void Configure(PostgresOptions options) => options.CommandTimeout = TimeSpan.FromMinutes(1);
        _databases = [await Database.OpenMigratedAsync(postgres.ConnectionString, Configure), Database.Open(postgres.ConnectionString, Configure)];
        _catalogs = [.. _databases.Select(database => new PostgresCatalog(database))];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _databases) await database.DisposeAsync();
    }

    [Fact]
    public async Task AddFile_FiftyAtOnce_IsOneContentWithFiftyFiles()
    {
        var content = Samples.Content();

        var added = await Task.WhenAll(Enumerable.Range(0, 50).Select(async number =>
        {
            var catalog = _catalogs[number % 2];
            var announced = await catalog.BeginPromotionAsync(content, Token);
            return await catalog.AddFileAsync(Samples.File(content, $"user{number % 7}"), announced.Generation, Samples.Object(), Token);
        }));

        Assert.Equal(50, (await _catalogs[0].FindContentAsync(content.PieceHash, Token))!.Files);
        Assert.Equal(50, added.Select(file => file!.File.Id).Distinct().Count());
        var first = Assert.Single(added, file => !file!.Duplicate);
        var told = await _databases[0].QueryAsync<string[]>(
            $"select array_agg(subject || '.' || type order by type, subject collate \"C\") from outbox where data->>'pieceHash' = '{content.PieceHash}'");
        Assert.Equal(
            added.Where(file => file!.Duplicate).Select(file => $"{file!.File.Id}.upload.duplicate").Order(StringComparer.Ordinal).Append($"{first!.File.Id}.upload.verified"), told);
        Assert.Equal(1L, await _databases[0].QueryAsync<long>($"select count(*) from jobs where key = '{content.PieceHash}'"));
    }

    [Fact]
    public async Task AddAndRemoveAndCollect_AtOnce_NeverLoseWhatIsReferredTo()
    {
        NewContent[] contents = [Samples.Content(), Samples.Content()];
        using var done = new CancellationTokenSource();
        var collected = 0;
        var collectors = Enumerable.Range(0, 4).Select(number => Task.Run(async () =>
        {
            var (catalog, hash) = (_catalogs[number % 2], contents[number / 2].PieceHash);
            while (!done.IsCancellationRequested)
            {
                if ((await catalog.BeginDeletionAsync(hash, TimeSpan.Zero, Token)).Content is not { } content) continue;
                await catalog.EndDeletionAsync(hash, content.Generation, Token);
                Interlocked.Increment(ref collected);
            }
        })).ToArray();

        var kept = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(async () =>
        {
            var (catalog, content) = (_catalogs[number % 2], contents[number / 4]);
            CatalogFile? last = null;
            for (var round = 0; round < 40; round++)
            {
                if (last is not null) Assert.NotNull(await catalog.RemoveFileAsync(last.File.Id, last.File.User, TimeProvider.System.GetUtcNow(), TimeSpan.Zero, Token));
                last = await FileAsync(catalog, Samples.File(content, $"user{number}"), content);
            }

            return last!;
        })));
        await done.CancelAsync();
        await Task.WhenAll(collectors);

        Assert.NotEqual(0, collected);
        foreach (var content in contents)
        {
            var found = (await _catalogs[0].FindContentAsync(content.PieceHash, Token))!;
            Assert.Equal((ContentState.Stored, 4), (found.State, found.Files));
        }

        foreach (var file in kept) Assert.NotNull(await _catalogs[0].FindFileAsync(file.File.Id, Token));
    }

    // As an upload does that is verified.
    private static async Task<CatalogFile> FileAsync(PostgresCatalog catalog, NewFile file, NewContent content)
    {
        while (true)
        {
            var announced = await catalog.BeginPromotionAsync(content, Token);
            var promoted = announced.State == ContentState.Promoting ? Samples.Object() : null;
            if (announced.State != ContentState.Deleting && await catalog.AddFileAsync(file, announced.Generation, promoted, Token) is { } added) return added;
            await Task.Yield();
        }
    }
}
