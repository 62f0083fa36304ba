using System.Collections.Concurrent;
using Media.Client.Downloading;
using Media.Client.Tests.Peer;

namespace Media.Client.Tests;

/// <summary>Files on their way back.</summary>
public sealed class DownloadTests
{
    private const int MiB = 1024 * 1024;
    private const string Id = "aFileOfTheCatalog0001";

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5 * MiB + 3)]
    public async Task DownloadAsync_AnySize_FileIsThereAndNothingElse(int size)
    {
        await using var bench = await Bench.StartAsync();
        var file = Add(bench, Bench.Bytes(size));
        var target = Target(bench);
        var outcome = await bench.Downloader().DownloadAsync(file, target, cancellationToken: Bench.Deadline);
        Assert.Equal((target, (long)size, false), (outcome.Path, outcome.BytesReceived, outcome.Resumed));
        Assert.Equal(Bench.Bytes(size), await File.ReadAllBytesAsync(target));
        Assert.Equal([target], Directory.GetFiles(bench.Folder.FullName));
    }

    [Fact]
    public async Task DownloadAsync_LineIsCutAgainAndAgain_IsGoneOnWithByRanges()
    {
        await using var bench = await Bench.StartAsync();
        var bytes = Bench.Bytes(9 * MiB + 5);
        var told = new ConcurrentQueue<DownloadProgress>();
        bench.Api.Sending = async (context, all, from) =>
        {
            var length = Math.Min(MiB, all.Length - from);
            await context.Response.Body.WriteAsync(all.AsMemory(from, length));
            await context.Response.Body.FlushAsync();
            if (all.Length - from <= MiB)
                return;
            // A line that is cut takes along what it has not delivered.
            await Bench.UntilAsync(() => told.Any(now => now.BytesDone >= from + length));
            context.Abort();
        };
        var outcome = await bench.Downloader().DownloadAsync(Add(bench, bytes), Target(bench), new Listener(told), Bench.Deadline);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Target(bench)));
        Assert.Equal(bytes.Length, outcome.BytesReceived);
        Assert.InRange(bench.Api.Ranges.Count, 10, 100);
        Assert.Equal("", bench.Api.Ranges.First());
        Assert.All(bench.Api.Ranges.Skip(1), range => Assert.Matches("^bytes=[1-9][0-9]*-$", range));
        Assert.Contains(told, now => now.Note?.Contains("Trying again", StringComparison.Ordinal) == true);
        Assert.Equal((DownloadPhase.Done, (long)bytes.Length), (told.Last().Phase, told.Last().BytesDone));
    }

    [Fact]
    public async Task DownloadAsync_SomethingOnTheWayKnowsNoRanges_WhatIsHereIsSkipped()
    {
        await using var bench = await Bench.StartAsync();
        var bytes = Bench.Bytes(5 * MiB);
        var attempt = 0;
        bench.Api.Sending = async (context, all, from) =>
        {
            if (attempt++ == 0)
            {
                await context.Response.Body.WriteAsync(all.AsMemory(0, 2 * MiB));
                await context.Response.Body.FlushAsync();
                context.Abort();
                return;
            }

            Assert.NotEqual(0, from);
            (context.Response.StatusCode, context.Response.ContentLength) = (200, all.Length);
            context.Response.Headers.Remove("Content-Range");
            await context.Response.Body.WriteAsync(all);
        };
        await bench.Downloader().DownloadAsync(Add(bench, bytes), Target(bench), cancellationToken: Bench.Deadline);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Target(bench)));
    }

    [Fact]
    public async Task DownloadAsync_CancelledAndRunAgain_OnlyTheRestComes()
    {
        await using var bench = await Bench.StartAsync();
        var bytes = Bench.Bytes(9 * MiB + 5);
        var file = Add(bench, bytes);
        var kept = await InterruptAsync(bench, file);
        bench.Api.Sending = null;
        var outcome = await bench.Downloader().DownloadAsync(file, Target(bench), cancellationToken: Bench.Deadline);
        Assert.True(outcome.Resumed);
        Assert.Equal(bytes.Length - kept, outcome.BytesReceived);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Target(bench)));
        Assert.False(File.Exists(Part(bench)));
    }

    [Fact]
    public async Task DownloadAsync_WhatWasKeptIsDamaged_ItIsFetchedAgain()
    {
        await using var bench = await Bench.StartAsync();
        var bytes = Bench.Bytes(9 * MiB + 5);
        var file = Add(bench, bytes);
        await InterruptAsync(bench, file);
        bench.Api.Sending = null;
        await using (var part = new FileStream(Part(bench), FileMode.Open))
            part.WriteByte((byte)(bytes[0] ^ 1));
        await bench.Downloader().DownloadAsync(file, Target(bench), cancellationToken: Bench.Deadline);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Target(bench)));
    }

    [Fact]
    public async Task DownloadAsync_OtherBytesCome_NothingIsLeftBehind()
    {
        await using var bench = await Bench.StartAsync();
        var bytes = Bench.Bytes(5 * MiB);
        bench.Api.Sending = async (context, all, from) =>
        {
            byte[] wrong = [.. all];
            wrong[3 * MiB] ^= 1;
            await context.Response.Body.WriteAsync(wrong.AsMemory(from));
        };
        var file = Add(bench, bytes);
        var failure = await Assert.ThrowsAsync<MediaException>(() => bench.Downloader().DownloadAsync(file, Target(bench), cancellationToken: Bench.Deadline));
        Assert.Equal(MediaErrors.ContentMismatched, failure.Code);
        Assert.Empty(Directory.GetFiles(bench.Folder.FullName));

        using var stream = new MemoryStream();
        var streamed = await Assert.ThrowsAsync<MediaException>(() => bench.Downloader().DownloadAsync(file, stream, cancellationToken: Bench.Deadline));
        Assert.Equal(MediaErrors.ContentMismatched, streamed.Code);

        var unchecked1 = await bench.Downloader(new DownloaderOptions { Verify = false }).DownloadAsync(file, Target(bench), cancellationToken: Bench.Deadline);
        Assert.False(unchecked1.Verified);
    }

    [Fact]
    public async Task DownloadAsync_MoreBytesComeThanThereAre_IsAnError()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.Sending = async (context, all, _) =>
        {
            context.Response.ContentLength = null;
            await context.Response.Body.WriteAsync(all);
            await context.Response.Body.WriteAsync(all);
        };
        var file = Add(bench, Bench.Bytes(1000));
        var failure = await Assert.ThrowsAsync<MediaException>(() => bench.Downloader().DownloadAsync(file, Target(bench), cancellationToken: Bench.Deadline));
        Assert.Equal(MediaErrors.UnexpectedAnswer, failure.Code);
        Assert.False(File.Exists(Target(bench)));
    }

    [Fact]
    public async Task DownloadAsync_LinkExpiresOnTheWay_AFreshOneIsUsed()
    {
        await using var bench = await Bench.StartAsync();
        var bytes = Bench.Bytes(3 * MiB);
        bench.Api.Sending = async (context, all, from) =>
        {
            await context.Response.Body.WriteAsync(all.AsMemory(from, Math.Min(MiB, all.Length - from)));
            await context.Response.Body.FlushAsync();
            bench.Api.FirstGoodLink = 2;
            if (from == 0)
                context.Abort();
            else
                await context.Response.Body.WriteAsync(all.AsMemory(from + MiB));
        };
        await bench.Downloader().DownloadAsync(Add(bench, bytes), Target(bench), cancellationToken: Bench.Deadline);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Target(bench)));
        Assert.Equal(2, bench.Api.Calls("POST links"));
    }

    [Fact]
    public async Task DownloadAsync_GateAllowsAnotherOrigin_SaysWhatItWantsAndTakesTheOneGiven()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.AllowedOrigin = "https://pages.example";
        var file = Add(bench, Bench.Bytes(1000));
        var failure = await Assert.ThrowsAsync<MediaException>(() => bench.Downloader().DownloadAsync(file, Target(bench), cancellationToken: Bench.Deadline));
        Assert.Equal(MediaErrors.LinkRefused, failure.Code);
        Assert.Contains("Media:Delivery:Origins", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("link=", failure.Message, StringComparison.Ordinal);
        await bench.Downloader(new DownloaderOptions { Referer = new Uri("https://pages.example/some/page?q") }).DownloadAsync(file, Target(bench), cancellationToken: Bench.Deadline);
    }

    [Fact]
    public async Task DownloadAsync_ThereIsSuchAFile_IsNotReplacedUnasked()
    {
        await using var bench = await Bench.StartAsync();
        var file = Add(bench, Bench.Bytes(1000));
        await File.WriteAllTextAsync(Target(bench), "mine");
        var failure = await Assert.ThrowsAsync<MediaException>(() => bench.Downloader().DownloadAsync(file, Target(bench), cancellationToken: Bench.Deadline));
        Assert.Equal(MediaErrors.TargetExists, failure.Code);
        Assert.Equal("mine", await File.ReadAllTextAsync(Target(bench)));
        await bench.Downloader(new DownloaderOptions { Overwrite = true }).DownloadAsync(file, Target(bench), cancellationToken: Bench.Deadline);
        Assert.Equal(Bench.Bytes(1000), await File.ReadAllBytesAsync(Target(bench)));
    }

    [Fact]
    public async Task DownloadAsync_AnotherCommandIsAtIt_FailsAndLeavesItAlone()
    {
        await using var bench = await Bench.StartAsync();
        var file = Add(bench, Bench.Bytes(3 * MiB));
        var go = new TaskCompletionSource();
        bench.Api.Sending = async (context, all, from) =>
        {
            await go.Task.WaitAsync(context.RequestAborted);
            await context.Response.Body.WriteAsync(all.AsMemory(from));
        };
        var first = bench.Downloader().DownloadAsync(file, Target(bench), cancellationToken: Bench.Deadline);
        await Bench.UntilAsync(() => bench.Api.Ranges.Count == 1);
        var failure = await Assert.ThrowsAsync<MediaException>(() => bench.Downloader().DownloadAsync(file, Target(bench), cancellationToken: Bench.Deadline));
        Assert.Equal(MediaErrors.TargetUnwritable, failure.Code);
        go.SetResult();
        await first;
        Assert.Equal(Bench.Bytes(3 * MiB), await File.ReadAllBytesAsync(Target(bench)));
    }

    [Fact]
    public async Task DownloadAsync_NoSuchFolder_FailsClearly()
    {
        await using var bench = await Bench.StartAsync();
        var file = Add(bench, Bench.Bytes(10));
        var target = Path.Combine(bench.Folder.FullName, "nowhere", "x");
        var failure = await Assert.ThrowsAsync<MediaException>(() => bench.Downloader().DownloadAsync(file, target, cancellationToken: Bench.Deadline));
        Assert.Equal(MediaErrors.TargetUnwritable, failure.Code);
    }

    [Fact]
    public async Task FindAsync_NotAFileYet_SaysHowTheUploadStands()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.HoldVerification = true;
        var outcome = await bench.UploadAsync(bench.File(10), Bench.Quick() with { WaitForVerification = false });
        var failure = await Assert.ThrowsAsync<MediaException>(() => bench.Downloader().FindAsync(outcome.Upload.Tag));
        Assert.Equal(MediaErrors.NotInCatalog, failure.Code);
        Assert.Contains("being verified", failure.Message, StringComparison.Ordinal);
        bench.Api.Verify(bench.Api.Only);
        Assert.Equal("film.mp4", (await bench.Downloader().FindAsync(outcome.Upload.Tag)).FileName);
        Assert.Equal("file_not_found", (await Assert.ThrowsAsync<MediaException>(() => bench.Downloader().FindAsync("nobody"))).Code);
    }

    private static string Target(Bench bench) => Path.Combine(bench.Folder.FullName, "film.mp4");

    private static string Part(Bench bench) => $"{Target(bench)}.{Id}.part";

    private static CatalogFile Add(Bench bench, byte[] bytes)
    {
        var hashes = ApiPeer.HashesOf(bytes);
        bench.Api.Files[Id] = new PeerFile(Id, "film.mp4", "video/mp4", hashes, bytes, Duplicate: false);
        return bench.Client().GetFileAsync(Id).GetAwaiter().GetResult();
    }

    /// <returns>How many bytes were kept.</returns>
    private static async Task<long> InterruptAsync(Bench bench, CatalogFile file)
    {
        using var stop = new CancellationTokenSource();
        bench.Api.Sending = async (context, all, from) =>
        {
            await context.Response.Body.WriteAsync(all.AsMemory(from, 6 * MiB));
            await context.Response.Body.FlushAsync();
            await StorePeer.HoldAsync(context);
        };
        var download = bench.Downloader().DownloadAsync(file, Target(bench), cancellationToken: stop.Token);
        await Bench.UntilAsync(() => File.Exists(Part(bench)) && new FileInfo(Part(bench)).Length == 6 * MiB);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download);
        Assert.False(File.Exists(Target(bench)));
        return 6 * MiB;
    }

    private sealed class Listener(ConcurrentQueue<DownloadProgress> told) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => told.Enqueue(value);
    }
}
