using System.Security.Cryptography;
using Media.EndToEnd.Tests.Support;
using Media.Tests.Support;

namespace Media.EndToEnd.Tests;

/// <summary>Identical files that are completed at the same moment: one object, and a file for each.</summary>
[Trait("Category", "S3")]
public sealed class IdenticalUploadsTests(StorageFixture storage) : IClassFixture<StorageFixture>, IAsyncLifetime
{
    private World world = null!;

    public async ValueTask InitializeAsync() => world = await World.CreateAsync(storage);

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Theory]
    [InlineData(2, 1)]
    [InlineData(50, 1)]
    [InlineData(50, 2)]
    public async Task IdenticalFiles_CompletedAtOnce_AreOneObjectAndAsManyFiles(int uploads, int processes)
    {
        var bytes = RandomNumberGenerator.GetBytes(300_000);
        var apis = new List<HttpClient>();
        for (var number = 0; number < processes; number++)
            apis.Add((await world.StartAsync(("Media__Jobs__Concurrency", "8"))).CreateClient());
        var tags = await Task.WhenAll(Enumerable.Range(0, uploads).Select(async number =>
        {
            // Without hashes, or they would be resumptions of one upload.
            var opened = await apis[number % processes].OpenAsync($"{number}.bin", bytes.Length, $"client-{number}");
            await Uploading.SendPartsAsync(opened, bytes);
            return opened.GetProperty("tag").GetString()!;
        }));

        await Task.WhenAll(tags.Select((tag, number) => apis[number % processes].CompleteAsync(tag)));
        var ended = await Task.WhenAll(tags.Select((tag, number) => apis[number % processes].UntilEndedAsync(tag)));

        Assert.Equal(1, ended.Count(upload => upload.GetProperty("state").GetString() == "Verified"));
        Assert.Equal(uploads - 1, ended.Count(upload => upload.GetProperty("state").GetString() == "Duplicate"));
        var pieceHash = Assert.Single(ended.Select(upload => upload.GetProperty("pieceHash").GetString()).Distinct());
        await Eventually.TrueAsync(async () => (await world.KeysAsync()).Count == 1, TimeSpan.FromSeconds(60));
        Assert.Equal([$"hash/{pieceHash}"], await world.KeysAsync());
        Assert.Empty((await world.PendingKeysAsync()).Intersect(tags.Select(tag => $"upload/{tag}")));
        Assert.DoesNotContain($"hash/{pieceHash}", await world.PendingKeysAsync());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), await world.HashObjectAsync($"hash/{pieceHash}"));
        Assert.Equal(uploads, await world.QueryAsync<int>("select files from contents"));
        Assert.Equal(uploads, await world.QueryAsync<long>("select count(distinct id) from files"));
        foreach (var api in apis)
            api.Dispose();
    }

    [Fact]
    public async Task IdenticalFiles_DeletedOneByOne_TheirObjectGoesWithTheLastAndComesBack()
    {
        var bytes = RandomNumberGenerator.GetBytes(300_000);
        var api = await world.StartAsync(("Media__Content__DeletionGrace", "00:00:00"));
        using var http = api.CreateClient();
        var tags = new List<string>();
        for (var number = 0; number < 3; number++)
            tags.Add(await UploadAsync(http, bytes, number == 0 ? "Verified" : "Duplicate"));
        var keys = await world.KeysAsync();
        Assert.StartsWith("hash/", Assert.Single(keys), StringComparison.Ordinal);

        await DeleteAsync(http, tags[0]);
        await DeleteAsync(http, tags[2]);
        Assert.Equal(1, await world.QueryAsync<int>("select files from contents"));
        Assert.Equal(0, await world.QueryAsync<long>("select count(*) from jobs where kind = 'collect-content'"));
        Assert.Equal(keys, await world.KeysAsync());

        await DeleteAsync(http, tags[1]);
        await Eventually.TrueAsync(async () => await world.QueryAsync<long>("select count(*) from contents") == 0, TimeSpan.FromSeconds(60));
        Assert.Empty(await world.KeysAsync());

        await UploadAsync(http, bytes, "Verified");
        Assert.Equal(keys, await world.KeysAsync());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), await world.HashObjectAsync(keys[0]));
    }

    [Fact]
    public async Task Content_UploadedAgainBeforeItIsCollected_IsKept()
    {
        var bytes = RandomNumberGenerator.GetBytes(300_000);
        var api = await world.StartAsync(("Media__Content__DeletionGrace", "01:00:00"));
        using var http = api.CreateClient();
        await DeleteAsync(http, await UploadAsync(http, bytes, "Verified"));
        Assert.Equal(1, await world.QueryAsync<long>("select count(*) from jobs where kind = 'collect-content'"));

        await UploadAsync(http, bytes, "Duplicate");
        await using (var hurry = world.Database.CreateCommand("update jobs set due_at = now() where kind = 'collect-content'"))
            await hurry.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => await world.QueryAsync<long>("select count(*) from jobs where kind = 'collect-content'") == 0, TimeSpan.FromSeconds(60));

        var key = Assert.Single(await world.KeysAsync());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), await world.HashObjectAsync(key));
        Assert.Equal(1, await world.QueryAsync<int>("select files from contents where state = 'Stored'"));
    }

    private async Task<string> UploadAsync(HttpClient http, byte[] bytes, string state)
    {
        var tag = await http.UploadAsync("film.bin", bytes);
        Assert.Equal(state, (await http.UntilEndedAsync(tag)).GetProperty("state").GetString());
        // Its temporary object goes last.
        await Eventually.TrueAsync(async () => !(await world.KeysAsync()).Contains($"upload/{tag}"), TimeSpan.FromSeconds(60));
        return tag;
    }

    private static async Task DeleteAsync(HttpClient http, string id)
    {
        using var answer = await http.DeleteAsync(new Uri($"/v1/files/{id}", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.NoContent, answer.StatusCode);
    }
}
