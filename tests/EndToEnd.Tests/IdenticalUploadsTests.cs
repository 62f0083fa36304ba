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
        Assert.Equal(0, await world.CountPendingAsync());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), await world.HashObjectAsync($"hash/{pieceHash}"));
        Assert.Equal(uploads, await world.QueryAsync<int>("select files from contents"));
        Assert.Equal(uploads, await world.QueryAsync<long>("select count(distinct id) from files"));
        foreach (var api in apis)
            api.Dispose();
    }
}
