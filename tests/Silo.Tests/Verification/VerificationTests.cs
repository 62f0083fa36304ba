using Amazon.S3;
using Amazon.S3.Model;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Silo.Tests.Postgres;
using Media.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static Media.Silo.Tests.Verification.VerificationBed;

namespace Media.Silo.Tests.Verification;

/// <summary>What becomes of an upload once it is completed, on a real database and a real store.</summary>
[Trait("Category", "S3")]
public sealed class VerificationTests(StorageFixture storage) : IClassFixture<StorageFixture>, IAsyncLifetime
{
    private const string Wrong = "WRONGWRONGWRONGWRONGWRONGWRONGWRONGWRONGWRONGWRONGWQ";

    private VerificationBed _bed = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _bed = await MakeAsync(storage);

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Theory]
    [InlineData(1, true)]
    [InlineData(100_000, false)]
    [InlineData(4 * MiB, true)]
    [InlineData((4 * MiB) + 1, true)]
    [InlineData((20 * MiB) + 3, false)]
    [InlineData(70 * MiB, true)]
    public async Task Verify_WhatWasPromised_IsFiledUnderItsHash(int size, bool isClaimed)
    {
        var bytes = RandomBytes(size);
        var hashes = await HashAsync(bytes);
        var host = await _bed.StartAsync();

        var upload = isClaimed ? await _bed.StoreAsync(host, bytes, hashes.TipHash, hashes.PieceHash) : await _bed.StoreAsync(host, bytes);
        var ended = await _bed.UntilEndedAsync(host, upload);

        Assert.Equal((UploadState.Verified, null), (ended.State, ended.Reason));
        Assert.Equal(new ActualContent(hashes.TipHash, hashes.PieceHash, null), ended.Actual);
        Assert.Equal([$"hash/{hashes.PieceHash}"], await _bed.KeysAsync());
        Assert.Equal(bytes, await _bed.Real.GetAsync($"hash/{hashes.PieceHash}"));
        Assert.Equal(["upload.created", "upload.stored", "upload.verified"], await _bed.EventsAsync(upload));

        var catalog = host.Services.GetRequiredService<ICatalog>();
        var file = (await catalog.FindFileAsync(upload.Tag, Token))!;
        Assert.Equal((size, hashes.PieceHash, $"hash/{hashes.PieceHash}", false), (file.File.Size, file.File.PieceHash, file.File.Key, file.Duplicate));
        var content = (await catalog.FindContentAsync(hashes.PieceHash, Token))!;
        var stored = (await _bed.Real.Store.HeadAsync(content.Key, Token))!;
        Assert.Equal((1, stored.ETag, stored.Size), (content.Files, content.ETag, content.Size));
    }

    [Theory]
    [InlineData(100_000, true)]
    [InlineData(100_000, false)]
    [InlineData(9 * MiB, true)]
    [InlineData(9 * MiB, false)]
    public async Task Verify_AnotherHashThanPromised_GoesIntoQuarantine(int size, bool isTip)
    {
        var bytes = RandomBytes(size);
        var hashes = await HashAsync(bytes);
        var host = await _bed.StartAsync();

        var upload = await _bed.StoreAsync(host, bytes, isTip ? Wrong : hashes.TipHash, isTip ? hashes.PieceHash : Wrong);
        var ended = await _bed.UntilEndedAsync(host, upload);

        Assert.Equal(UploadState.Mismatched, ended.State);
        Assert.Contains(isTip ? "tip hash" : "piece hash", ended.Reason, StringComparison.Ordinal);
        Assert.Equal(hashes.TipHash, ended.Actual!.TipHash);
        await AssertQuarantinedAsync(upload, bytes);
    }

    [Theory]
    [InlineData(100_000, 0)]
    [InlineData(9 * MiB, 0)]
    [InlineData(9 * MiB, 1)]
    [InlineData(9 * MiB, -8 * MiB)]
    public async Task Verify_ObjectReplacedAfterItsCompletion_GoesIntoQuarantine(int size, int longer)
    {
        var bytes = RandomBytes(size);
        var hashes = await HashAsync(bytes);
        var host = await _bed.StartWithoutJobsAsync();
        var upload = await _bed.StoreAsync(host, bytes, hashes.TipHash, hashes.PieceHash);
        Assert.Equal(UploadState.Stored, upload.State);
        Array.Resize(ref bytes, size + longer);
        bytes[bytes.Length / 2] ^= 1;
        await _bed.Real.PutAsync(upload.Key, bytes);

        var ended = await _bed.UntilEndedAsync(await _bed.StartAsync(), upload);

        Assert.Equal(UploadState.Mismatched, ended.State);
        Assert.Contains("replaced", ended.Reason, StringComparison.Ordinal);
        await AssertQuarantinedAsync(upload, bytes);
    }

    [Fact]
    public async Task Verify_ObjectDeletedAfterItsCompletion_Fails()
    {
        var host = await _bed.StartWithoutJobsAsync();
        var upload = await _bed.StoreAsync(host, RandomBytes(9 * MiB));
        await _bed.Real.Store.DeleteAsync(upload.Key, Token);

        var ended = await _bed.UntilEndedAsync(await _bed.StartAsync(), upload);

        Assert.Equal(UploadState.Failed, ended.State);
        Assert.Contains("gone", ended.Reason, StringComparison.Ordinal);
        Assert.Equal(["upload.created", "upload.stored", "upload.failed"], await _bed.EventsAsync(upload));
        Assert.Empty(await _bed.KeysAsync());
    }

    [Fact]
    public async Task Verify_OverwrittenInAVersionedBucket_IsTheVersionThatWasCompleted()
    {
        var versioning = new S3BucketVersioningConfig { Status = VersionStatus.Enabled };
        await _bed.Real.Client.PutBucketVersioningAsync(new PutBucketVersioningRequest { BucketName = _bed.Bucket, VersioningConfig = versioning }, Token);
        var bytes = RandomBytes(9 * MiB);
        var host = await _bed.StartWithoutJobsAsync();
        var upload = await _bed.StoreAsync(host, bytes);
        Assert.NotNull(upload.VersionId);
        await _bed.Real.PutAsync(upload.Key, [1, 2, 3]);

        var ended = await _bed.UntilEndedAsync(await _bed.StartAsync(), upload);

        Assert.Equal(UploadState.Verified, ended.State);
        Assert.Equal(bytes, await _bed.Real.GetAsync($"hash/{ended.Actual!.PieceHash}"));
        var versions = (await _bed.Real.Client.ListVersionsAsync(_bed.Bucket, "upload/", Token)).Versions ?? [];
        Assert.DoesNotContain(versions, version => version.VersionId == upload.VersionId);
    }

    [Fact]
    public async Task Verify_EmptyFile_HasNoHashesAndStaysWhereItIs()
    {
        var host = await _bed.StartAsync();

        var upload = await _bed.StoreAsync(host, []);
        var ended = await _bed.UntilEndedAsync(host, upload);

        Assert.Equal((UploadState.Verified, new ActualContent(null, null, null)), (ended.State, ended.Actual));
        Assert.Equal([upload.Key], await _bed.KeysAsync());
        var file = (await host.Services.GetRequiredService<ICatalog>().FindFileAsync(upload.Tag, Token))!;
        Assert.Equal((0, null, upload.Key), (file.File.Size, file.File.PieceHash, file.File.Key));
        Assert.Equal(["upload.created", "upload.stored", "upload.verified"], await _bed.EventsAsync(upload));
    }

    [Fact]
    public async Task Verify_TypeThatCannotBe_IsStoredAsWhatItIs()
    {
        byte[] png = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, (byte)'I', (byte)'H', (byte)'D', (byte)'R', .. RandomBytes(1_000)];
        var host = await _bed.StartAsync();

        var upload = await _bed.StoreAsync(host, png, contentType: "video/mp4");
        var ended = await _bed.UntilEndedAsync(host, upload);

        Assert.Equal(("video/mp4", "image/png"), (ended.ContentType, ended.Actual!.DetectedType));
        Assert.Equal("image/png", (await _bed.Real.Store.HeadAsync($"hash/{ended.Actual.PieceHash}", Token))!.ContentType);
    }

    [Fact]
    public async Task Verify_ContentWhoseObjectWasLost_IsPutThereAgain()
    {
        var bytes = RandomBytes(100_000);
        var host = await _bed.StartAsync();
        var first = await _bed.UntilEndedAsync(host, await _bed.StoreAsync(host, bytes));
        var key = $"hash/{first.Actual!.PieceHash}";
        await _bed.Real.Store.DeleteAsync(key, Token);

        var second = await _bed.UntilEndedAsync(host, await _bed.StoreAsync(host, bytes));

        Assert.Equal(UploadState.Duplicate, second.State);
        Assert.Equal([key], await _bed.KeysAsync());
        Assert.Equal(bytes, await _bed.Real.GetAsync(key));
    }

    private async Task AssertQuarantinedAsync(Upload upload, byte[] bytes)
    {
        Assert.Equal([$"quarantine/{upload.Tag}"], await _bed.KeysAsync());
        Assert.Equal(bytes, await _bed.Real.GetAsync($"quarantine/{upload.Tag}"));
        Assert.Equal(["upload.created", "upload.stored", "upload.mismatched"], await _bed.EventsAsync(upload));
        Assert.Equal(
            $"quarantine/{upload.Tag}", await _bed.Database.QueryAsync<string>($"select data->>'key' from outbox where subject = '{upload.Tag}' and type = 'upload.mismatched'"));
        Assert.Equal(0, await _bed.Database.QueryAsync<long>("select (select count(*) from files) + (select count(*) from contents)"));
    }
}
