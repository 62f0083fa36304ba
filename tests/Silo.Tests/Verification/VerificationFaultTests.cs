using System.Net.Http.Json;
using Amazon.S3;
using Amazon.S3.Model;
using Media.DevStorage;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Silo.Tests.Postgres;
using Media.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static Media.Silo.Tests.Verification.VerificationBed;

namespace Media.Silo.Tests.Verification;

/// <summary>Verification on a store, and a database, that misbehave.</summary>
public sealed class VerificationFaultTests : IAsyncLifetime
{
    private const string Secret = "test-secret";
    private const string Attempts = "select attempts from jobs where kind = 'verify-upload'";

    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new();
    private DevStorageServer _server = null!;
    private VerificationBed _bed = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var options = new DevStorageOptions { Data = _folder.FullName, Fsync = false, AdminToken = Secret };
        options.Keys.Add(new DevStorageKey { Id = "test", Secret = Secret });
        _server = await DevStorageServer.StartAsync(options, Token);
        _http.DefaultRequestHeaders.Authorization = new("Bearer", Secret);
        _bed = await MakeAsync(await PostgresFixture.CreateDatabaseAsync(Token), _server.Endpoint, "test", Secret, "media");
        await _bed.Real.Client.PutBucketAsync("media", Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _bed.DisposeAsync();
        _http.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(40 * MiB)]
    public async Task Verify_StoreAnswersManyReadsWith503_IsVerifiedInTheEnd(int size)
    {
        var bytes = RandomBytes(size);
        await FailAsync(new { operation = "GetObject", times = 60, status = 503 });

        var host = await _bed.StartAsync();
        var ended = await _bed.UntilEndedAsync(host, await _bed.StoreAsync(host, bytes));

        Assert.Equal((UploadState.Verified, (await HashAsync(bytes)).PieceHash), (ended.State, ended.Actual?.PieceHash));
    }

    [Theory]
    [InlineData("CopyObject")]
    [InlineData("DeleteObject")]
    [InlineData("HeadObject")]
    public async Task Verify_StoreFailsAtWhatFollowsTheHashing_IsVerifiedInTheEnd(string operation)
    {
        var bytes = RandomBytes(5 * MiB);
        var idle = await _bed.StartWithoutJobsAsync();
        var upload = await _bed.StoreAsync(idle, bytes);
        await FailAsync(new { operation, times = 8, status = 500 }, new { operation, times = 2, loseAnswer = true });

        var ended = await _bed.UntilEndedAsync(await _bed.StartAsync(), upload);

        Assert.Equal(UploadState.Verified, ended.State);
        Assert.Equal([$"hash/{ended.Actual!.PieceHash}"], await _bed.KeysAsync());
        Assert.Equal(["upload.created", "upload.stored", "upload.verified"], await _bed.EventsAsync(upload));
    }

    [Theory]
    [InlineData(100_000, 40_000)]
    [InlineData(40 * MiB, 5_000_000)]
    public async Task Verify_ConnectionsCutInTheMiddle_IsVerifiedInTheEnd(int size, int cutAfter)
    {
        var bytes = RandomBytes(size);
        await FailAsync(new { operation = "GetObject", times = 12, cutResponseAfter = cutAfter });

        var host = await _bed.StartAsync(("Media:Verification:QuickRetries", "2"));
        var ended = await _bed.UntilEndedAsync(host, await _bed.StoreAsync(host, bytes));

        Assert.Equal((UploadState.Verified, (await HashAsync(bytes)).PieceHash), (ended.State, ended.Actual?.PieceHash));
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(40 * MiB)]
    public async Task Verify_StoreFallsSilentInTheMiddle_AsksAgain(int size)
    {
        var bytes = RandomBytes(size);
        var upload = await _bed.StoreAsync(await _bed.StartWithoutJobsAsync(), bytes);
        await FailAsync(new { operation = "GetObject", times = 4, bytesPerSecond = 1 });

        // One setting is for the body, the other for the head: a slice that came whole leaves a connection on which nothing follows.
        var host = await _bed.StartAsync(("Media:Verification:Patience", "00:00:01"), ("Media:S3:Timeout", "00:00:02"));
        var ended = await _bed.UntilEndedAsync(host, upload);

        Assert.Equal((UploadState.Verified, (await HashAsync(bytes)).PieceHash), (ended.State, ended.Actual?.PieceHash));
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(20 * MiB)]
    public async Task Verify_ByteFlippedOnTheStoresDisk_GoesIntoQuarantine(int size)
    {
        var bytes = RandomBytes(size);
        var hashes = await HashAsync(bytes);
        var idle = await _bed.StartWithoutJobsAsync();
        var upload = await _bed.StoreAsync(idle, bytes, hashes.TipHash, hashes.PieceHash);
        await FlipOnDiskAsync(bytes.AsMemory(bytes.Length / 2, 64));
        // The ETag is still that of the right bytes: nothing but reading them tells.
        Assert.Equal(upload.ETag, (await _bed.Real.Store.HeadAsync(upload.Key, Token))!.ETag);

        var ended = await _bed.UntilEndedAsync(await _bed.StartAsync(), upload);

        Assert.Equal(UploadState.Mismatched, ended.State);
        Assert.Equal([$"quarantine/{upload.Tag}"], await _bed.KeysAsync());
        Assert.Equal(["upload.created", "upload.stored", "upload.mismatched"], await _bed.EventsAsync(upload));
    }

    [Fact]
    public async Task Verify_SiloWhoseBucketIsNotThere_LeavesTheUploadToOthers()
    {
        var bytes = RandomBytes(100_000);
        var right = await HashAsync(bytes);
        var wrong = (await HashAsync(RandomBytes(10))).PieceHash;
        // Versions are copied without asking the store for its ways first, which would fail there.
        await _bed.Real.Client.PutBucketVersioningAsync(
            new PutBucketVersioningRequest { BucketName = _bed.Bucket, VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled } }, Token);
        var upload = await _bed.StoreAsync(await _bed.StartWithoutJobsAsync(), bytes, pieceHash: wrong);
        // It is read, and known for what it is, and cannot be put away.
        await FailAsync(new { operation = "CopyObject", status = 500 }, new { operation = "UploadPartCopy", status = 500 });
        var first = await _bed.StartAsync();
        await Eventually.TrueAsync(async () => await _bed.Database.QueryAsync<long>("select count(*) from jobs where checkpoint is not null") == 1, cancellationToken: Token);
        await first.StopAsync(Token);

        var tried = await _bed.Database.QueryAsync<int>(Attempts);
        var lost = await _bed.StartAsync(("Media:S3:Bucket", "not-there"));
        await Eventually.TrueAsync(async () => await _bed.Database.QueryAsync<long>("select count(*) from jobs where kind = 'verify-upload'") == 0
            || await _bed.Database.QueryAsync<int>(Attempts) > tried + 1, cancellationToken: Token);
        await lost.StopAsync(Token);

        await FailAsync();
        var ended = await _bed.UntilEndedAsync(await _bed.StartAsync(), upload);
        Assert.Equal((UploadState.Mismatched, right.PieceHash), (ended.State, ended.Actual?.PieceHash));
        Assert.Equal([$"quarantine/{upload.Tag}"], await _bed.KeysAsync());
    }

    [Fact]
    public async Task Verify_Underway_TellsOtherProcessesHowFarItIs()
    {
        var bytes = RandomBytes(40 * MiB);
        var idle = await _bed.StartWithoutJobsAsync();
        var upload = await _bed.StoreAsync(idle, bytes);
        await FailAsync(new { operation = "GetObject", bytesPerSecond = 4 * MiB });
        using var subscription = idle.Services.GetRequiredService<IUploadSignals>().Subscribe(upload.Tag);

        // Another's turn at it would begin at nothing again.
        await _bed.StartAsync(("Media:Verification:ProgressInterval", "00:00:00.010"), ("Media:Jobs:LeaseDuration", "00:01:00"));
        var seen = new List<VerificationProgress>();
        while (seen is [] || seen[^1].Verified < bytes.Length)
        {
            await subscription.WaitAsync(TimeSpan.FromSeconds(30), Token);
            if (subscription.Progress is { } progress && (seen is [] || seen[^1] != progress)) seen.Add(progress);
        }

        Assert.InRange(seen.Count, 2, 1_000);
        Assert.All(seen, progress => Assert.Equal(bytes.Length, progress.Size));
        Assert.Equal(seen.Select(progress => progress.Verified).Order(), seen.Select(progress => progress.Verified));
        Assert.Equal(UploadState.Verified, (await _bed.UntilEndedAsync(idle, upload)).State);
    }

    [Fact]
    public async Task Verify_DatabaseAwayForAWhile_IsVerifiedWhenItIsBack()
    {
        await using var postgres = await TestPostgres.StartAsync(Token);
        await using var bed = await MakeAsync(await postgres.CreateDatabaseAsync(cancellationToken: Token), _server.Endpoint, "test", Secret, "media");
        var bytes = RandomBytes(40 * MiB);
        var hashes = await HashAsync(bytes);
        var host = await bed.StartAsync(("Media:Verification:CheckpointInterval", "00:00:00.050"));
        await FailAsync(new { operation = "GetObject", bytesPerSecond = 8 * MiB });
        var upload = await bed.StoreAsync(host, bytes, hashes.TipHash, hashes.PieceHash);
        await Eventually.TrueAsync(
            async () => await bed.Database.QueryAsync<long>("select count(*) from jobs where checkpoint->>'pieces' is not null") == 1, TimeSpan.FromSeconds(60), Token);
        await postgres.KillAsync();
        await FailAsync();
        await postgres.RestartAsync(Token);

        Upload? ended = null;
        await Eventually.TrueAsync(
            async () =>
            {
                ended = await bed.UntilEndedAsync(host, upload);
                return true;
            },
            TimeSpan.FromSeconds(90),
            Token);

        Assert.Equal((UploadState.Verified, hashes.PieceHash), (ended!.State, ended.Actual?.PieceHash));
        Assert.Equal(["upload.created", "upload.stored", "upload.verified"], await bed.EventsAsync(upload));
    }

    private async Task FailAsync(params object[] rules)
    {
        using var answer = await _http.PutAsJsonAsync(new Uri(_server.Endpoint, "/_admin/faults"), rules, Token);
        answer.EnsureSuccessStatusCode();
    }

    private async Task FlipOnDiskAsync(ReadOnlyMemory<byte> needle)
    {
        foreach (var path in Directory.EnumerateFiles(_folder.FullName, "*", SearchOption.AllDirectories))
        {
            if (Path.GetFileName(path) == "lock") continue;
            await using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            var content = new byte[file.Length];
            await file.ReadExactlyAsync(content, Token);
            if (content.AsSpan().IndexOf(needle.Span) is not (>= 0 and var at)) continue;
            file.Position = at;
            file.WriteByte((byte)(content[at] ^ 1));
            return;
        }

        Assert.Fail("The bytes are not on the disk as they are.");
    }
}
