using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Media.EndToEnd.Tests.Support;
using Media.Tests.Support;

namespace Media.EndToEnd.Tests;

/// <summary>What a client sees of verification, from another process than the one that verifies.</summary>
[Trait("Category", "S3")]
public sealed class VerificationTests(StorageFixture storage) : IClassFixture<StorageFixture>, IAsyncLifetime
{
    private const int MiB = 1 << 20;
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private World world = null!;

    public async ValueTask InitializeAsync() => world = await World.CreateAsync(storage);

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task ByteFlippedInTheBucket_BetweenCompletionAndVerification_IsFoundAndPutAway()
    {
        var bytes = RandomNumberGenerator.GetBytes(20 * MiB);
        var idle = await world.StartAsync(("Media__Jobs__Concurrency", "0"));
        using var http = idle.CreateClient();
        var tag = await http.UploadAsync("film.bin", bytes);
        bytes[12_345_678] ^= 1;
        await world.PutAsync($"upload/{tag}", bytes);

        await world.StartAsync();
        var ended = await http.UntilEndedAsync(tag);

        Assert.Equal("Mismatched", ended.GetProperty("state").GetString());
        Assert.Contains("replaced", ended.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, ended.GetProperty("fileId").ValueKind);
        Assert.Equal([$"quarantine/{tag}"], await world.KeysAsync());
        Assert.Equal(["upload.created", "upload.stored", "upload.mismatched"], await world.EventsAsync(tag));
    }

    [Fact]
    public async Task Events_WhileAnotherProcessVerifies_TellStatesAndGrowingProgress()
    {
        var bytes = RandomNumberGenerator.GetBytes(40 * MiB);
        var idle = await world.StartAsync(("Media__Jobs__Concurrency", "0"));
        using var http = idle.CreateClient();
        var tag = await http.UploadAsync("film.bin", bytes);
        using var stream = await http.GetStreamAsync(new Uri($"/v1/uploads/{tag}/events", UriKind.Relative), cancel);
        using var reader = new StreamReader(stream);
        // Each chunk waits for its moment: slow enough that there is something to tell.
        world.Proxy.During = (request, _) => StoreProxy.IsRead(request) ? Task.Delay(TimeSpan.FromMilliseconds(10), cancel) : Task.CompletedTask;

        await world.StartAsync(("Media__Verification__ProgressInterval", "00:00:00.010"));
        var states = new List<string>();
        var progress = new List<long>();
        while (await reader.ReadLineAsync(cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(60), cancel) is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
                continue;
            var data = JsonDocument.Parse(line["data: ".Length..]).RootElement;
            Assert.Equal(tag, data.GetProperty("tag").GetString());
            if (data.TryGetProperty("state", out var state))
            {
                states.Add(state.GetString()!);
                continue;
            }

            Assert.Equal("Verifying", states[^1]);
            Assert.Equal(bytes.Length, data.GetProperty("size").GetInt64());
            progress.Add(data.GetProperty("verified").GetInt64());
        }

        Assert.Equal(["Created", "Uploading", "Completing", "Stored", "Verifying", "Verified"], states);
        Assert.True(progress.Count >= 3, string.Join(' ', progress.Select(value => value.ToString(CultureInfo.InvariantCulture))));
        Assert.Equal(progress.Order(), progress);
        Assert.Equal(progress.Distinct(), progress);
    }
}
