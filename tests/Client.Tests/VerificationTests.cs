using System.Collections.Concurrent;
using System.Net;
using Media.Client.Tests.Peer;
using Media.Client.Uploading;
using Microsoft.AspNetCore.Http;

namespace Media.Client.Tests;

/// <summary>What is hashed on the way, and the wait until the server has read it back.</summary>
public sealed class VerificationTests
{
    private const int MiB = 1024 * 1024;
    private const int Part = 64 * 1024;

    [Theory]
    [InlineData(4 * MiB, 18 * MiB + 5)]
    [InlineData(8 * MiB, 33 * MiB)]
    [InlineData(6 * MiB, 19 * MiB)]
    [InlineData(Part, 9 * MiB + 1)]
    public async Task UploadAsync_AnyPartSize_TellsThePieceHashWhenItCompletes(int partSize, int size)
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.PartSize = partSize;
        bench.Store.Fault = async (context, part, attempt) =>
        {
            // Hashed for nothing the first time.
            if (part % 2 == 0 || attempt > 1)
                return false;
            _ = await context.Request.Body.ReadAtLeastAsync(new byte[1000], 1000);
            context.Abort();
            return true;
        };
        var outcome = await bench.UploadAsync(bench.File(size));
        Assert.Equal(ApiPeer.HashesOf(Bench.Bytes(size))!.PieceHash, bench.Api.Only.PieceHash);
        Assert.Equal(bench.Api.Only.PieceHash, outcome.PieceHash);
        Assert.Equal(ApiPeer.HashesOf(Bench.Bytes(size))!.TipHash, outcome.TipHash);
        Assert.Equal(UploadStatus.Verified, outcome.Status);
        Assert.Equal(bench.Api.Only.Tag, outcome.FileId);
    }

    [Theory]
    [InlineData(4 * MiB, 20 * MiB)]
    [InlineData(4 * MiB, 20 * MiB + 1)]
    public async Task UploadAsync_PartsOfWholePieces_NothingIsReadTwice(int partSize, int size)
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.PartSize = partSize;
        await bench.UploadAsync(bench.File(size));
        Assert.DoesNotContain(bench.Told, told => told.Phase == UploadPhase.Hashing);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task UploadAsync_CutOffBefore_PartsThatAreThereAreHashedToo(bool check)
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.PartSize = 4 * MiB;
        var path = bench.File(24 * MiB);
        using (var stop = new CancellationTokenSource())
        {
            bench.Store.Fault = async (context, part, _) =>
            {
                if (part < 4)
                    return false;
                await stop.CancelAsync();
                context.Abort();
                return true;
            };
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.UploadAsync(path, Bench.Quick() with { Parallelism = 1 }, stop.Token));
        }

        bench.Store.Fault = null;
        var outcome = await bench.UploadAsync(path, Bench.Quick() with { CheckResumedParts = check });
        Assert.True(outcome.Resumed);
        Assert.Equal(ApiPeer.HashesOf(Bench.Bytes(24 * MiB))!.PieceHash, outcome.PieceHash);
        Assert.Equal(UploadStatus.Verified, outcome.Status);
    }

    [Fact]
    public async Task UploadAsync_StoreKeepsOtherBytes_IsMismatchedAndSaysWhy()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.HoldVerification = true;
        var upload = bench.UploadAsync(bench.File(3 * Part));
        await Bench.UntilAsync(() => bench.Api.Uploads.Values.SingleOrDefault()?.State == "Stored");
        bench.Store.Objects[bench.Api.Only.Key][Part + 5] ^= 1;
        bench.Api.Verify(bench.Api.Only);
        var outcome = await upload;
        Assert.Equal(UploadStatus.Mismatched, outcome.Status);
        Assert.Contains("piece hash", outcome.Reason, StringComparison.Ordinal);
        Assert.Null(outcome.FileId);
        Assert.NotEqual(outcome.PieceHash, outcome.Upload.Actual!.PieceHash);
    }

    [Fact]
    public async Task UploadAsync_CompletedByAnotherClientWithOtherBytes_IsMismatchedThoughTheServerIsContent()
    {
        await using var bench = await Bench.StartAsync();
        var other = Bench.Bytes(5 * Part);
        other[2 * Part - 1] ^= 1;
        bench.Api.Fault = (_, route, attempt) =>
        {
            if (route == "POST {tag}/complete" && attempt == 1)
            {
                // Whoever did it named no hash; the tip is the same.
                bench.Store.Complete(bench.Api.Only.UploadId!, bench.Api.Only.Key);
                bench.Store.Objects[bench.Api.Only.Key] = other;
                bench.Api.Only.State = "Stored";
                bench.Api.Verify(bench.Api.Only);
            }

            return Task.FromResult(false);
        };
        var outcome = await bench.UploadAsync(bench.File(5 * Part));
        Assert.Equal((UploadState.Verified, UploadStatus.Mismatched), (outcome.Upload.State, outcome.Status));
        Assert.Contains("Another client", outcome.Reason, StringComparison.Ordinal);
        Assert.Null(outcome.FileId);
    }

    [Fact]
    public async Task UploadAsync_ServerCouldNotKeepIt_FailsWithItsReason()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.HoldVerification = true;
        var upload = bench.UploadAsync(bench.File(10));
        await Bench.UntilAsync(() => bench.Api.Uploads.Values.SingleOrDefault()?.State == "Stored");
        bench.Api.Only.Reason = "The stored object is gone from the bucket.";
        bench.Api.Only.State = "Failed";
        var failure = await Assert.ThrowsAsync<MediaException>(() => upload);
        Assert.Equal((MediaErrors.UploadFailed, "The stored object is gone from the bucket."), (failure.Code, failure.Message));
    }

    [Fact]
    public async Task UploadAsync_NotToWait_EndsWhenItIsStored()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.HoldVerification = true;
        var outcome = await bench.UploadAsync(bench.File(3 * Part), Bench.Quick() with { WaitForVerification = false, LinkLifetime = TimeSpan.FromHours(1) });
        Assert.Equal((UploadStatus.Stored, null, null), (outcome.Status, outcome.FileId, outcome.Link));
        Assert.Equal(ApiPeer.HashesOf(Bench.Bytes(3 * Part))!.PieceHash, outcome.PieceHash);
        Assert.Equal(0, bench.Api.Calls("GET {tag}/events"));
    }

    [Fact]
    public async Task UploadAsync_WhileItIsVerified_TellsHowFarAndHoldsNoLease()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.HoldVerification = true;
        // Counted where they are sent: what is on its way when it is cancelled may arrive later.
        using var beats = new Beats();
        using var http = new HttpClient(beats, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        using var store = Uploader.CreateStoreClient();
        var client = new MediaClient(http, new MediaClientOptions { Server = new Uri(bench.Api.Host.Address), Key = ApiPeer.Key });
        using var uploader = new Uploader(client, store, Bench.Quick() with { Heartbeat = TimeSpan.FromMilliseconds(20) });
        var verified = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var upload = uploader.UploadAsync(bench.File(3 * Part), null, new Verifying(2 * Part, verified), Bench.Deadline);
        await Bench.UntilAsync(() => bench.Api.Calls("GET {tag}/events") == 1);
        var before = beats.Count;
        bench.Api.Only.Verified = 2 * Part;
        await verified.Task.WaitAsync(Bench.Deadline);
        Assert.Equal(before, beats.Count);
        bench.Api.Verify(bench.Api.Only);
        Assert.Equal(UploadStatus.Verified, (await upload).Status);
        Assert.Equal(1, bench.Api.Calls("GET {tag}/events"));
    }

    [Fact]
    public async Task UploadAsync_EventsBreakOff_AreGoneOnWithAfterTheLastOne()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.HoldVerification = true;
        var seen = new ConcurrentQueue<string>();
        bench.Api.Fault = (context, route, attempt) =>
        {
            if (route == "GET {tag}/events")
            {
                seen.Enqueue(context.Request.Headers["Last-Event-ID"].ToString());
                if (attempt == 1)
                    _ = Bench.UntilAsync(() => bench.Api.Only.Verified == 2).ContinueWith(_ => context.Abort(), TaskScheduler.Default);
            }

            return Task.FromResult(false);
        };
        var upload = bench.UploadAsync(bench.File(3 * Part));
        await Bench.UntilAsync(() => bench.Api.Calls("GET {tag}/events") == 1);
        bench.Api.Only.Verified = 1;
        await Bench.UntilAsync(() => Told(bench, told => told.BytesVerified == 1));
        bench.Api.Only.Verified = 2;
        await Bench.UntilAsync(() => seen.Count == 2);
        bench.Api.Verify(bench.Api.Only);
        Assert.Equal(UploadStatus.Verified, (await upload).Status);
        // Created, Uploading and Stored were seen.
        Assert.Equal(["", "3"], seen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task UploadAsync_EventsDoNotGetThrough_IsAskedForInstead(bool silent)
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.HoldVerification = true;
        bench.Api.Fault = async (context, route, _) =>
        {
            if (route != "GET {tag}/events")
                return false;
            if (silent)
                await StorePeer.HoldAsync(context);
            else
                context.Response.StatusCode = (int)HttpStatusCode.NotImplemented;
            return true;
        };
        var client = bench.Client(options => options with { AnswerTimeout = TimeSpan.FromSeconds(2) });
        using var store = Uploader.CreateStoreClient();
        using var uploader = new Uploader(client, store, Bench.Quick());
        var upload = uploader.UploadAsync(bench.File(3 * Part), cancellationToken: Bench.Deadline);
        await Bench.UntilAsync(() => bench.Api.Calls("GET {tag}") >= 3);
        if (silent)
            Assert.Equal(1, bench.Api.Calls("GET {tag}/events"));
        bench.Api.Verify(bench.Api.Only);
        Assert.Equal(UploadStatus.Verified, (await upload).Status);
    }

    [Fact]
    public async Task UploadAsync_EventsFallSilent_TheyAreAskedForAgain()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.HoldVerification = true;
        bench.Api.Fault = async (context, route, attempt) =>
        {
            if (route != "GET {tag}/events" || attempt > 1)
                return false;
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("event: state\nid: 3\ndata: {\"tag\":\"x\",\"state\":\"Stored\",\"sequence\":3,\"at\":\"2026-01-01T00:00:00Z\"}\n\n");
            await context.Response.Body.FlushAsync();
            await StorePeer.HoldAsync(context);
            return true;
        };
        var client = bench.Client(options => options with { EventSilence = TimeSpan.FromMilliseconds(300) });
        using var store = Uploader.CreateStoreClient();
        using var uploader = new Uploader(client, store, Bench.Quick());
        var upload = uploader.UploadAsync(bench.File(3 * Part), cancellationToken: Bench.Deadline);
        await Bench.UntilAsync(() => bench.Api.Calls("GET {tag}/events") >= 2);
        bench.Api.Verify(bench.Api.Only);
        Assert.Equal(UploadStatus.Verified, (await upload).Status);
    }

    [Fact]
    public async Task UploadAsync_ServerRestartsWhileItVerifies_IsWaitedFor()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.HoldVerification = true;
        var upload = bench.UploadAsync(bench.File(3 * Part));
        await Bench.UntilAsync(() => bench.Api.Calls("GET {tag}/events") == 1);
        await bench.Api.Host.StopAsync();
        await Bench.UntilAsync(() => Told(bench, told => told.Note?.Contains("Trying again", StringComparison.Ordinal) == true));
        bench.Api.Verify(bench.Api.Only);
        await bench.Api.Host.StartAsync();
        Assert.Equal(UploadStatus.Verified, (await upload).Status);
    }

    [Fact]
    public async Task UploadAsync_LinkWanted_IsThereUnlessDeliveryIsOff()
    {
        await using var bench = await Bench.StartAsync();
        var options = Bench.Quick() with { LinkLifetime = TimeSpan.FromMinutes(10) };
        var outcome = await bench.UploadAsync(bench.File(10, "a"), options);
        Assert.Contains("/media/" + outcome.FileId, outcome.Link!.Url.AbsoluteUri, StringComparison.Ordinal);
        Assert.InRange((outcome.Link.ExpiresAt - TimeProvider.System.GetUtcNow()).TotalMinutes, 5, 15);
        Assert.DoesNotContain("link=", outcome.Link.ToString(), StringComparison.Ordinal);

        bench.Api.DeliveryIsOff = true;
        var without = await bench.UploadAsync(bench.File(11, "b"), options);
        Assert.Equal((UploadStatus.Verified, null, MediaErrors.DeliveryNotConfigured), (without.Status, without.Link, without.LinkFailure?.Code));
    }

    private static bool Told(Bench bench, Predicate<UploadProgress> what)
    {
        lock (bench.Told)
            return bench.Told.Exists(what);
    }

    /// <summary>Ends when so many bytes are told to be verified.</summary>
    private sealed class Verifying(long bytes, TaskCompletionSource reached) : IProgress<UploadProgress>
    {
        public void Report(UploadProgress value)
        {
            if (value.Phase == UploadPhase.Verifying && value.BytesVerified == bytes)
                reached.TrySetResult();
        }
    }

    /// <summary>Counts the renewals of leases that are sent.</summary>
    private sealed class Beats() : DelegatingHandler(new SocketsHttpHandler())
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.AbsolutePath.EndsWith("/lease", StringComparison.Ordinal))
                Interlocked.Increment(ref _count);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
