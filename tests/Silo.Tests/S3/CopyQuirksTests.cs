using System.Collections.Immutable;
using Media.Grains.Ports;
using Media.Silo.S3;
using Microsoft.AspNetCore.Http;

namespace Media.Silo.Tests.S3;

/// <summary>What stores do to copies that a real one at hand cannot be made to do.</summary>
public sealed class CopyQuirksTests
{
    private const long MiB = 1 << 20;

    private static readonly StoredObject Small = new(10, "\"a\"", "v1", "video/mp4", new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private static readonly StoredObject Large = Small with { Size = (16 * MiB) + 1 };
    private static readonly ObjectHeaders Headers = new("video/mp4", ImmutableDictionary<string, string>.Empty.Add("file-name", "a%20b"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(501, "NotImplemented")]
    [InlineData(400, "NotImplemented")]
    [InlineData(501, "Whatever")]
    public async Task Copy_ConditionIsNotKnown_IsCopiedWithoutIt(int status, string code)
    {
        var script = new CopyScript { Copy = request => request.Headers.IfNoneMatch.Count > 0 ? FakeStore.Error(code, status) : null };
        await using var fake = await FakeStore.StartAsync(script.Answer);

        var outcome = await fake.Store.CopyAsync("source", Small, "target", Headers, onlyIfAbsent: true, Token);

        Assert.Equal(CopyStatus.Copied, outcome.Status);
        Assert.Equal(["*", ""], script.Conditions);
    }

    [Theory]
    [InlineData(501)]
    [InlineData(400)]
    public async Task MultipartCopy_ConditionIsNotKnown_IsCompletedWithoutIt(int status)
    {
        var script = new CopyScript { Size = Large.Size, Complete = request => request.Headers.IfNoneMatch.Count > 0 ? FakeStore.Error("NotImplemented", status) : null };
        await using var fake = await StartSmallAsync(script);

        Assert.Equal(CopyStatus.Copied, (await fake.Store.CopyAsync("source", Large, "target", Headers, onlyIfAbsent: true, Token)).Status);
        Assert.Equal(["*", ""], script.Conditions);
    }

    [Fact]
    public async Task MultipartCopy_ConditionIsNotKnownAndAnotherCameFirst_LeavesItAlone()
    {
        var script = new CopyScript { Size = Large.Size };
        script.Complete = _ =>
        {
            script.Target = (7, "\"theirs\"");
            return FakeStore.Error("NotImplemented", 501);
        };
        await using var fake = await StartSmallAsync(script);

        var outcome = await fake.Store.CopyAsync("source", Large, "target", Headers, onlyIfAbsent: true, Token);

        Assert.Equal((CopyStatus.Exists, "\"theirs\""), (outcome.Status, outcome.Target!.ETag));
        Assert.Single(script.Conditions);
        Assert.True(script.IsAborted);
    }

    [Theory]
    [InlineData(412, "PreconditionFailed")]
    [InlineData(409, "ConditionalRequestConflict")]
    public async Task Copy_AnotherCameFirst_IsWhatIsThere(int status, string code)
    {
        foreach (var found in new[] { Small, Large })
        {
            var script = new CopyScript { Size = found.Size };
            script.Copy = script.Complete = _ =>
            {
                script.Target = (7, "\"theirs\"");
                return FakeStore.Error(code, status);
            };
            await using var fake = await StartSmallAsync(script);

            var outcome = await fake.Store.CopyAsync("source", found, "target", Headers, onlyIfAbsent: true, Token);

            Assert.Equal((CopyStatus.Exists, "\"theirs\""), (outcome.Status, outcome.Target!.ETag));
            Assert.Equal(found == Large, script.IsAborted);
        }
    }

    [Fact]
    public async Task Copy_ConditionOnTheSourceIsIgnored_IsMadeOfPartsThatAreLookedAt()
    {
        var script = new CopyScript();
        await using var fake = await FakeStore.StartAsync(script.Answer);
        var found = Small with { VersionId = null };

        foreach (var target in new[] { "a/target", "b/target" })
        {
            script.Target = null;
            Assert.Equal(CopyStatus.Copied, (await fake.Store.CopyAsync("source", found, target, Headers, onlyIfAbsent: true, Token)).Status);
        }

        // One copy to ask, and to a place where nobody looks.
        Assert.Equal(["copy", "create", "part", "create", "part"], script.Sent.Select(sent => sent.Kind));
        Assert.Contains("DELETE quarantine/copy-condition", script.Deleted);
        Assert.All(script.Sent.Where(sent => sent.Kind == "part"), sent => Assert.False(sent.Headers.ContainsKey("x-amz-copy-source-range")));
    }

    [Fact]
    public async Task Copy_ConditionOnTheSourceIsIgnoredAndItChanges_IsNotCopied()
    {
        var script = new CopyScript();
        script.Part = _ =>
        {
            script.SourceETag = "\"other\"";
            return null;
        };
        await using var fake = await FakeStore.StartAsync(script.Answer);

        Assert.Equal(CopyOutcome.SourceChanged, await fake.Store.CopyAsync("source", Small with { VersionId = null }, "target", Headers, onlyIfAbsent: true, Token));

        Assert.True(script.IsAborted);
        Assert.Null(script.Target);
    }

    [Fact]
    public async Task Copy_ConditionOnTheSourceIsHeld_IsAskedOnce()
    {
        var script = new CopyScript
        {
            Copy = request => request.Headers["x-amz-copy-source-if-match"] == "\"a\"" ? null : FakeStore.Error("PreconditionFailed", 412),
        };
        await using var fake = await FakeStore.StartAsync(script.Answer);
        var found = Small with { VersionId = null };

        await fake.Store.CopyAsync("source", found, "target", Headers, onlyIfAbsent: false, Token);
        await fake.Store.CopyAsync("source", found, "target", Headers, onlyIfAbsent: false, Token);

        Assert.Equal(["copy", "copy", "copy"], script.Sent.Select(sent => sent.Kind));
        Assert.Empty(script.Deleted);
    }

    [Theory]
    [InlineData(412, "PreconditionFailed")]
    [InlineData(409, "ConditionalRequestConflict")]
    [InlineData(404, "NoSuchKey")]
    [InlineData(500, "InternalError")]
    public async Task Copy_RefusedThoughNothingIsWrong_IsUnavailable(int status, string code)
    {
        foreach (var found in new[] { Small, Large })
        {
            var script = new CopyScript { Size = found.Size, Copy = _ => FakeStore.Error(code, status), Part = _ => FakeStore.Error(code, status) };
            await using var fake = await StartSmallAsync(script);

            await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.CopyAsync("source", found, "target", Headers, onlyIfAbsent: true, Token));

            Assert.Equal(found == Large, script.IsAborted);
        }
    }

    [Fact]
    public async Task Copy_ErrorInTheBodyOf200_IsNotTakenForSuccess()
    {
        var script = new CopyScript { Copy = _ => FakeStore.Error("InternalError", 200) };
        await using var fake = await FakeStore.StartAsync(script.Answer);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.CopyAsync("source", Small, "target", Headers, onlyIfAbsent: false, Token));
    }

    [Fact]
    public async Task Copy_StoreIsSilentForLongerThanItsTime_IsMadeByPartsNowAndNextTime()
    {
        var found = Small with { Size = (256 * MiB) + 1 };
        var script = new CopyScript { Size = found.Size, Copy = _ => new Silent() };
        await using var fake = await StartImpatientAsync(script);

        Assert.Equal(CopyStatus.Copied, (await fake.Store.CopyAsync("source", found, "target", Headers, onlyIfAbsent: true, Token)).Status);
        // The SDK at times sends what was given up once more, signed anew, without counting it as a try.
        Assert.Contains("copy", script.Sent.Select(sent => sent.Kind));
        Assert.Equal(["create", "part", "part"], script.Sent.Select(sent => sent.Kind).Where(kind => kind != "copy"));

        script.Target = null;
        script.Sent.Clear();
        Assert.Equal(CopyStatus.Copied, (await fake.Store.CopyAsync("source", found, "target", Headers, onlyIfAbsent: true, Token)).Status);
        Assert.Equal(["create", "part", "part"], script.Sent.Select(sent => sent.Kind));

        script.Target = null;
        script.Sent.Clear();
        script.Copy = _ => null;
        var smaller = found with { Size = --script.Size };
        Assert.Equal(CopyStatus.Copied, (await fake.Store.CopyAsync("source", smaller, "target", Headers, onlyIfAbsent: true, Token)).Status);
        Assert.Equal(["copy"], script.Sent.Select(sent => sent.Kind));
    }

    [Fact]
    public async Task Copy_StoreIsSilentForLongerThanItsTimeOverWhatIsOnePart_IsUnavailable()
    {
        var found = Small with { Size = 256 * MiB };
        var script = new CopyScript { Size = found.Size, Copy = _ => new Silent() };
        await using var fake = await StartImpatientAsync(script);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.CopyAsync("source", found, "target", Headers, onlyIfAbsent: true, Token));
        Assert.NotEmpty(script.Sent);
        Assert.All(script.Sent, sent => Assert.Equal("copy", sent.Kind));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(9L)]
    public async Task Copy_SaidToBeMadeAndIsNot_IsUnavailable(long? size)
    {
        var script = new CopyScript();
        script.Copy = _ =>
        {
            script.Target = size is { } bytes ? (bytes, "\"b\"") : null;
            return FakeStore.Xml("<CopyObjectResult><ETag>\"b\"</ETag></CopyObjectResult>");
        };
        await using var fake = await FakeStore.StartAsync(script.Answer);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.CopyAsync("source", Small, "target", Headers, onlyIfAbsent: false, Token));
    }

    [Fact]
    public async Task MultipartCopy_PartErrorInTheBodyOf200_IsNotCompleted()
    {
        var script = new CopyScript { Size = Large.Size, Part = number => number == 2 ? FakeStore.Error("InternalError", 200) : null };
        await using var fake = await StartSmallAsync(script);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.CopyAsync("source", Large, "target", Headers, onlyIfAbsent: false, Token));

        Assert.Empty(script.Conditions);
        Assert.True(script.IsAborted);
    }

    [Fact]
    public async Task MultipartCopy_PartFailsOnce_IsTriedAgain()
    {
        var failures = 0;
        var script = new CopyScript { Size = Large.Size, Part = number => number == 2 && Interlocked.Increment(ref failures) == 1 ? FakeStore.Error("SlowDown", 503) : null };
        await using var fake = await StartSmallAsync(script, options => options.MaxRetries = 2);

        Assert.Equal(CopyStatus.Copied, (await fake.Store.CopyAsync("source", Large, "target", Headers, onlyIfAbsent: false, Token)).Status);
        Assert.False(script.IsAborted);
    }

    [Fact]
    public async Task MultipartCopy_AbortFailsToo_TellsTheFirstFailure()
    {
        var script = new CopyScript { Size = Large.Size, Part = _ => FakeStore.Error("SlowDown", 503), Abort = () => FakeStore.Error("InternalError", 500) };
        await using var fake = await StartSmallAsync(script);

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => fake.Store.CopyAsync("source", Large, "target", Headers, onlyIfAbsent: false, Token));

        Assert.Contains("SlowDown", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MultipartCopy_Cancelled_IsAborted()
    {
        using var cancelled = new CancellationTokenSource();
        var script = new CopyScript
        {
            Size = Large.Size,
            Part = _ =>
            {
                cancelled.Cancel();
                return null;
            },
        };
        await using var fake = await StartSmallAsync(script);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => fake.Store.CopyAsync("source", Large, "target", Headers, onlyIfAbsent: false, cancelled.Token));

        Assert.True(script.IsAborted);
    }

    [Theory]
    [InlineData("part")]
    [InlineData("list")]
    [InlineData("complete")]
    public async Task MultipartCopy_TakenAwayByAnothersCopy_IsWhatIsThere(string step)
    {
        var script = new CopyScript { Size = Large.Size };
        IResult? TakeAway(string at)
        {
            if (at != step) return null;
            script.Target = (Large.Size, "\"theirs\"");
            return FakeStore.Error("NoSuchUpload", 404);
        }

        script.Part = number => number == 2 ? TakeAway("part") : null;
        script.List = () => TakeAway("list");
        script.Complete = _ => TakeAway("complete");
        await using var fake = await StartSmallAsync(script);

        var outcome = await fake.Store.CopyAsync("source", Large, "target", Headers, onlyIfAbsent: true, Token);

        Assert.Equal((CopyStatus.Exists, "\"theirs\""), (outcome.Status, outcome.Target!.ETag));
    }

    [Fact]
    public async Task MultipartCopy_PartsAreMissingAndNothingIsThere_IsUnavailable()
    {
        var script = new CopyScript { Size = Large.Size, List = () => FakeStore.Error("NoSuchUpload", 404) };
        await using var fake = await StartSmallAsync(script);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.CopyAsync("source", Large, "target", Headers, onlyIfAbsent: true, Token));

        Assert.Empty(script.Conditions);
    }

    [Theory]
    [InlineData(500, "InternalError")]
    [InlineData(404, "NoSuchUpload")]
    [InlineData(200, null)]
    public async Task MultipartCopy_AnswerOfTheCompletionIsLost_IsCopiedIfItIsThere(int status, string? code)
    {
        foreach (var isThere in new[] { true, false })
        {
            // Something else was there before, of the same size.
            var script = new CopyScript { Size = Large.Size, Target = (Large.Size, "\"old\"") };
            script.Complete = _ =>
            {
                if (isThere) script.Target = (Large.Size, "\"new\"");
                return code is null ? FakeStore.Xml("<CompleteMultipartUploadResult><ETag/></CompleteMultipartUploadResult>") : FakeStore.Error(code, status);
            };
            await using var fake = await StartSmallAsync(script);

            var copying = fake.Store.CopyAsync("source", Large, "target", Headers, onlyIfAbsent: false, Token);

            if (isThere) Assert.Equal((CopyStatus.Copied, "\"new\""), ((await copying).Status, (await copying).Target!.ETag));
            else await Assert.ThrowsAsync<StoreUnavailableException>(() => copying);
            Assert.True(script.IsAborted);
        }
    }

    [Fact]
    public async Task MultipartCopy_PartsWithoutETags_AreAskedFor()
    {
        var script = new CopyScript { Size = Large.Size, Part = _ => FakeStore.Xml("<CopyPartResult/>") };
        await using var fake = await StartSmallAsync(script);

        Assert.Equal(CopyStatus.Copied, (await fake.Store.CopyAsync("source", Large, "target", Headers, onlyIfAbsent: false, Token)).Status);
    }

    [Theory]
    [InlineData(S3Encryption.Bucket, null, null)]
    [InlineData(S3Encryption.Aes256, "AES256", null)]
    [InlineData(S3Encryption.Kms, "aws:kms", "key")]
    public async Task Copy_AnyWay_NamesSourceConditionsAndEncryption(S3Encryption encryption, string? method, string? kmsKey)
    {
        foreach (var found in new[] { Small, Large })
        {
            var script = new CopyScript { Size = found.Size };
            await using var fake = await StartSmallAsync(script, options => (options.ServerSideEncryption, options.KmsKeyId) = (encryption, kmsKey));

            await fake.Store.CopyAsync("source", found, "target", Headers, onlyIfAbsent: false, Token);

            var creation = script.Sent.Single(sent => sent.Kind is "copy" or "create").Headers;
            Assert.Equal((method, kmsKey), (creation.GetValueOrDefault("x-amz-server-side-encryption"), creation.GetValueOrDefault("x-amz-server-side-encryption-aws-kms-key-id")));
            Assert.Equal(("video/mp4", "a%20b"), (creation["Content-Type"], creation["x-amz-meta-file-name"]));
            var copies = script.Sent.Where(sent => sent.Kind is "copy" or "part").ToList();
            Assert.All(copies, sent => Assert.Equal("\"a\"", sent.Headers["x-amz-copy-source-if-match"]));
            Assert.All(copies, sent => Assert.Equal("media/source?versionId=v1", Uri.UnescapeDataString(sent.Headers["x-amz-copy-source"])));
            if (found == Small) Assert.Equal("REPLACE", copies.Single().Headers["x-amz-metadata-directive"]);
            else Assert.Equal(["bytes=0-8388607", "bytes=16777216-16777216", "bytes=8388608-16777215"], copies.Select(sent => sent.Headers["x-amz-copy-source-range"]).Order());
        }
    }

    [Theory]
    [InlineData((5L << 30) + 1, 5L << 30, 256L << 20)]
    [InlineData((5L << 20) + 1, 5L << 20, 5L << 20)]
    [InlineData(10_000 * (256L << 20), 5L << 30, 256L << 20)]
    [InlineData((10_000 * (256L << 20)) + 1, 5L << 30, 257L << 20)]
    [InlineData((10_000 * (5L << 20)) + 1, 5L << 20, 6L << 20)]
    [InlineData(5L << 40, 5L << 30, 525L << 20)]
    [InlineData(48L << 40, 5L << 30, 5_034L << 20)]
    public void PlanPartSize_AnySize_IsAtMostTenThousandParts(long size, long limit, long expected)
    {
        var partSize = S3MultipartCopy.PlanPartSize(size, limit);

        Assert.Equal(expected, partSize);
        Assert.InRange((size + partSize - 1) / partSize, 2, 10_000);
        Assert.InRange(partSize, 5L << 20, 5L << 30);
    }

    private static Task<FakeStore> StartSmallAsync(CopyScript script, Action<S3Options>? configure = null) => FakeStore.StartAsync(script.Answer, options =>
    {
        options.CopyLimit = 8 * MiB;
        configure?.Invoke(options);
    });

    private static Task<FakeStore> StartImpatientAsync(CopyScript script) => FakeStore.StartAsync(script.Answer, options => options.Timeout = TimeSpan.FromSeconds(10));

    /// <summary>A store that is at work, and says nothing.</summary>
    private sealed class Silent : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext) =>
            await Task.Delay(Timeout.Infinite, httpContext.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
