using System.Collections.Immutable;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Silo.S3;
using Media.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Media.Silo.Tests.S3;

/// <summary>What stores that are not AWS were seen to do, and what it comes to.</summary>
public sealed class ObjectStoreQuirksTests
{
    private static readonly ImmutableArray<UploadedPart> Parts = [new(1, 5, "\"a\"", null), new(2, 5, "\"b\"", null)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("<ETag></ETag>")]
    [InlineData("<ETag/>")]
    [InlineData("")]
    public async Task Complete_EmptyETag_IsCompletedOnceTheObjectIsThere(string etag)
    {
        await using var fake = await FakeStore.StartAsync(request => request.Method == "HEAD"
            ? FakeStore.Head("\"x-2\"")
            : FakeStore.Xml($"<CompleteMultipartUploadResult><Key>k</Key>{etag}</CompleteMultipartUploadResult>"));

        Assert.Equal(Completion.Completed, await fake.Store.CompleteMultipartUploadAsync("k", "u", Parts, Token));

        Assert.Contains("HEAD", fake.Requests);
    }

    [Fact]
    public async Task Put_StoreIsBusyAtFirst_SendsTheWholeAgainAndInOnePiece()
    {
        var lengths = new List<long?>();
        await using var fake = await FakeStore.StartAsync(
            request =>
            {
                Assert.DoesNotContain("aws-chunked", request.Headers.ContentEncoding.ToString(), StringComparison.Ordinal);
                lengths.Add(request.ContentLength);
                return lengths.Count == 1 ? FakeStore.Error("SlowDown", 503) : Results.Ok();
            },
            options => options.MaxRetries = 1);

        await fake.Store.PutAsync("k", new byte[1_000], new ObjectHeaders("image/webp", ImmutableDictionary<string, string>.Empty), Token);

        Assert.Equal([1_000, 1_000], lengths);
    }

    [Fact]
    public async Task Complete_UnquotedETag_IsCompleted()
    {
        await using var fake = await FakeStore.StartAsync(_ => FakeStore.Xml("<CompleteMultipartUploadResult><Key>k</Key><ETag>abc-2</ETag></CompleteMultipartUploadResult>"));

        Assert.Equal(Completion.Completed, await fake.Store.CompleteMultipartUploadAsync("k", "u", Parts, Token));
    }

    [Fact]
    public async Task Complete_ErrorInTheBodyOf200_IsNotTakenForSuccess()
    {
        await using var fake = await FakeStore.StartAsync(request => request.Method switch
        {
            "POST" => FakeStore.Error("InternalError", 200),
            "HEAD" => Results.StatusCode(404),
            _ => ListOf(1, 2),
        });

        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.CompleteMultipartUploadAsync("k", "u", Parts, Token));
    }

    [Fact]
    public async Task Complete_PartErrorInTheBodyOf200_IsARejectedPart()
    {
        await using var fake = await FakeStore.StartAsync(_ => FakeStore.Error("InvalidPart", 200));

        Assert.Equal(Completion.PartsRejected, await fake.Store.CompleteMultipartUploadAsync("k", "u", Parts, Token));
    }

    [Theory]
    [InlineData("InternalError", 500)]
    [InlineData("NoSuchUpload", 404)]
    [InlineData("NoSuchKey", 404)]
    public async Task Complete_UploadIsGoneAndNoObject_IsGone(string code, int status)
    {
        await using var fake = await FakeStore.StartAsync(request => request.Method switch
        {
            "POST" => FakeStore.Error(code, status),
            "HEAD" => Results.StatusCode(404),
            _ => FakeStore.Error("NoSuchUpload", 404),
        });

        Assert.Equal(Completion.Gone, await fake.Store.CompleteMultipartUploadAsync("k", "u", Parts, Token));
    }

    [Theory]
    [InlineData("InternalError", 500)]
    [InlineData("SlowDown", 503)]
    [InlineData("NoSuchUpload", 404)]
    [InlineData("NoSuchKey", 404)]
    public async Task Complete_AnotherRequestHasCompletedIt_IsCompleted(string code, int status)
    {
        await using var fake = await FakeStore.StartAsync(request => request.Method == "HEAD" ? FakeStore.Head("\"x-2\"") : FakeStore.Error(code, status));

        Assert.Equal(Completion.Completed, await fake.Store.CompleteMultipartUploadAsync("k", "u", Parts, Token));
    }

    [Fact]
    public async Task Complete_AnotherRequestCompletesItJustNow_IsCompleted()
    {
        var heads = 0;
        await using var fake = await FakeStore.StartAsync(request => request.Method switch
        {
            "POST" => FakeStore.Error("InternalError", 500),
            "HEAD" => ++heads == 1 ? Results.StatusCode(404) : FakeStore.Head("\"x-2\""),
            _ => FakeStore.Error("NoSuchUpload", 404),
        });

        Assert.Equal(Completion.Completed, await fake.Store.CompleteMultipartUploadAsync("k", "u", Parts, Token));
    }

    [Fact]
    public async Task Complete_StoreFailsAndUploadIsStillThere_IsUnavailable()
    {
        await using var fake = await FakeStore.StartAsync(request => request.Method switch
        {
            "POST" => FakeStore.Error("InternalError", 500),
            "HEAD" => Results.StatusCode(404),
            _ => ListOf(1, 2),
        });

        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.CompleteMultipartUploadAsync("k", "u", Parts, Token));
    }

    [Theory]
    [InlineData("InvalidPart")]
    [InlineData("InvalidPartOrder")]
    [InlineData("EntityTooSmall")]
    public async Task Complete_PartTurnedDown_IsARejectedPart(string code)
    {
        await using var fake = await FakeStore.StartAsync(_ => FakeStore.Error(code, 400));

        Assert.Equal(Completion.PartsRejected, await fake.Store.CompleteMultipartUploadAsync("k", "u", Parts, Token));
    }

    [Fact]
    public async Task Complete_NoSuchBucket_IsNotTakenForAGoneUpload()
    {
        await using var fake = await FakeStore.StartAsync(request => request.Method == "HEAD" ? Results.StatusCode(404) : FakeStore.Error("NoSuchBucket", 404));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.CompleteMultipartUploadAsync("k", "u", Parts, Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ListParts_ManyPages_AreReadToTheLast(bool marker)
    {
        await using var fake = await FakeStore.StartAsync(request =>
        {
            var after = int.TryParse(request.Query["part-number-marker"], CultureInfo.InvariantCulture, out var number) ? number : 0;
            return ListOf(after + 1, after + 1_000, truncated: after < 9_000, marker ? after + 1_000 : null);
        });

        var parts = (await fake.Store.ListPartsAsync("k", "u", Token))!.Value;

        Assert.Equal(Enumerable.Range(1, 10_000), parts.Select(part => part.Part));
        Assert.Equal(10, fake.Requests.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000)]
    [InlineData(null)]
    public async Task ListParts_SamePageForEver_EndsWithWhatIsThere(int? marker)
    {
        await using var fake = await FakeStore.StartAsync(_ => ListOf(1, 1_000, truncated: true, marker));

        var parts = (await fake.Store.ListPartsAsync("k", "u", Token))!.Value;

        Assert.Equal(Enumerable.Range(1, 1_000), parts.Select(part => part.Part));
        Assert.InRange(fake.Requests.Count, 1, 2);
    }

    [Fact]
    public async Task ListParts_TruncatedAndEmpty_Ends()
    {
        await using var fake = await FakeStore.StartAsync(_ => ListOf(1, 0, truncated: true, 0));

        Assert.Empty((await fake.Store.ListPartsAsync("k", "u", Token))!.Value);
    }

    [Theory]
    [InlineData("NoSuchUpload")]
    [InlineData("NoSuchKey")]
    public async Task ListParts_UnknownUpload_IsNull(string code)
    {
        await using var fake = await FakeStore.StartAsync(_ => FakeStore.Error(code, 404));

        Assert.Null(await fake.Store.ListPartsAsync("k", "u", Token));
    }

    [Fact]
    public async Task ListParts_UnquotedETag_IsQuoted()
    {
        await using var fake = await FakeStore.StartAsync(_ => FakeStore.Xml(
            "<ListPartsResult><Part><PartNumber>1</PartNumber><ETag>abc</ETag><Size>5</Size><LastModified>2030-01-02T03:04:05.000Z</LastModified></Part></ListPartsResult>"));

        Assert.Equal(
            new UploadedPart(1, 5, "\"abc\"", new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero)),
            Assert.Single((await fake.Store.ListPartsAsync("k", "u", Token))!.Value));
    }

    [Theory]
    [InlineData("NoSuchUpload", 404)]
    [InlineData("NoSuchKey", 404)]
    public async Task Abort_UnknownUpload_CountsAsGivenUp(string code, int status)
    {
        await using var fake = await FakeStore.StartAsync(_ => FakeStore.Error(code, status));

        await fake.Store.AbortMultipartUploadAsync("k", "u", Token);
    }

    [Theory]
    [InlineData("abc", "\"abc\"")]
    [InlineData("\"abc\"", "\"abc\"")]
    [InlineData(null, "")]
    public async Task Head_AnyETag_IsTheSameObject(string? sent, string expected)
    {
        await using var fake = await FakeStore.StartAsync(_ => FakeStore.Head(sent, 123));

        var head = (await fake.Store.HeadAsync("k", Token))!;

        Assert.Equal(new StoredObject(123, expected, null, "video/mp4", new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero)), head);
    }

    [Fact]
    public async Task Head_NoObject_IsNull()
    {
        await using var fake = await FakeStore.StartAsync(_ => Results.StatusCode(404));

        Assert.Null(await fake.Store.HeadAsync("k", Token));
    }

    [Theory]
    [InlineData("InternalError", 500)]
    [InlineData("SlowDown", 503)]
    [InlineData("AccessDenied", 403)]
    [InlineData("NoSuchBucket", 404)]
    public async Task Calls_StoreRefuses_AreUnavailableAndSayWhy(string code, int status)
    {
        await using var fake = await FakeStore.StartAsync(_ => FakeStore.Error(code, status));

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.ListPartsAsync("k", "u", Token));

        Assert.Contains(code, failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.AbortMultipartUploadAsync("k", "u", Token));
        await Assert.ThrowsAsync<StoreUnavailableException>(
            () => fake.Store.CreateMultipartUploadAsync("k", new ObjectHeaders("a/b", ImmutableDictionary<string, string>.Empty), PartChecksum.None, Token));
    }

    [Fact]
    public async Task Calls_GarbageInsteadOfXml_AreUnavailable()
    {
        await using var fake = await FakeStore.StartAsync(_ => Results.Text("<html><p>proxy says hello", "text/html"));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.ListPartsAsync("k", "u", Token));
    }

    [Fact]
    public async Task Calls_StoreFailsOnce_AreTriedAgain()
    {
        var count = 0;
        await using var fake = await FakeStore.StartAsync(_ => ++count == 1 ? FakeStore.Error("InternalError", 500) : ListOf(1, 2), options => options.MaxRetries = 2);

        Assert.Equal(2, (await fake.Store.ListPartsAsync("k", "u", Token))!.Value.Length);
    }

    [Fact]
    public async Task Calls_NobodyListens_AreUnavailable()
    {
        await using var fake = await FakeStore.StartAsync(_ => Results.Ok(), options => options.Endpoint = new Uri("http://127.0.0.1:1"));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.HeadAsync("k", Token));
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(fake)).Status);
    }

    [Fact]
    public async Task Calls_Cancelled_AreCancelledAndNotUnavailable()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await using var fake = await FakeStore.StartAsync(_ => Results.Ok());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fake.Store.HeadAsync("k", cancelled.Token));
    }

    [Theory]
    [InlineData(200, HealthStatus.Healthy)]
    [InlineData(404, HealthStatus.Unhealthy)]
    [InlineData(403, HealthStatus.Unhealthy)]
    public async Task Health_BucketAnswers_ByItsStatus(int status, HealthStatus expected)
    {
        await using var fake = await FakeStore.StartAsync(_ => Results.StatusCode(status));

        await Eventually.TrueAsync(async () =>
        {
            Assert.Equal(expected, (await CheckAsync(fake)).Status);
            return true;
        });
    }

    [Fact]
    public async Task Request_StoreGoesJustAsItIsConnectedTo_IsAnAnswerThatDidNotCome() =>
        await Assert.ThrowsAsync<StoreUnavailableException>(
            () => S3Failures.RunAsync<int>(_ => throw new SocketException((int)SocketError.NotConnected), null!, Token));

    [Theory]
    [InlineData(true, "SHA256", PartChecksum.Sha256)]
    [InlineData(true, "CRC32", PartChecksum.None)]
    [InlineData(true, null, PartChecksum.None)]
    [InlineData(false, null, PartChecksum.None)]
    public async Task Create_Checksum_GoesByWhatTheStoreSays(bool isOn, string? answered, PartChecksum expected)
    {
        string? asked = null;
        await using var fake = await FakeStore.StartAsync(
            request =>
            {
                asked = request.Headers["x-amz-checksum-algorithm"];
                if (answered is not null) request.HttpContext.Response.Headers["x-amz-checksum-algorithm"] = answered;
                return FakeStore.Xml("<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>");
            },
            options => options.PartChecksums = isOn);

        var started = await fake.Store.CreateMultipartUploadAsync("k", new ObjectHeaders("a/b", ImmutableDictionary<string, string>.Empty), PartChecksum.Sha256, Token);

        Assert.Equal(expected, started.Checksum);
        Assert.Equal(isOn ? "SHA256" : null, asked);
    }

    [Theory]
    [InlineData(S3Encryption.Bucket, null)]
    [InlineData(S3Encryption.Aes256, "AES256")]
    [InlineData(S3Encryption.Kms, "aws:kms")]
    public async Task Create_Headers_AreSentWithoutTrailers(S3Encryption encryption, string? header)
    {
        Dictionary<string, string>? sent = null;
        await using var fake = await FakeStore.StartAsync(
            request =>
            {
                sent = request.Headers.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase);
                return FakeStore.Xml("<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>");
            },
            options => options.ServerSideEncryption = encryption);

        var metadata = ImmutableDictionary<string, string>.Empty.Add("file-name", "a%20b");
        var started = await fake.Store.CreateMultipartUploadAsync("k", new ObjectHeaders("video/mp4", metadata), PartChecksum.None, Token);
        Assert.Equal(new StartedMultipart("id", PartChecksum.None), started);

        Assert.Equal("video/mp4", sent!["Content-Type"]);
        Assert.Equal("a%20b", sent["x-amz-meta-file-name"]);
        Assert.Equal(header, sent.GetValueOrDefault("x-amz-server-side-encryption"));
        Assert.False(sent.ContainsKey("x-amz-trailer"));
        Assert.False(sent.ContainsKey("x-amz-sdk-checksum-algorithm"));
    }

    [Fact]
    public async Task Create_AnswerWithoutAnId_IsUnavailable()
    {
        await using var fake = await FakeStore.StartAsync(_ => FakeStore.Xml("<InitiateMultipartUploadResult/>"));

        await Assert.ThrowsAsync<StoreUnavailableException>(
            () => fake.Store.CreateMultipartUploadAsync("k", new ObjectHeaders("a/b", ImmutableDictionary<string, string>.Empty), PartChecksum.None, Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ListMultipartUploads_ManyPages_AreReadToTheLastAndEnd(bool markers)
    {
        await using var fake = await FakeStore.StartAsync(request =>
        {
            var page = request.Query["key-marker"].ToString() switch { "" => 0, "upload/b" => 1, _ => 2 };
            var keys = page == 0 ? new[] { "a", "b" } : ["c", "d"];
            var body = new StringBuilder("<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>");
            if (markers) body.Append(CultureInfo.InvariantCulture, $"<NextKeyMarker>upload/{keys[1]}</NextKeyMarker><NextUploadIdMarker>{keys[1]}</NextUploadIdMarker>");
            foreach (var key in page == 2 ? [] : keys)
                body.Append(CultureInfo.InvariantCulture, $"<Upload><Key>upload/{key}</Key><UploadId>{key}</UploadId><Initiated>2030-01-02T03:04:05Z</Initiated></Upload>");
            return FakeStore.Xml(body.Append("</ListMultipartUploadsResult>").ToString());
        });

        var keys = new List<string>();
        await foreach (var upload in fake.Store.ListMultipartUploadsAsync("upload/", Token)) keys.Add(upload.Key);

        Assert.Equal(["upload/a", "upload/b", "upload/c", "upload/d"], keys);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ListObjects_ManyPages_AreReadToTheLastWithAndWithoutTokens(bool tokens)
    {
        await using var fake = await FakeStore.StartAsync(request =>
        {
            var after = request.Query[tokens ? "continuation-token" : "start-after"].ToString();
            return Page(after switch { "" => ["a", "b"], "upload/b" => ["c", "d"], _ => ["e"] }, truncated: after != "upload/d", tokens);
        });

        Assert.Equal(["upload/a", "upload/b", "upload/c", "upload/d", "upload/e"], await ListAsync(fake));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ListObjects_SamePageForEver_EndsWithWhatIsThere(bool tokens)
    {
        await using var fake = await FakeStore.StartAsync(_ => Page(["a", "b"], truncated: true, tokens));

        Assert.Equal(["upload/a", "upload/b"], await ListAsync(fake));
        Assert.Equal(2, fake.Requests.Count);
    }

    [Fact]
    public async Task ListObjects_TruncatedAndEmpty_Ends()
    {
        await using var fake = await FakeStore.StartAsync(_ => Page([], truncated: true, tokens: false));

        Assert.Empty(await ListAsync(fake));
    }

    [Fact]
    public async Task ListObjects_EmptyPageWithAToken_GoesOn()
    {
        await using var fake = await FakeStore.StartAsync(request => request.Query["continuation-token"].ToString() == "next"
            ? Page(["a"], truncated: false, tokens: false)
            : FakeStore.Xml("<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>next</NextContinuationToken></ListBucketResult>"));

        Assert.Equal(["upload/a"], await ListAsync(fake));
    }

    [Fact]
    public async Task ListObjects_WithoutATime_CountAsYoung()
    {
        await using var fake = await FakeStore.StartAsync(
            _ => FakeStore.Xml("<ListBucketResult><Contents><Key>upload/a</Key><ETag>abc</ETag><Size>5</Size></Contents></ListBucketResult>"));
        var found = new List<ListedObject>();

        await foreach (var stored in fake.Store.ListObjectsAsync("upload/", Token)) found.Add(stored);

        Assert.Equal(new ListedObject("upload/a", 5, "\"abc\"", DateTimeOffset.MaxValue), Assert.Single(found));
    }

    [Theory]
    [InlineData(404, "NoSuchKey")]
    [InlineData(404, "NoSuchVersion")]
    [InlineData(412, "PreconditionFailed")]
    [InlineData(416, "InvalidRange")]
    public async Task Read_ObjectIsGoneOrAnother_HasChanged(int status, string code)
    {
        await using var fake = await FakeStore.StartAsync(_ => FakeStore.Error(code, status));

        await Assert.ThrowsAsync<ObjectChangedException>(() => fake.Reader.OpenAsync("k", Found, 0, 3, Token));
    }

    [Theory]
    [InlineData(404, "NoSuchBucket")]
    [InlineData(403, "AccessDenied")]
    [InlineData(503, "SlowDown")]
    public async Task Read_StoreRefuses_IsUnavailable(int status, string code)
    {
        await using var fake = await FakeStore.StartAsync(_ => FakeStore.Error(code, status));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Reader.OpenAsync("k", Found, 0, 3, Token));
    }

    [Theory]
    [InlineData("text/plain", "404 page not found")]
    [InlineData("text/html", "<html><body>default backend - 404</body></html>")]
    [InlineData("application/xml", "")]
    public async Task Anything_SomethingBeforeTheStoreSaysNotFound_IsUnavailable(string type, string body)
    {
        await using var fake = await FakeStore.StartAsync(_ => Results.Text(body, type, statusCode: 404));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Reader.OpenAsync("k", Found, 0, 3, Token));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.ListPartsAsync("k", "u", Token));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.CompleteMultipartUploadAsync("k", "u", Parts, Token));
    }

    [Fact]
    public async Task Read_BodyStopsInTheMiddle_FailsOnceTheTimeIsOver()
    {
        await using var fake = await FakeStore.StartAsync(_ => new Unending("video/mp4", new(), Found), options => options.Timeout = TimeSpan.FromSeconds(1));
        await using var bytes = await fake.Reader.OpenAsync("k", Found, 0, 10, Token);

        await Assert.ThrowsAsync<IOException>(() => ReadAsync(bytes, 10).WaitAsync(TimeSpan.FromSeconds(60), Token));
    }

    [Fact]
    public async Task Read_ConditionIsIgnored_IsCheckedByTheETag()
    {
        await using var fake = await FakeStore.StartAsync(request =>
        {
            request.HttpContext.Response.Headers.ETag = request.Path.Value!.EndsWith("same", StringComparison.Ordinal) ? Found.ETag : "\"other\"";
            return Results.Bytes(new byte[3]);
        });

        await Assert.ThrowsAsync<ObjectChangedException>(() => fake.Reader.OpenAsync("other", Found, 0, 3, Token));
        await using var same = await fake.Reader.OpenAsync("same", Found, 0, 3, Token);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Reader.OpenAsync("same", Found, 0, 2, Token));
    }

    [Fact]
    public async Task List_AnswerStopsInTheMiddle_IsUnavailableOnceTheTimeIsOver()
    {
        await using var fake = await FakeStore.StartAsync(_ => new Unending("application/xml", new()), options => options.Timeout = TimeSpan.FromSeconds(1));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => ListAsync(fake));
    }

    [Fact]
    public async Task List_CancelledInTheMiddleOfTheAnswer_EndsAtOnce()
    {
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var begun = new TaskCompletionSource();
        await using var fake = await FakeStore.StartAsync(_ => new Unending("application/xml", begun), options => options.Timeout = TimeSpan.FromHours(1));
        var listing = fake.Store.ListObjectsAsync("upload/", cancelled.Token).GetAsyncEnumerator(cancelled.Token).MoveNextAsync().AsTask();
        await begun.Task.WaitAsync(Token);

        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listing.WaitAsync(TimeSpan.FromSeconds(30), Token));
    }

    [Fact]
    public async Task HeadConfirmed_NeitherHeadNorListHasIt_IsNull()
    {
        await using var fake = await FakeStore.StartAsync(request => request.Method == "HEAD" ? Results.StatusCode(404) : FakeStore.Xml("<ListBucketResult></ListBucketResult>"));

        Assert.Null(await fake.Store.HeadConfirmedAsync("upload/a", Token));
    }

    [Theory]
    [InlineData("NoSuchBucket")]
    [InlineData(null)]
    public async Task HeadConfirmed_404ThatIsNotOfTheObject_IsUnavailable(string? code)
    {
        await using var fake = await FakeStore.StartAsync(request => request.Method == "HEAD" || code is null ? Results.StatusCode(404) : FakeStore.Error(code, 404));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => fake.Store.HeadConfirmedAsync("upload/a", Token));
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("ab", false)]
    public async Task HeadConfirmed_ListHasWhatHeadHasNot_IsUnavailableForThatKeyAlone(string listed, bool isUnavailable)
    {
        await using var fake = await FakeStore.StartAsync(request => request.Method == "HEAD" ? Results.StatusCode(404) : Page([listed], truncated: false, tokens: false));

        var failure = await Record.ExceptionAsync(() => fake.Store.HeadConfirmedAsync("upload/a", Token));

        Assert.Equal(isUnavailable, failure is StoreUnavailableException);
    }

    [Fact]
    public async Task Complete_StoreKeepsTheLineAliveForLongerThanItsTime_IsCompleted()
    {
        await using var fake = await FakeStore.StartAsync(
            _ => new Spaced(14, TimeSpan.FromMilliseconds(500), "<CompleteMultipartUploadResult><Key>k</Key><ETag>\"x-2\"</ETag></CompleteMultipartUploadResult>"),
            options => options.Timeout = TimeSpan.FromSeconds(5));

        Assert.Equal(Completion.Completed, await fake.Store.CompleteMultipartUploadAsync("k", "u", Parts, Token));
        Assert.Equal(["POST uploadId"], fake.Requests);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    public async Task List_AnswerOfUpTo16MiB_IsRead(int beyond)
    {
        await using var fake = await FakeStore.StartAsync(_ => ListOfLength((16 << 20) + beyond));

        Assert.Equal(["upload/a"], await ListAsync(fake));
    }

    [Fact]
    public async Task List_AnswerOfMoreThan16MiB_IsUnavailable()
    {
        await using var fake = await FakeStore.StartAsync(_ => ListOfLength((16 << 20) + 1));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => ListAsync(fake));
    }

    [Fact]
    public async Task Head_ObjectOfXmlOfAnySize_IsFound()
    {
        await using var fake = await FakeStore.StartAsync(_ => FakeStore.Head("\"a\"", 5L << 40, "application/xml"));

        Assert.Equal(5L << 40, (await fake.Store.HeadAsync("k", Token))!.Size);
    }

    [Fact]
    public async Task List_PageOfTheLongestKeys_IsReadWhole()
    {
        var name = new string('&', 1_024 - "upload/".Length);
        await using var fake = await FakeStore.StartAsync(
            _ => Page([.. Enumerable.Repeat(name.Replace("&", "&amp;", StringComparison.Ordinal), 1_000)], truncated: false, tokens: false));

        Assert.Equal(Enumerable.Repeat($"upload/{name}", 1_000), await ListAsync(fake));
    }

    [Fact]
    public async Task Read_ObjectOfXml_IsHandedOnAsItComes()
    {
        await using var fake = await FakeStore.StartAsync(_ => new Unending("application/xml", new(), Found));

        await using var bytes = await fake.Reader.OpenAsync("k", Found, 0, 10, Token);

        Assert.Equal('<', (char)(await ReadAsync(bytes, 1))[0]);
    }

    private static StoredObject Found => new(10, "\"a\"", null, "video/mp4", DateTimeOffset.UnixEpoch);

    private static async Task<List<string>> ListAsync(FakeStore fake)
    {
        var keys = new List<string>();
        await foreach (var stored in fake.Store.ListObjectsAsync("upload/", Token)) keys.Add(stored.Key);
        return keys;
    }

    private static IResult Page(string[] names, bool truncated, bool tokens)
    {
        var body = new StringBuilder("<ListBucketResult>").Append(CultureInfo.InvariantCulture, $"<IsTruncated>{(truncated ? "true" : "false")}</IsTruncated>");
        if (tokens && truncated) body.Append(CultureInfo.InvariantCulture, $"<NextContinuationToken>upload/{names[^1]}</NextContinuationToken>");
        foreach (var name in names)
            body.Append(CultureInfo.InvariantCulture, $"<Contents><Key>upload/{name}</Key><LastModified>2030-01-02T03:04:05.000Z</LastModified><ETag>\"e\"</ETag><Size>5</Size></Contents>");
        return FakeStore.Xml(body.Append("</ListBucketResult>").ToString());
    }

    /// <summary>A page of one object whose XML has so many bytes, most of them spaces.</summary>
    private static IResult ListOfLength(int length)
    {
        const string Head = "<?xml version=\"1.0\"?><ListBucketResult>";
        const string End = "<Contents><Key>upload/a</Key><LastModified>2030-01-02T03:04:05.000Z</LastModified><ETag>\"e\"</ETag><Size>5</Size></Contents></ListBucketResult>";
        return Results.Text(Head + End.PadLeft(length - Head.Length), "application/xml");
    }

    private static async Task<byte[]> ReadAsync(Stream stream, int length)
    {
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes, Token);
        return bytes;
    }

    private static Task<HealthCheckResult> CheckAsync(FakeStore fake) => fake.Health.CheckHealthAsync(
        new HealthCheckContext { Registration = new HealthCheckRegistration("s3", fake.Health, null, null) }, Token);

    private static IResult ListOf(int first, int last, bool truncated = false, int? marker = null)
    {
        var body = new StringBuilder("<ListPartsResult>");
        if (marker is not null) body.Append(CultureInfo.InvariantCulture, $"<NextPartNumberMarker>{marker}</NextPartNumberMarker>");
        body.Append(CultureInfo.InvariantCulture, $"<IsTruncated>{(truncated ? "true" : "false")}</IsTruncated>");
        for (var number = first; number <= last; number++)
            body.Append(CultureInfo.InvariantCulture, $"<Part><PartNumber>{number}</PartNumber><ETag>\"e{number}\"</ETag><Size>5</Size></Part>");
        return FakeStore.Xml(body.Append("</ListPartsResult>").ToString());
    }

    /// <summary>An answer that begins and goes no further; where it is an object's, with its ETag and size.</summary>
    private sealed class Unending(string contentType, TaskCompletionSource begun, StoredObject? found = null) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.ContentType = contentType;
            if (found is not null)
            {
                response.StatusCode = StatusCodes.Status206PartialContent;
                response.Headers.ETag = found.ETag;
                response.ContentLength = found.Size;
            }

            await response.WriteAsync("<List", httpContext.RequestAborted);
            await response.Body.FlushAsync(httpContext.RequestAborted);
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, httpContext.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>An answer that begins at once, and ends after so many spaces, as AWS's do to completions that take long.</summary>
    private sealed class Spaced(int spaces, TimeSpan apart, string end) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.ContentType = "application/xml";
            await response.WriteAsync("<?xml version=\"1.0\"?>", httpContext.RequestAborted);
            for (var sent = 0; sent < spaces; sent++)
            {
                await response.WriteAsync(" ", httpContext.RequestAborted);
                await response.Body.FlushAsync(httpContext.RequestAborted);
                await Task.Delay(apart, httpContext.RequestAborted);
            }

            await response.WriteAsync(end, httpContext.RequestAborted);
        }
    }
}
