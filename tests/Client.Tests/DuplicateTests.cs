using Media.Client.Tests.Peer;
using Media.Client.Uploading;

namespace Media.Client.Tests;

/// <summary>Files whose content the server has, or seems to have.</summary>
public sealed class DuplicateTests
{
    private const int Part = 64 * 1024;
    private const int Size = 20 * Part + 3;

    [Fact]
    public async Task UploadAsync_SameFileAgain_IsADuplicateWithoutAByteSent()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(Size);
        await bench.UploadAsync(path);
        bench.Store.Taken.Clear();
        bench.Told.Clear();
        var again = await bench.UploadAsync(path);
        Assert.Equal((UploadStatus.Duplicate, 0L, false), (again.Status, again.BytesSent, again.Resumed));
        Assert.Empty(bench.Store.Taken);
        Assert.Equal(again.Upload.Tag, again.FileId);
        Assert.Contains(bench.Told, told => told is { Phase: UploadPhase.Hashing, BytesHashed: Size });
        Assert.Equal(2, bench.Api.Files.Count);
    }

    [Fact]
    public async Task UploadAsync_AnotherUsersContent_IsSparedByAnsweringTheChallenge()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.AddContent(Bench.Bytes(Size));
        var outcome = await bench.UploadAsync(bench.File(Size));
        Assert.Equal((UploadStatus.Duplicate, 0L), (outcome.Status, outcome.BytesSent));
        Assert.Empty(bench.Store.Taken);
        Assert.Equal(1, bench.Api.Calls("POST {tag}/challenge"));
        Assert.Single(bench.Api.Uploads);
    }

    [Fact]
    public async Task UploadAsync_AnswerToTheChallengeIsLost_IsAskedAgain()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.AddContent(Bench.Bytes(Size));
        bench.Api.LoseAnswer = (route, attempt) => route == "POST {tag}/challenge" && attempt == 1;
        Assert.Equal(UploadStatus.Duplicate, (await bench.UploadAsync(bench.File(Size))).Status);
        Assert.Empty(bench.Store.Taken);
    }

    [Fact]
    public async Task UploadAsync_SameTipOnly_IsUploadedAfterAll()
    {
        await using var bench = await Bench.StartAsync();
        var other = Bench.Bytes(Size);
        other[2 * Part - 1] ^= 1;
        bench.Api.AddContent(other);
        var outcome = await bench.UploadAsync(bench.File(Size));
        Assert.Equal((UploadStatus.Verified, (long)Size), (outcome.Status, outcome.BytesSent));
        Assert.Equal(Bench.Bytes(Size), bench.Stored(outcome.Upload.Tag));
        Assert.Single(bench.Api.Uploads);
        Assert.False(outcome.Resumed);
    }

    [Fact]
    public async Task UploadAsync_ChallengeLapsesBeforeItIsAnswered_AnotherOneIsAskedFor()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.AddContent(Bench.Bytes(Size));
        bench.Api.Fault = (_, route, attempt) =>
        {
            // The creation that tells the hash gives a challenge that is over.
            bench.Api.ChallengeLifetime = route == "POST uploads" && attempt <= 2 ? TimeSpan.FromSeconds(-5) : TimeSpan.FromMinutes(10);
            return Task.FromResult(false);
        };
        Assert.Equal(UploadStatus.Duplicate, (await bench.UploadAsync(bench.File(Size))).Status);
        Assert.Empty(bench.Store.Taken);
        Assert.Equal(3, bench.Api.Calls("POST uploads"));
    }

    [Fact]
    public async Task UploadAsync_ServerFindsTheAnswerWrong_IsUploaded()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.AddContent(Bench.Bytes(Size));
        bench.Api.Fault = (_, route, _) =>
        {
            if (route == "POST {tag}/challenge")
                bench.Api.Contents.Clear();
            return Task.FromResult(false);
        };
        var outcome = await bench.UploadAsync(bench.File(Size));
        Assert.Equal((UploadStatus.Verified, (long)Size), (outcome.Status, outcome.BytesSent));
        Assert.Equal(Bench.Bytes(Size), bench.Stored(outcome.Upload.Tag));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task UploadAsync_ServerTakesItForAnEarlierFileOfTheSameTip_ItsOwnBytesAreKept(bool owned)
    {
        await using var bench = await Bench.StartAsync();
        // Begun with another version's piece hash, which is stored by now: the server would spare this file for that one.
        var other = Bench.Bytes(Size);
        other[2 * Part - 1] ^= 1;
        var hashes = ApiPeer.HashesOf(other)!;
        await bench.Client().CreateUploadAsync(new NewUpload("film.mp4", "video/mp4", Size) { TipHash = hashes.TipHash, PieceHash = hashes.PieceHash, ClientId = "tests" });
        bench.Api.AddContent(other);
        if (owned)
            bench.Api.Files["somewhere"] = new PeerFile("somewhere", "other.mp4", "video/mp4", hashes, other, false);

        var outcome = await bench.UploadAsync(bench.File(Size));
        Assert.Equal(UploadStatus.Verified, outcome.Status);
        Assert.Equal(Bench.Bytes(Size), bench.Stored(outcome.Upload.Tag));
        Assert.Equal(0, bench.Api.Calls("POST {tag}/challenge"));
    }

    [Fact]
    public async Task UploadAsync_ResumesWhatWasBegunOfAnotherVersion_BeginsItsOwn()
    {
        await using var bench = await Bench.StartAsync();
        var other = Bench.Bytes(Size);
        other[2 * Part - 1] ^= 1;
        var hashes = ApiPeer.HashesOf(other)!;
        await bench.Client().CreateUploadAsync(new NewUpload("film.mp4", "video/mp4", Size) { TipHash = hashes.TipHash, PieceHash = hashes.PieceHash, ClientId = "tests" });
        var outcome = await bench.UploadAsync(bench.File(Size));
        Assert.Equal(UploadStatus.Verified, outcome.Status);
        Assert.Equal(2, bench.Api.Uploads.Count);
        Assert.Equal(Bench.Bytes(Size), bench.Stored(outcome.Upload.Tag));
    }

    [Fact]
    public async Task UploadAsync_TwoEqualFilesAtOnce_TheSecondIsNotSent()
    {
        await using var bench = await Bench.StartAsync();
        string[] paths = [bench.File(Size, "a.bin"), bench.File(Size, "b.bin")];
        var uploader = bench.Uploader();
        var outcomes = await Task.WhenAll(paths.Select(path => uploader.UploadAsync(path, cancellationToken: Bench.Deadline)));
        Assert.Equal([UploadStatus.Verified, UploadStatus.Duplicate], outcomes.Select(outcome => outcome.Status).Order());
        Assert.Equal(Size, outcomes.Sum(outcome => outcome.BytesSent));
    }

    [Fact]
    public async Task UploadAsync_FileChangesWhileItIsHashed_FailsClearlyAndGivesTheLeaseBack()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(40 * 1024 * 1024);
        bench.Api.AddContent(Bench.Bytes(40 * 1024 * 1024));
        var changed = false;
        var listener = new Each(told =>
        {
            if (told.Phase != UploadPhase.Hashing || changed)
                return;
            changed = true;
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.SetLength(10);
        });
        var failure = await Assert.ThrowsAsync<MediaException>(() => bench.Uploader().UploadAsync(path, null, listener, Bench.Deadline));
        Assert.Equal(MediaErrors.SourceChanged, failure.Code);
        Assert.Equal(1, bench.Api.Calls("DELETE {tag}/lease"));
        Assert.Empty(bench.Store.Objects);
    }

    [Fact]
    public async Task UploadAsync_LeaseIsTakenWhileItHashes_StopsWithLeaseLost()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(8 * 1024 * 1024);
        bench.Api.AddContent(Bench.Bytes(8 * 1024 * 1024));
        var listener = new Each(told =>
        {
            if (told.Phase != UploadPhase.Hashing || bench.Api.Only.Holder == "winner")
                return;
            bench.Client().TakeLeaseAsync(bench.Api.Only.Tag, "winner", takeOver: true).GetAwaiter().GetResult();
            // The hash is held up until a heartbeat has had the news; there is none after it.
            Bench.UntilAsync(() => bench.Api.Only.Refusals > 0).GetAwaiter().GetResult();
        });
        var failure = await Assert.ThrowsAsync<MediaException>(() =>
            bench.Uploader(Bench.Quick("loser") with { Heartbeat = TimeSpan.FromMilliseconds(30) }).UploadAsync(path, null, listener, Bench.Deadline));
        Assert.Equal(("lease_lost", "winner"), (failure.Code, failure.Problem?.Holder));
    }

    [Fact]
    public async Task UploadAsync_OpenedInABatch_EachGoesOnFromItsStatus()
    {
        await using var bench = await Bench.StartAsync();
        var (mine, theirs, fresh) = (bench.File(Size, "mine.bin"), bench.File(Size + 1, "theirs.bin", 2), bench.File(Size + 2, "fresh.bin", 3));
        await bench.UploadAsync(mine);
        bench.Api.AddContent(Bench.Bytes(Size + 1, 2));
        bench.Store.Taken.Clear();
        var requests = new List<NewUpload>();
        foreach (var path in (string[])[mine, theirs, fresh])
        {
            var hashes = await LocalFiles.HashAsync(path);
            requests.Add(await LocalFiles.DescribeAsync(path) with { ClientId = "tests", PieceHash = path == fresh ? null : hashes.PieceHash });
        }

        requests.Add(new NewUpload("a/b", "text/plain", 1) { ClientId = "tests", TipHash = new string('A', 52) });
        var answers = await bench.Client().CreateUploadsAsync(requests);
        Assert.Equal(["duplicate", "challenge", "created", null], answers.Select(answer => answer.Upload?.Status));
        Assert.Equal("invalid_request", answers[3].Problem?.Code);

        var uploader = bench.Uploader();
        string[] paths = [mine, theirs, fresh];
        for (var i = 0; i < paths.Length; i++)
        {
            var outcome = await uploader.UploadOpenedAsync(paths[i], answers[i].Upload!, cancellationToken: Bench.Deadline);
            Assert.Equal(i == 2 ? UploadStatus.Verified : UploadStatus.Duplicate, outcome.Status);
            Assert.Equal(answers[i].Upload!.Tag, outcome.Upload.Tag);
            Assert.Equal(i == 2 ? Size + 2 : 0, outcome.BytesSent);
        }

        Assert.Equal(4, bench.Api.Uploads.Count);
        var failure = await Assert.ThrowsAsync<MediaException>(() => uploader.UploadOpenedAsync(mine, answers[2].Upload!, cancellationToken: Bench.Deadline));
        Assert.Equal(MediaErrors.SourceChanged, failure.Code);
    }

    [Fact]
    public async Task AnswerAsync_AFile_IsWhatTheUploaderAnswers()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.AddContent(Bench.Bytes(Size));
        var path = bench.File(Size);
        var hashes = await LocalFiles.HashAsync(path);
        var client = bench.Client();
        var upload = await client.CreateUploadAsync(await LocalFiles.DescribeAsync(path) with { ClientId = "tests", PieceHash = hashes.PieceHash });
        var answer = await LocalFiles.AnswerAsync(path, upload.Challenge!);
        Assert.Equal(UploadState.Duplicate, (await client.AnswerChallengeAsync(upload.Tag, answer, "tests")).State);
        var tooLong = upload.Challenge! with { Ranges = [new ByteRange(0, Size + 1)] };
        Assert.Equal(MediaErrors.UnexpectedAnswer, (await Assert.ThrowsAsync<MediaException>(() => LocalFiles.AnswerAsync(path, tooLong))).Code);
    }

    [Fact]
    public async Task LookUpContentAsync_SizeAndHashes_TellsWhatIsStored()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.AddContent(Bench.Bytes(Size));
        var (hashes, client) = (ApiPeer.HashesOf(Bench.Bytes(Size))!, bench.Client());
        Assert.Equal("possible", (await client.LookUpContentAsync(Size, hashes.TipHash)).Status);
        Assert.Equal("stored", (await client.LookUpContentAsync(Size, hashes.TipHash, hashes.PieceHash)).Status);
        Assert.Equal("unknown", (await client.LookUpContentAsync(Size + 1, hashes.TipHash)).Status);
    }

    private sealed class Each(Action<UploadProgress> act) : IProgress<UploadProgress>
    {
        public void Report(UploadProgress value) => act(value);
    }
}
