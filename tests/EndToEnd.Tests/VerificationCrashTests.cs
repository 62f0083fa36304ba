using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Media.EndToEnd.Tests.Support;
using Media.Fuji;
using Media.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Media.EndToEnd.Tests;

/// <summary><c>kill -9</c> at every step between an upload's completion and its end; another process goes on from there.</summary>
[Trait("Category", "S3")]
public sealed class VerificationCrashTests(StorageFixture storage) : IClassFixture<StorageFixture>, IAsyncLifetime
{
    private const int MiB = 1 << 20;
    private const string Wrong = "WRONGWRONGWRONGWRONGWRONGWRONGWRONGWRONGWRONGWRONGWQ";
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly byte[] bytes = RandomNumberGenerator.GetBytes(9 * MiB);
    private World world = null!;

    public async ValueTask InitializeAsync() => world = await World.CreateAsync(storage);

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task KilledInTheMiddleOfALargeObject_AnotherProcessGoesOnFromTheCheckpoint()
    {
        var large = RandomNumberGenerator.GetBytes(160 * MiB);
        var hashes = await HashAsync(large);
        var first = await world.StartAsync(("Media__Verification__CheckpointInterval", "00:00:00.020"), ("Media__Verification__Parallelism", "2"));
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Proxy.During = (request, _) => StoreProxy.IsRead(request) && world.Proxy.BytesRead > 100 * MiB ? hold.Task : Task.CompletedTask;
        using var http = first.CreateClient();
        var tag = await http.UploadAsync("large.bin", large, tipHash: hashes.TipHash, pieceHash: hashes.PieceHash);

        await Eventually.TrueAsync(() => world.Proxy.BytesRead > 100 * MiB, TimeSpan.FromSeconds(60), cancel);
        await Eventually.TrueAsync(async () => (await CheckpointAsync(large.Length)).FinishedBytes >= 80 * MiB, TimeSpan.FromSeconds(60), cancel);
        await first.KillAsync();
        // Nothing more of it is passed on, nor counted.
        hold.SetException(new IOException("Cut."));
        var finished = (await CheckpointAsync(large.Length)).FinishedBytes;
        var before = world.Proxy.BytesRead;
        world.Proxy.During = (_, _) => Task.CompletedTask;

        var second = await world.StartAsync();
        await AssertVerifiedAsync(second, tag, hashes.PieceHash, large);
        Assert.Equal(large.Length - finished, world.Proxy.BytesRead - before);
    }

    [Fact]
    public async Task KilledSinceItsLastCheckpoint_NoLessProgressIsToldThanBefore()
    {
        var often = ("Media__Verification__ProgressInterval", "00:00:00.010");
        var first = await world.StartAsync(often, ("Media__Verification__CheckpointInterval", "01:00:00"), ("Media__Verification__Parallelism", "1"));
        var watcher = await world.StartAsync(("Media__Jobs__Concurrency", "0"));
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Proxy.During = (request, _) => StoreProxy.IsRead(request) && world.Proxy.BytesRead > 30 * MiB ? hold.Task : Task.CompletedTask;
        using var http = first.CreateClient();
        var tag = await http.UploadAsync("film.bin", RandomNumberGenerator.GetBytes(40 * MiB));
        using var watching = watcher.CreateClient();
        var told = new ConcurrentQueue<long>();
        var watched = WatchAsync(watching, tag, told);
        await Eventually.TrueAsync(() => told.LastOrDefault() >= 20 * MiB, TimeSpan.FromSeconds(60), cancel);
        await first.KillAsync();
        hold.SetException(new IOException("Cut."));
        // Slow enough that there is something to tell on the way back to where it was.
        world.Proxy.During = (request, _) => StoreProxy.IsRead(request) ? Task.Delay(TimeSpan.FromMilliseconds(10), cancel) : Task.CompletedTask;

        await world.StartAsync(often, ("Media__Verification__Parallelism", "1"));
        await watched.WaitAsync(TimeSpan.FromSeconds(120), cancel);
        Assert.Equal(told.Distinct().Order(), told);
    }

    [Fact]
    public async Task KilledWhenTheCopyIsMade_EndsRight()
    {
        var first = await world.StartAsync();
        var killed = KillAfter(first, request => StoreProxy.IsCopyTo(request, "hash/"));
        using var http = first.CreateClient();
        var tag = await http.UploadAsync("film.bin", bytes);
        await killed;

        Assert.Equal(0, await world.QueryAsync<long>("select count(*) from files"));
        await AssertVerifiedAsync(await world.StartAsync(), tag, (await HashAsync(bytes)).PieceHash, bytes);
    }

    [Fact]
    public async Task KilledInTheMiddleOfACopyByParts_LeavesNoPart()
    {
        var byParts = ("Media__S3__CopyLimit", $"{5 * MiB}");
        var first = await world.StartAsync(byParts);
        var killed = KillAfter(first, request => StoreProxy.IsCopyTo(request, "hash/"));
        using var http = first.CreateClient();
        var tag = await http.UploadAsync("film.bin", bytes);
        await killed;

        var pieceHash = (await HashAsync(bytes)).PieceHash;
        Assert.Equal([$"hash/{pieceHash}"], await world.PendingKeysAsync());
        await AssertVerifiedAsync(await world.StartAsync(byParts), tag, pieceHash, bytes);
    }

    [Fact]
    public async Task KilledBetweenCopyAndCatalogEntry_EndsRight()
    {
        var first = await world.StartAsync();
        using var http = first.CreateClient();
        var held = await world.HoldAsync("files");
        var tag = await http.UploadAsync("film.bin", bytes);
        await world.UntilBlockedAsync("files");
        await first.KillAsync();
        await held.DisposeAsync();
        Assert.Equal("Verifying", await StateAsync(tag));

        await AssertVerifiedAsync(await world.StartAsync(), tag, (await HashAsync(bytes)).PieceHash, bytes);
    }

    [Fact]
    public async Task KilledBetweenCatalogEntryAndSession_EndsRight()
    {
        var first = await world.StartAsync();
        using var http = first.CreateClient();
        IAsyncDisposable? held = null;
        world.Proxy.After = async request =>
        {
            if (StoreProxy.IsCopyTo(request, "hash/"))
                held ??= await world.HoldAsync("grain_state");
        };
        var tag = await http.UploadAsync("film.bin", bytes);
        await Eventually.TrueAsync(async () => await world.QueryAsync<long>("select count(*) from files") == 1, TimeSpan.FromSeconds(60), cancel);
        await world.UntilBlockedAsync("grain_state");
        await first.KillAsync();
        await held!.DisposeAsync();
        world.Proxy.After = _ => Task.CompletedTask;
        Assert.Equal("Verifying", await StateAsync(tag));

        await AssertVerifiedAsync(await world.StartAsync(), tag, (await HashAsync(bytes)).PieceHash, bytes);
    }

    [Fact]
    public async Task KilledBetweenSessionAndDeletionOfTheTemporaryObject_EndsRight()
    {
        var first = await world.StartAsync();
        var killed = KillBefore(first, request => StoreProxy.IsDeleteOf(request, "upload/"));
        using var http = first.CreateClient();
        var tag = await http.UploadAsync("film.bin", bytes);
        await killed;
        Assert.Equal("Verified", await StateAsync(tag));
        Assert.Contains($"upload/{tag}", await world.KeysAsync());

        await AssertVerifiedAsync(await world.StartAsync(), tag, (await HashAsync(bytes)).PieceHash, bytes);
    }

    [Theory]
    [InlineData("copied")]
    [InlineData("deleting")]
    [InlineData("recording")]
    public async Task KilledWhilePuttingIntoQuarantine_EndsRight(string moment)
    {
        var first = await world.StartAsync();
        IAsyncDisposable? held = null;
        var killed = moment switch
        {
            "copied" => KillAfter(first, request => StoreProxy.IsEndOfCopyTo(request, "quarantine/")),
            "deleting" => KillBefore(first, request => StoreProxy.IsDeleteOf(request, "upload/")),
            _ => HoldStateAfter(request => StoreProxy.IsDeleteOf(request, "upload/")),
        };
        using var http = first.CreateClient();
        var tag = await http.UploadAsync("film.bin", bytes, pieceHash: Wrong);
        await killed;
        if (moment == "recording")
        {
            await world.UntilBlockedAsync("grain_state");
            await first.KillAsync();
            await held!.DisposeAsync();
            world.Proxy.After = _ => Task.CompletedTask;
        }

        Assert.Equal("Verifying", await StateAsync(tag));
        string[] there = moment == "recording" ? [$"quarantine/{tag}"] : [$"quarantine/{tag}", $"upload/{tag}"];
        await Eventually.TrueAsync(async () => (await world.KeysAsync()).Order(StringComparer.Ordinal).SequenceEqual(there), TimeSpan.FromSeconds(60), cancel);
        var second = await world.StartAsync();
        using var other = second.CreateClient();
        var ended = await other.UntilEndedAsync(tag);
        Assert.Equal("Mismatched", ended.GetProperty("state").GetString());
        Assert.Contains("piece hash", ended.GetProperty("reason").GetString(), StringComparison.Ordinal);
        await UntilNoJobIsLeftAsync();
        Assert.Equal([$"quarantine/{tag}"], await world.KeysAsync());
        Assert.Empty(await world.PendingKeysAsync());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), await world.HashObjectAsync($"quarantine/{tag}"));
        Assert.Equal(["upload.created", "upload.stored", "upload.mismatched"], await world.EventsAsync(tag));
        Assert.Equal(0, await world.QueryAsync<long>("select (select count(*) from files) + (select count(*) from contents)"));

        Task HoldStateAfter(Func<HttpRequest, bool> isMoment)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            world.Proxy.After = async request =>
            {
                if (!isMoment(request))
                    return;
                held ??= await world.HoldAsync("grain_state");
                reached.TrySetResult();
            };
            return reached.Task.WaitAsync(TimeSpan.FromSeconds(120), cancel);
        }
    }

    private static async Task<FujiHashes> HashAsync(byte[] content)
    {
        using var stream = new MemoryStream(content);
        return await FujiHash.StreamAsync(stream, content.Length);
    }

    /// <summary>Notes the verified bytes that an upload's events tell, until it has ended.</summary>
    private async Task WatchAsync(HttpClient http, string tag, ConcurrentQueue<long> told)
    {
        using var stream = await http.GetStreamAsync(new Uri($"/v1/uploads/{tag}/events", UriKind.Relative), cancel);
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal) && JsonDocument.Parse(line["data: ".Length..]).RootElement.TryGetProperty("verified", out var verified))
                told.Enqueue(verified.GetInt64());
        }
    }

    private async Task AssertVerifiedAsync(ApiProcess api, string tag, string pieceHash, byte[] content)
    {
        using var http = api.CreateClient();
        var ended = await http.UntilEndedAsync(tag);
        Assert.Equal("Verified", ended.GetProperty("state").GetString());
        Assert.Equal(pieceHash, ended.GetProperty("pieceHash").GetString());
        await UntilNoJobIsLeftAsync();
        Assert.Equal([$"hash/{pieceHash}"], await world.KeysAsync());
        Assert.Empty(await world.PendingKeysAsync());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), await world.HashObjectAsync($"hash/{pieceHash}"));
        Assert.Equal(["upload.created", "upload.stored", "upload.verified"], await world.EventsAsync(tag));
        Assert.Equal(1, await world.QueryAsync<int>("select files from contents where state = 'Stored'"));
        Assert.Equal(1, await world.QueryAsync<long>("select count(*) from files"));
    }

    private Task UntilNoJobIsLeftAsync() =>
        Eventually.TrueAsync(async () => await world.QueryAsync<long>("select count(*) from jobs where kind = 'verify-upload'") == 0, TimeSpan.FromSeconds(60), cancel);

    private Task<string> StateAsync(string tag) => world.QueryAsync<string>($"select state->>'state' from grain_state where id = '{tag}'");

    private async Task<PieceCheckpoint> CheckpointAsync(long size)
    {
        var json = await world.QueryAsync<string>("select coalesce(checkpoint, '{}')::text from jobs where kind = 'verify-upload'");
        return JsonDocument.Parse(json).RootElement.TryGetProperty("pieces", out var pieces) && pieces.ValueKind == JsonValueKind.String
            ? PieceCheckpoint.FromBytes(pieces.GetBytesFromBase64(), size)
            : new PieceCheckpoint(size);
    }

    /// <summary>Kills the process when a request has reached the store, and before its answer gets back.</summary>
    private Task KillAfter(ApiProcess api, Func<HttpRequest, bool> isMoment)
    {
        var (kill, killed) = KillOnce(api, isMoment);
        world.Proxy.After = kill;
        return killed;
    }

    /// <summary>Kills the process before a request reaches the store; it never does.</summary>
    private Task KillBefore(ApiProcess api, Func<HttpRequest, bool> isMoment)
    {
        var (kill, killed) = KillOnce(api, isMoment);
        world.Proxy.Before = async request =>
        {
            if (killed.IsCompleted || !isMoment(request))
                return;
            await kill(request);
            throw new IOException("Too late.");
        };
        return killed;
    }

    private (Func<HttpRequest, Task> Kill, Task Killed) KillOnce(ApiProcess api, Func<HttpRequest, bool> isMoment)
    {
        var killed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = 0;
        return (
            async request =>
            {
                if (!isMoment(request) || Interlocked.Exchange(ref begun, 1) != 0)
                    return;
                await api.KillAsync();
                killed.TrySetResult();
            },
            killed.Task.WaitAsync(TimeSpan.FromSeconds(120), cancel));
    }
}
