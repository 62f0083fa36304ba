using System.Collections.Concurrent;
using Media.Client.Tests.Peer;
using Media.Client.Uploading;
using Media.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Media.Client.Tests;

/// <summary>Parts on their way to the store, and what can befall them.</summary>
public sealed class TransferTests
{
    private const int Part = 64 * 1024;

    [Theory]
    [InlineData(1)]
    [InlineData(Part - 1)]
    [InlineData(Part)]
    [InlineData(Part + 1)]
    [InlineData(100 * Part + 17)]
    public async Task UploadAsync_AnySize_ObjectIsTheFile(int size)
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(size);
        var outcome = await bench.UploadAsync(path);
        Assert.Equal((UploadState.Verified, UploadStatus.Verified), (outcome.Upload.State, outcome.Status));
        Assert.Equal(ApiPeer.HashesOf(Bench.Bytes(size))!.PieceHash, outcome.PieceHash);
        Assert.Equal(outcome.PieceHash, bench.Api.Only.PieceHash);
        Assert.False(outcome.Resumed);
        Assert.Equal(size, outcome.BytesSent);
        Assert.Equal(Bench.Bytes(size), bench.Stored(outcome.Upload.Tag));
        Assert.Equal("video/mp4", bench.Api.Only.ContentType);
        Assert.Equal(0, bench.Store.Refused);
        Assert.Equal(bench.Api.Only.PartCount, bench.Store.Taken.Count);
    }

    [Fact]
    public async Task UploadAsync_EmptyFile_IsPutWhole()
    {
        await using var bench = await Bench.StartAsync();
        var outcome = await bench.UploadAsync(bench.File(0, "nothing.txt"));
        Assert.Equal("single", outcome.Upload.Plan.Strategy);
        Assert.Empty(bench.Stored(outcome.Upload.Tag));
        Assert.Null(bench.Api.Only.TipHash);
    }

    [Fact]
    public async Task UploadAsync_ManyParts_AsManyAtOnceAsAllowedAndNoMore()
    {
        await using var bench = await Bench.StartAsync();
        var arrived = 0;
        var all = new TaskCompletionSource();
        bench.Store.Fault = async (context, _, _) =>
        {
            // The first four wait for each other: only parallel parts get past here.
            if (Interlocked.Increment(ref arrived) == 4)
                all.SetResult();
            await all.Task.WaitAsync(context.RequestAborted);
            return false;
        };
        await bench.UploadAsync(bench.File(30 * Part), Bench.Quick() with { Parallelism = 4 });
        Assert.Equal(4, bench.Store.MostAtOnce);
    }

    [Fact]
    public async Task UploadAsync_SeveralFiles_ShareTheParallelism()
    {
        await using var bench = await Bench.StartAsync();
        var uploader = bench.Uploader(Bench.Quick() with { Parallelism = 3 });
        var paths = Enumerable.Range(1, 6).Select(n => bench.File(8 * Part + n, $"{n}.bin", n)).ToList();
        var outcomes = await Task.WhenAll(paths.Select(path => uploader.UploadAsync(path, cancellationToken: Bench.Deadline)));
        for (var i = 0; i < paths.Count; i++)
            Assert.Equal(await File.ReadAllBytesAsync(paths[i]), bench.Stored(outcomes[i].Upload.Tag));
        Assert.InRange(bench.Store.MostAtOnce, 2, 3);
    }

    [Fact]
    public async Task UploadAsync_StoreAnswers503And500_PartsAreSentAgain()
    {
        await using var bench = await Bench.StartAsync();
        bench.Store.Fault = async (context, part, attempt) =>
        {
            if (attempt > 2)
                return false;
            await bench.Store.RefuseAsync(context, part % 2 == 0 ? 503 : 500, "SlowDown");
            return true;
        };
        var path = bench.File(9 * Part);
        var outcome = await bench.UploadAsync(path);
        Assert.Equal(Bench.Bytes(9 * Part), bench.Stored(outcome.Upload.Tag));
        Assert.Equal(18, bench.Store.Refused);
        Assert.Equal(9 * Part, outcome.BytesSent);
        Assert.Contains(bench.Told, told => told.Note is not null);
        Assert.Null(bench.Told[^1].Note);
    }

    [Fact]
    public async Task UploadAsync_RetryAfter_IsWaitedFor()
    {
        await using var bench = await Bench.StartAsync();
        var times = new ConcurrentQueue<long>();
        bench.Store.Fault = async (context, _, attempt) =>
        {
            times.Enqueue(TimeProvider.System.GetTimestamp());
            context.Response.Headers.RetryAfter = "1";
            if (attempt == 1)
                await bench.Store.RefuseAsync(context, 503, "SlowDown");
            return attempt == 1;
        };
        await bench.UploadAsync(bench.File(10));
        var at = times.ToArray();
        Assert.InRange(TimeProvider.System.GetElapsedTime(at[0], at[1]).TotalSeconds, 0.99, 20);
    }

    [Fact]
    public async Task UploadAsync_LineIsCutInTheMiddleOfParts_TheyAreSentAgain()
    {
        await using var bench = await Bench.StartAsync();
        bench.Store.Fault = async (context, _, attempt) =>
        {
            if (attempt > 1)
                return false;
            _ = await context.Request.Body.ReadAtLeastAsync(new byte[Part / 2], Part / 2);
            context.Abort();
            return true;
        };
        var outcome = await bench.UploadAsync(bench.File(9 * Part));
        Assert.Equal(Bench.Bytes(9 * Part), bench.Stored(outcome.Upload.Tag));
        Assert.Equal(9 * Part, outcome.BytesSent);
        Assert.All(bench.Told, told => Assert.InRange(told.BytesDone, 0, 9 * Part));
    }

    [Fact]
    public async Task UploadAsync_StoreStopsTaking_TransferIsBegunAgain()
    {
        await using var bench = await Bench.StartAsync();
        const int Large = 32 * 1024 * 1024;
        bench.Api.PartSize = Large;
        var stalled = 0;
        bench.Store.Fault = async (context, _, _) =>
        {
            if (Volatile.Read(ref stalled) > 0)
                return false;
            _ = await context.Request.Body.ReadAtLeastAsync(new byte[1000], 1000);
            Interlocked.Increment(ref stalled);
            await StorePeer.HoldAsync(context);
            return true;
        };
        var outcome = await bench.UploadAsync(bench.File(Large), Bench.Quick() with { StallTimeout = TimeSpan.FromSeconds(1), StoreAnswerTimeout = TimeSpan.FromSeconds(50) });
        Assert.Equal(1, stalled);
        Assert.Equal(Bench.Bytes(Large), bench.Stored(outcome.Upload.Tag));
    }

    [Fact]
    public async Task UploadAsync_StoreNeverAnswers_PartIsSentAgain()
    {
        await using var bench = await Bench.StartAsync();
        bench.Store.Fault = async (context, _, attempt) =>
        {
            if (attempt > 1)
                return false;
            await context.Request.Body.CopyToAsync(Stream.Null);
            await StorePeer.HoldAsync(context);
            return true;
        };
        var outcome = await bench.UploadAsync(bench.File(3 * Part), Bench.Quick() with { StoreAnswerTimeout = TimeSpan.FromMilliseconds(300) });
        Assert.Equal(Bench.Bytes(3 * Part), bench.Stored(outcome.Upload.Tag));
    }

    [Fact]
    public async Task UploadAsync_StoreRefusesUrls_FreshOnesAreUsed()
    {
        await using var bench = await Bench.StartAsync();
        var seen = new ConcurrentDictionary<string, bool>();
        bench.Store.Fault = async (context, _, attempt) =>
        {
            seen.TryAdd(context.Request.QueryString.Value!, true);
            if (attempt == 1)
                await bench.Store.RefuseAsync(context, 403, "AccessDenied");
            return attempt == 1;
        };
        await bench.UploadAsync(bench.File(5 * Part));
        Assert.Equal(10, seen.Count);
    }

    [Fact]
    public async Task UploadAsync_UrlsShortLived_NoneIsUsedAfterItExpired()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.UrlLifetime = TimeSpan.FromSeconds(6);
        var clock = new ManualTimeProvider();
        bench.Store.Time = clock;
        bench.Store.Fault = (_, _, _) =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(300));
            return Task.FromResult(false);
        };
        using var http = MediaClient.CreateHttpClient();
        using var store = Uploader.CreateStoreClient();
        var client = new MediaClient(http, new MediaClientOptions { Server = new Uri(bench.Api.Host.Address), Key = ApiPeer.Key }, clock);
        // One at a time: another's part would move the clock between a URL's choice and its use.
        using var uploader = new Uploader(client, store, Bench.Quick() with { Parallelism = 1, WaitForVerification = false }, clock);
        var outcome = await uploader.UploadAsync(bench.File(60 * Part), cancellationToken: Bench.Deadline);
        Assert.Equal(0, bench.Store.Refused);
        Assert.InRange(bench.Api.Calls("POST {tag}/urls"), 2, 30);
        Assert.Equal(Bench.Bytes(60 * Part), bench.Stored(outcome.Upload.Tag));
    }

    [Fact]
    public async Task UploadAsync_ManyParts_UrlsComeInBatches()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.PartSize = 1024;
        await bench.UploadAsync(bench.File(1024 * 500));
        Assert.InRange(bench.Api.Calls("POST {tag}/urls"), 6, 12);
    }

    [Fact]
    public async Task UploadAsync_StoreRefusesForGood_FailsWithItsCodeAndWithoutTheSignature()
    {
        await using var bench = await Bench.StartAsync();
        bench.Store.Fault = async (context, _, _) =>
        {
            await bench.Store.RefuseAsync(context, 403, "AccountProblem");
            return true;
        };
        var failure = await Assert.ThrowsAsync<MediaException>(() => bench.UploadAsync(bench.File(Part)));
        Assert.Equal(MediaErrors.StoreRefused, failure.Code);
        Assert.Contains("AccountProblem", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("signature", failure.ToString() + string.Join(' ', bench.Told), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task UploadAsync_FileChangesMeanwhile_FailsClearly()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(20 * Part);
        bench.Store.Fault = (_, part, _) =>
        {
            if (part == 7)
                File.AppendAllText(path, "more");
            return Task.FromResult(false);
        };
        var failure = await Assert.ThrowsAsync<MediaException>(() => bench.UploadAsync(path));
        Assert.Equal(MediaErrors.SourceChanged, failure.Code);
        Assert.Empty(bench.Store.Objects);
    }

    [Fact]
    public async Task UploadAsync_FileIsCutShortMeanwhile_FailsClearly()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(20 * Part);
        bench.Store.Fault = (_, part, _) =>
        {
            if (part == 3)
            {
                using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                file.SetLength(10);
            }

            return Task.FromResult(false);
        };
        Assert.Equal(MediaErrors.SourceChanged, (await Assert.ThrowsAsync<MediaException>(() => bench.UploadAsync(path))).Code);
    }

    [Fact]
    public async Task UploadAsync_WholeFile_ProgressEndsAtTheSize()
    {
        await using var bench = await Bench.StartAsync();
        await bench.UploadAsync(bench.File(10 * Part));
        Assert.Equal(UploadPhase.Done, bench.Told[^1].Phase);
        Assert.Equal(10 * Part, bench.Told[^1].BytesDone);
        Assert.Contains(bench.Told, told => told.Phase == UploadPhase.Completing);
    }
}
