using System.Net.Sockets;
using Media.Client.Tests.Peer;
using Media.Client.Uploading;

namespace Media.Client.Tests;

/// <summary>Uploads that are cut off, contended, lost and found.</summary>
public sealed class SessionTests
{
    private const int Part = 64 * 1024;

    [Fact]
    public async Task UploadAsync_CutOffBefore_OnlyTheRestIsSent()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(20 * Part);
        await CutOffAsync(bench, path, after: 8);
        var before = bench.Store.Taken.ToHashSet();
        bench.Store.Taken.Clear();

        var outcome = await bench.UploadAsync(path, Bench.Quick("another"));
        Assert.True(outcome.Resumed);
        Assert.Empty(before.Intersect(bench.Store.Taken));
        Assert.Equal(20, before.Count + bench.Store.Taken.Count);
        Assert.Equal(Bench.Bytes(20 * Part), bench.Stored(outcome.Upload.Tag));
        Assert.Equal(before.Count * Part, bench.Told[^1].BytesResumed);
        Assert.Equal(20 * Part, bench.Told[^1].BytesDone);
    }

    [Fact]
    public async Task UploadAsync_ServersGoJustAsTheyAreConnectedTo_GoesOn()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(3 * Part);
        using var gone = new GoesEverySecondTime();
        using var http = new HttpClient(gone, disposeHandler: false);
        using var uploader = new Uploader(new MediaClient(http, new MediaClientOptions { Server = new Uri(bench.Api.Host.Address), Key = ApiPeer.Key }), http, Bench.Quick());

        var outcome = await uploader.UploadAsync(path, cancellationToken: Bench.Deadline);

        Assert.Equal(UploadStatus.Verified, outcome.Status);
        Assert.Equal(Bench.Bytes(3 * Part), bench.Stored(outcome.Upload.Tag));
        Assert.True(gone.Times > 5, $"{gone.Times}");
    }

    [Fact]
    public async Task UploadAsync_FileChangedInItsMiddleBetweenTries_ItsOldPartsAreSentAgain()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(20 * Part);
        await CutOffAsync(bench, path, after: 8);
        // Not where the tip hash looks.
        var bytes = Bench.Bytes(20 * Part);
        bytes[2 * Part - 1] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);
        var outcome = await bench.UploadAsync(path);
        Assert.True(outcome.Resumed);
        Assert.Equal(bytes, bench.Stored(outcome.Upload.Tag));
    }

    [Fact]
    public async Task UploadAsync_Cancelled_LeaseIsGivenBackAndTheUploadKept()
    {
        await using var bench = await Bench.StartAsync();
        await CutOffAsync(bench, bench.File(20 * Part), after: 3);
        Assert.Equal("Uploading", bench.Api.Only.State);
        Assert.True(bench.Api.Only.Until < TimeProvider.System.GetUtcNow());
    }

    [Fact]
    public async Task UploadAsync_HeldByAnotherThatIsSilent_WaitsForTheLeaseToLapse()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(5 * Part);
        await CutOffAsync(bench, path, after: 2);
        Hold(bench, TimeSpan.FromMinutes(1));
        var upload = bench.UploadAsync(path);
        await Bench.UntilAsync(() => upload.IsCompleted || Told(bench, "somebody"));
        Assert.False(upload.IsCompleted);
        bench.Api.Only.Until = TimeProvider.System.GetUtcNow();
        Assert.True((await upload).Resumed);
        Assert.InRange(bench.Api.Calls("POST uploads"), 3, 1000);
    }

    [Fact]
    public async Task UploadAsync_HeldForLongerThanTheWait_IsLocked()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(5 * Part);
        await CutOffAsync(bench, path, after: 2);
        Hold(bench, TimeSpan.FromMinutes(1));
        var failure = await Assert.ThrowsAsync<MediaException>(() => bench.UploadAsync(path, Bench.Quick() with { LockWait = TimeSpan.FromMilliseconds(200) }));
        Assert.Equal((423, "upload_locked", "somebody"), (failure.Status, failure.Code, failure.Problem?.Holder));
        Assert.Equal("somebody", bench.Api.Only.Holder);
    }

    [Fact]
    public async Task UploadAsync_TakeOverDecided_TakesItAtOnce()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(5 * Part);
        await CutOffAsync(bench, path, after: 2);
        Hold(bench, TimeSpan.FromMinutes(1));
        var outcome = await bench.UploadAsync(path, Bench.Quick() with
        {
            OnLocked = problem => problem.Holder == "somebody" ? LockDecision.TakeOver : LockDecision.GiveUp,
        });
        Assert.True(outcome.Resumed);
        Assert.Contains("somebody", bench.Api.Only.Displaced);
    }

    [Fact]
    public async Task UploadAsync_TakenOverMeanwhile_StopsWithLeaseLostAndSendsNoMore()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(20 * Part);
        var (held, stopped) = (0, 0);
        bench.Store.Fault = async (context, part, _) =>
        {
            if (part < 6)
                return false;
            // These never end by themselves: only the heartbeat's news can.
            Interlocked.Increment(ref held);
            await StorePeer.HoldAsync(context);
            Interlocked.Increment(ref stopped);
            return true;
        };
        var upload = bench.UploadAsync(path, Bench.Quick("loser") with { Heartbeat = TimeSpan.FromMilliseconds(50), Parallelism = 3 });
        await Bench.UntilAsync(() => bench.Store.Taken.Count == 5 && Volatile.Read(ref held) == 3);
        await bench.Client().TakeLeaseAsync(bench.Api.Only.Tag, "winner", takeOver: true);
        var failure = await Assert.ThrowsAsync<MediaException>(() => upload);
        Assert.Equal(("lease_lost", "winner"), (failure.Code, failure.Problem?.Holder));
        await Bench.UntilAsync(() => Volatile.Read(ref stopped) == 3);
        Assert.Equal("winner", bench.Api.Only.Holder);
    }

    [Fact]
    public async Task UploadAsync_SlowParts_LeaseIsRenewedMeanwhile()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.LeaseDuration = TimeSpan.FromSeconds(2);
        bench.Store.Fault = async (context, _, _) =>
        {
            await Bench.UntilAsync(() => bench.Api.Only.Renewals >= 5);
            return false;
        };
        await bench.UploadAsync(bench.File(Part), Bench.Quick() with { Heartbeat = TimeSpan.FromMilliseconds(50) });
        Assert.InRange(bench.Api.Calls("POST {tag}/lease"), 3, 10000);
        Assert.Equal(1, bench.Api.Only.Epoch);
    }

    [Fact]
    public async Task UploadAsync_StoreLostParts_TheyAreSentAgain()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.Fault = (_, route, attempt) =>
        {
            if (route == "POST {tag}/complete" && attempt == 1)
            {
                bench.Store.PartsOf(bench.Api.Only.UploadId!)!.Remove(3, out var gone);
                bench.Store.PartsOf(bench.Api.Only.UploadId!)![5] = [1, 2, 3];
            }

            return Task.FromResult(false);
        };
        var outcome = await bench.UploadAsync(bench.File(9 * Part));
        Assert.Equal(Bench.Bytes(9 * Part), bench.Stored(outcome.Upload.Tag));
        Assert.Equal([3, 5], bench.Store.Taken.Skip(9).Order());
        Assert.Equal(9 * Part, bench.Told[^1].BytesDone);
    }

    [Fact]
    public async Task UploadAsync_PartWasWrittenOver_ItIsSentAgain()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.Fault = (_, route, attempt) =>
        {
            if (route == "POST {tag}/complete" && attempt == 1)
                bench.Store.PartsOf(bench.Api.Only.UploadId!)![2] = new byte[Part];
            return Task.FromResult(false);
        };
        var outcome = await bench.UploadAsync(bench.File(4 * Part));
        Assert.Equal(Bench.Bytes(4 * Part), bench.Stored(outcome.Upload.Tag));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(0)]
    public async Task UploadAsync_StoreLostTheUpload_BeginsAnew(int part)
    {
        await using var bench = await Bench.StartAsync();
        var lost = false;
        void Lose()
        {
            lost = true;
            bench.Store.Drop(bench.Api.Only.UploadId!);
        }

        bench.Store.Fault = (_, n, _) =>
        {
            if (n == part && !lost)
                Lose();
            return Task.FromResult(false);
        };
        bench.Api.Fault = (_, route, _) =>
        {
            if (part == 0 && route == "POST {tag}/complete" && !lost)
                Lose();
            return Task.FromResult(false);
        };
        var outcome = await bench.UploadAsync(bench.File(9 * Part));
        Assert.True(lost);
        Assert.Equal(2, bench.Api.Uploads.Count);
        Assert.Equal(Bench.Bytes(9 * Part), bench.Stored(outcome.Upload.Tag));
        Assert.Equal(9 * Part, bench.Told[^1].BytesDone);
        Assert.DoesNotContain(bench.Api.Uploads.Values, upload => upload.IsActive);
    }

    [Fact]
    public async Task UploadAsync_AbortedByTheOwner_FailsAndStaysAborted()
    {
        await using var bench = await Bench.StartAsync();
        bench.Store.Fault = async (_, part, _) =>
        {
            if (part == 4 && bench.Api.Only.IsActive)
                await bench.Client().AbortUploadAsync(bench.Api.Only.Tag);
            return false;
        };
        var failure = await Assert.ThrowsAsync<MediaException>(() => bench.UploadAsync(bench.File(9 * Part)));
        Assert.Equal(MediaErrors.UploadAborted, failure.Code);
        Assert.Equal("Aborted", bench.Api.Only.State);
    }

    [Theory]
    [InlineData("POST uploads")]
    [InlineData("POST {tag}/complete")]
    [InlineData("POST {tag}/urls")]
    public async Task UploadAsync_AnswerIsLost_IsAskedAgain(string route)
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.FirstUrls = 2;
        bench.Api.LoseAnswer = (lost, attempt) => lost == route && attempt == 1;
        var outcome = await bench.UploadAsync(bench.File(9 * Part));
        Assert.Single(bench.Api.Uploads);
        Assert.Equal(Bench.Bytes(9 * Part), bench.Stored(outcome.Upload.Tag));
        Assert.InRange(bench.Api.Calls(route), 2, 50);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(429)]
    public async Task UploadAsync_ServerIsNotReady_IsAskedAgain(int status)
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.FirstUrls = 1;
        bench.Api.Fault = async (context, route, attempt) =>
        {
            if (attempt > 2)
                return false;
            await ApiPeer.WriteAsync(context, status, ApiPeer.Problem(status, status == 503 ? "storage_unavailable" : "too_many_attempts"));
            return true;
        };
        var outcome = await bench.UploadAsync(bench.File(9 * Part));
        Assert.Equal(Bench.Bytes(9 * Part), bench.Stored(outcome.Upload.Tag));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task UploadAsync_RestartInTheMiddle_GoesOn(bool ofStore)
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.FirstUrls = 4;
        var host = ofStore ? bench.Store.Host : bench.Api.Host;
        var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.Store.Fault = async (context, part, _) =>
        {
            if (part >= 10)
            {
                half.TrySetResult();
                await stopped.Task.WaitAsync(context.RequestAborted);
            }

            return false;
        };
        var upload = bench.UploadAsync(bench.File(40 * Part), Bench.Quick() with { UrlBatch = 4, Parallelism = 2 });
        await half.Task.WaitAsync(Bench.Deadline);
        await host.StopAsync();
        stopped.SetResult();
        await Bench.UntilAsync(() => upload.IsCompleted || Told(bench, "Trying again"));
        Assert.False(upload.IsCompleted);
        await host.StartAsync();
        var outcome = await upload;
        Assert.Equal(Bench.Bytes(40 * Part), bench.Stored(outcome.Upload.Tag));
    }

    [Fact]
    public async Task UploadAsync_OutageIsLongerThanTheLimit_FailsAndCanBeResumed()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(20 * Part);
        bench.Store.Fault = async (context, part, _) =>
        {
            if (part > 5)
                await bench.Store.RefuseAsync(context, 503, "SlowDown");
            return part > 5;
        };
        var failure = await Assert.ThrowsAsync<MediaException>(() => bench.UploadAsync(path, Bench.Quick() with { OutageLimit = TimeSpan.FromMilliseconds(300) }));
        Assert.Equal(MediaErrors.StoreUnreachable, failure.Code);
        bench.Store.Fault = null;
        Assert.True((await bench.UploadAsync(path, Bench.Quick("later"))).Resumed);
    }

    [Fact]
    public async Task UploadAsync_NoServerFromTheStart_FailsSoon()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Api.Host.StopAsync();
        var failure = await Assert.ThrowsAsync<MediaException>(() =>
            bench.UploadAsync(bench.File(10), Bench.Quick() with { OutageLimit = TimeSpan.FromHours(1), FirstContactLimit = TimeSpan.FromMilliseconds(200) }));
        Assert.Equal(MediaErrors.ServerUnreachable, failure.Code);
    }

    [Fact]
    public async Task UploadAsync_TwoFilesOfOneSizeAndTip_AreNotMixed()
    {
        await using var bench = await Bench.StartAsync();
        var one = bench.File(20 * Part, "one.bin");
        var bytes = Bench.Bytes(20 * Part);
        bytes[2 * Part - 1] ^= 1;
        var two = Path.Combine(bench.Folder.FullName, "two.bin");
        await File.WriteAllBytesAsync(two, bytes);
        var uploader = bench.Uploader();
        var outcomes = await Task.WhenAll(new[] { one, two }.Select(path => uploader.UploadAsync(path, cancellationToken: Bench.Deadline)));
        Assert.Equal(Bench.Bytes(20 * Part), bench.Stored(outcomes[0].Upload.Tag));
        Assert.Equal(bytes, bench.Stored(outcomes[1].Upload.Tag));
    }

    [Fact]
    public async Task UploadAsync_CutOffWhileCompleting_CompletesWithoutSendingAgain()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(5 * Part);
        using var stop = new CancellationTokenSource();
        bench.Api.Fault = async (context, route, attempt) =>
        {
            if (route != "POST {tag}/complete" || attempt > 1)
                return false;
            await stop.CancelAsync();
            context.Abort();
            return true;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.UploadAsync(path, cancellationToken: stop.Token));
        bench.Api.Only.State = "Completing";
        var outcome = await bench.UploadAsync(path);
        Assert.Equal(0, outcome.BytesSent);
        Assert.Equal(5, bench.Store.Taken.Count);
        Assert.Equal(Bench.Bytes(5 * Part), bench.Stored(outcome.Upload.Tag));
    }

    private static bool Told(Bench bench, string words)
    {
        lock (bench.Told)
            return bench.Told.Exists(told => told.Note?.Contains(words, StringComparison.Ordinal) == true);
    }

    private static void Hold(Bench bench, TimeSpan time)
    {
        bench.Api.Only.Holder = "somebody";
        bench.Api.Only.Until = TimeProvider.System.GetUtcNow() + time;
    }

    private static async Task CutOffAsync(Bench bench, string path, int after)
    {
        using var stop = new CancellationTokenSource();
        bench.Store.Fault = async (context, _, _) =>
        {
            if (bench.Store.Taken.Count < after)
                return false;
            await stop.CancelAsync();
            context.Abort();
            return true;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.UploadAsync(path, Bench.Quick("first") with { Parallelism = 2 }, stop.Token));
        // The other part may have arrived whole.
        await Bench.UntilAsync(() => bench.Store.IsIdle);
        bench.Store.Fault = null;
        bench.Told.Clear();
    }

    /// <summary>Does what HttpClient does where a server goes between connecting and the first byte: the socket's own exception comes through.</summary>
    private sealed class GoesEverySecondTime() : DelegatingHandler(new SocketsHttpHandler())
    {
        private int _sent;

        public int Times => _sent / 2;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Interlocked.Increment(ref _sent) % 2 == 1 ? throw new SocketException((int)SocketError.NotConnected) : base.SendAsync(request, cancellationToken);
    }
}
