using System.Collections.Immutable;
using Amazon.S3;
using Amazon.S3.Model;
using Media.Grains.Ports;
using Media.Silo.S3;
using Media.Tests.Support;

namespace Media.Silo.Tests.S3;

/// <summary>Copies within the bucket of a real store.</summary>
[Trait("Category", "S3")]
public sealed class CopyTests(StorageFixture storage) : IClassFixture<StorageFixture>
{
    private const int MiB = 1 << 20;

    private static readonly ObjectHeaders OtherHeaders = new("video/mp4", ImmutableDictionary<string, string>.Empty.Add("piece-hash", "abc"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Sizes around the limit for one request, and how many parts the copy is made of: 0 for one request.</summary>
    public static TheoryData<int, int> Sizes => new()
    {
        { 0, 0 },
        { 3, 0 },
        { (5 * MiB) - 1, 0 },
        { 5 * MiB, 0 },
        { (5 * MiB) + 1, 2 },
        { 10 * MiB, 2 },
        { (52 * MiB) + 3, 11 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Copy_AnySize_HasTheSameBytesAndHeaders(int size, int parts)
    {
        using var real = Open();
        var (source, target) = NewKeys();
        var body = RandomBytes(size);
        var found = await real.PutAsync(source, body);

        var outcome = await real.Store.CopyAsync(source, found, target, null, onlyIfAbsent: true, Token);

        Assert.Equal(new CopyOutcome(CopyStatus.Copied, await real.Store.HeadAsync(target, Token)), outcome);
        Assert.Equal(size, outcome.Target!.Size);
        // A store that ignores conditions on the source has smaller ones copied by a part, too.
        if (parts > 0) Assert.EndsWith($"-{parts}\"", outcome.Target.ETag, StringComparison.Ordinal);
        else if (!StorageFixture.IsExternal) Assert.DoesNotContain("-", outcome.Target.ETag, StringComparison.Ordinal);
        Assert.Equal(body, await real.GetAsync(target));
        var headers = await real.GetHeadersAsync(target);
        Assert.Equal(("text/plain", "a%20b"), (headers.ContentType, headers.Metadata["file-name"]));
        Assert.Empty(await real.GetPendingAsync(target));
    }

    [Theory]
    [InlineData(3)]
    [InlineData((5 * MiB) + 1)]
    public async Task Copy_OtherHeaders_ReplaceThoseOfTheSource(int size)
    {
        using var real = Open();
        var (source, target) = NewKeys();
        var found = await real.PutAsync(source, RandomBytes(size));

        var outcome = await real.Store.CopyAsync(source, found, target, OtherHeaders, onlyIfAbsent: false, Token);

        Assert.Equal((CopyStatus.Copied, "video/mp4"), (outcome.Status, outcome.Target!.ContentType));
        var headers = await real.GetHeadersAsync(target);
        Assert.Equal(("abc", 1), (headers.Metadata["piece-hash"], headers.Metadata.Count));
    }

    [Theory]
    [InlineData(3)]
    [InlineData((5 * MiB) + 1)]
    public async Task Copy_OddCharactersInTheKeys_AreTheSameKeys(int size)
    {
        using var real = Open();
        // Ceph RGW decodes the source of a part's copy twice. None of our own keys has anything to decode.
        var name = $"/a b+c{(StorageFixture.IsExternal ? "" : "%20?versionId=1")}d'e/é 漢字 🙂/(f)~!*&=?#:@$,;[x]";
        var (source, target) = NewKeys();
        var body = RandomBytes(size);
        var found = await real.PutAsync(source + name, body);

        Assert.Equal(CopyStatus.Copied, (await real.Store.CopyAsync(source + name, found, target + name, null, onlyIfAbsent: false, Token)).Status);

        Assert.Equal(body, await real.GetAsync(target + name));
    }

    [Theory]
    [InlineData(3)]
    [InlineData((5 * MiB) + 1)]
    public async Task Copy_OnlyIfAbsentAndThere_LeavesItAlone(int size)
    {
        using var real = Open();
        var (source, target) = NewKeys();
        var found = await real.PutAsync(source, RandomBytes(size));
        var there = await real.PutAsync(target, [1, 2]);

        Assert.Equal(new CopyOutcome(CopyStatus.Exists, there), await real.Store.CopyAsync(source, found, target, OtherHeaders, onlyIfAbsent: true, Token));
        Assert.Equal([1, 2], await real.GetAsync(target));

        Assert.Equal(CopyStatus.Copied, (await real.Store.CopyAsync(source, found, target, OtherHeaders, onlyIfAbsent: false, Token)).Status);
        Assert.Equal(size, (await real.Store.HeadAsync(target, Token))!.Size);
        Assert.Empty(await real.GetPendingAsync(target));
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(3, true)]
    [InlineData((5 * MiB) + 1, false)]
    [InlineData((5 * MiB) + 1, true)]
    public async Task Copy_SourceHasChanged_IsNotCopied(int size, bool withHeaders)
    {
        using var real = Open();
        var (source, target) = NewKeys();
        var found = await real.PutAsync(source, RandomBytes(size));
        await real.PutAsync(source, RandomBytes(size));

        var outcome = await real.Store.CopyAsync(source, found, target, withHeaders ? OtherHeaders : null, onlyIfAbsent: true, Token);

        Assert.Equal(CopyOutcome.SourceChanged, outcome);
        Assert.Null(await real.Store.HeadAsync(target, Token));
        Assert.Empty(await real.GetPendingAsync(target));
    }

    [Theory]
    [InlineData(3)]
    [InlineData((5 * MiB) + 1)]
    public async Task Copy_SamePutAgainLater_IsAnotherObject(int size)
    {
        using var real = Open();
        var (source, target) = NewKeys();
        var found = await real.PutAsync(source, RandomBytes(size));

        // As if another file with the same MD5, and so the same ETag, had come in its place.
        var before = found with { LastModified = found.LastModified.AddSeconds(-1) };

        Assert.Equal(CopyOutcome.SourceChanged, await real.Store.CopyAsync(source, before, target, null, onlyIfAbsent: false, Token));
        Assert.Null(await real.Store.HeadAsync(target, Token));
        Assert.Equal(CopyStatus.Copied, (await real.Store.CopyAsync(source, found with { LastModified = default }, target, null, onlyIfAbsent: false, Token)).Status);
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(3, true)]
    [InlineData((5 * MiB) + 1, false)]
    [InlineData((5 * MiB) + 1, true)]
    public async Task Copy_SourceIsGone_IsNotCopiedUnlessItWasBefore(int size, bool withHeaders)
    {
        using var real = Open();
        var (source, target) = NewKeys();
        var found = await real.PutAsync(source, RandomBytes(size));
        await real.Store.DeleteAsync(source, Token);
        var headers = withHeaders ? OtherHeaders : null;

        Assert.Equal(CopyOutcome.SourceChanged, await real.Store.CopyAsync(source, found, target, headers, onlyIfAbsent: true, Token));
        Assert.Empty(await real.GetPendingAsync(target));

        var there = await real.PutAsync(target, [1]);
        Assert.Equal(new CopyOutcome(CopyStatus.Exists, there), await real.Store.CopyAsync(source, found, target, headers, onlyIfAbsent: true, Token));
    }

    [Theory]
    [InlineData(3)]
    [InlineData((5 * MiB) + 1)]
    public async Task Copy_ManyToOneTarget_EndsAsOneOfThem(int size)
    {
        using var real = Open();
        var (source, target) = NewKeys();
        var body = RandomBytes(size);
        var found = await real.PutAsync(source, body);

        var outcomes = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => real.Store.CopyAsync(source, found, target, null, onlyIfAbsent: true, Token)));

        Assert.All(outcomes, outcome => Assert.NotNull(outcome.Target));
        // Not every store holds to the condition: there who comes second replaces the same bytes by the same.
        if (!StorageFixture.IsExternal) Assert.Single(outcomes, outcome => outcome.Status == CopyStatus.Copied);
        Assert.Equal(body, await real.GetAsync(target));
        Assert.Empty(await real.GetPendingAsync(target));
    }

    [Theory]
    [InlineData(3)]
    [InlineData((5 * MiB) + 1)]
    public async Task Copy_VersionThatIsNotTheLatest_IsTheOneCopied(int size)
    {
        using var real = Open(await CreateVersionedBucketAsync());
        var (source, target) = NewKeys();
        var body = RandomBytes(size);
        var found = await real.PutAsync(source, body);
        await real.PutAsync(source, [1]);

        var outcome = await real.Store.CopyAsync(source, found, target, null, onlyIfAbsent: true, Token);

        Assert.Equal(CopyStatus.Copied, outcome.Status);
        Assert.NotNull(outcome.Target!.VersionId);
        Assert.Equal(body, await real.GetAsync(target));
    }

    [Fact]
    public async Task Delete_OneVersion_LeavesTheOthersAndNoMarker()
    {
        var bucket = await CreateVersionedBucketAsync();
        using var real = Open(bucket);
        var (key, _) = NewKeys();
        var first = await real.PutAsync(key, [1]);
        var second = await real.PutAsync(key, [1, 2]);

        await real.Store.DeleteAsync(key, second.VersionId, Token);
        await real.Store.DeleteAsync(key, second.VersionId, Token);

        Assert.Equal(first, await real.Store.HeadAsync(key, Token));
        await real.Store.DeleteAsync(key, first.VersionId, Token);
        Assert.Empty((await storage.Client.ListVersionsAsync(bucket, Token)).Versions ?? []);
    }

    private RealStore Open(string? bucket = null) => new(storage, bucket, options => options.CopyLimit = 5 * MiB);

    private async Task<string> CreateVersionedBucketAsync()
    {
        var bucket = await storage.CreateBucketAsync(Token);
        var versioning = new S3BucketVersioningConfig { Status = VersionStatus.Enabled };
        await storage.Client.PutBucketVersioningAsync(new PutBucketVersioningRequest { BucketName = bucket, VersioningConfig = versioning }, Token);
        return bucket;
    }

    private static (string Source, string Target) NewKeys() => ($"upload/{Guid.NewGuid():N}", $"hash/{Guid.NewGuid():N}");

    private static byte[] RandomBytes(int size)
    {
        var bytes = new byte[size];
        Random.Shared.NextBytes(bytes);
        return bytes;
    }
}
