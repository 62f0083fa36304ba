using System.Collections.Immutable;
using System.Net;
using System.Text;
using Media.Api.Delivery;
using Media.Api.Tests.Support;
using static Media.Api.Tests.Delivery.DeliveryServer;

namespace Media.Api.Tests.Delivery;

[Trait("Category", "S3")]
public sealed class GateTests(ApiFixture api, DeliveryServer delivery) : IClassFixture<DeliveryServer>
{
    private static readonly byte[] Film = Samples.Film(200_000);

    [Fact]
    public async Task Get_SignedLink_IsTheWholeObjectWithSafeHeaders()
    {
        using var answer = await delivery.GetAsync((await delivery.UploadAsync(Film)).Link(), headers: ("Origin", ApiServer.Origin));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Film, await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(Film.Length, answer.Content.Headers.ContentLength);
        Assert.Equal("video/mp4", HeaderOf(answer, "Content-Type"));
        Assert.StartsWith("inline; filename=film.mp4", HeaderOf(answer, "Content-Disposition"), StringComparison.Ordinal);
        Assert.Equal("nosniff", HeaderOf(answer, "X-Content-Type-Options"));
        Assert.Equal("sandbox", HeaderOf(answer, "Content-Security-Policy"));
        Assert.Equal("bytes", HeaderOf(answer, "Accept-Ranges"));
        Assert.True(answer.Headers.CacheControl!.Private);
        Assert.InRange(answer.Headers.CacheControl.MaxAge!.Value, TimeSpan.FromMinutes(55), TimeSpan.FromHours(1));
        Assert.Equal(ApiServer.Origin, HeaderOf(answer, "Access-Control-Allow-Origin"));
        Assert.Equal("Origin", HeaderOf(answer, "Vary"));
        Assert.NotNull(answer.Headers.ETag);
        Assert.NotNull(answer.Content.Headers.LastModified);
    }

    [Fact]
    public async Task Head_SignedLink_HasTheHeadersOfTheGet()
    {
        var link = (await delivery.UploadAsync(Film)).Link();
        using var got = await delivery.GetAsync(link);
        using var head = await delivery.GetAsync(link, "HEAD", ("Range", "bytes=0-9"));
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(Film.Length, head.Content.Headers.ContentLength);
        Assert.Equal(HeaderOf(got, "ETag"), HeaderOf(head, "ETag"));
        Assert.Equal(HeaderOf(got, "Content-Disposition"), HeaderOf(head, "Content-Disposition"));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("bytes=0-0", 0, 0)]
    [InlineData("bytes=100-199", 100, 199)]
    [InlineData("bytes=199990-", 199_990, 199_999)]
    [InlineData("bytes=-10", 199_990, 199_999)]
    [InlineData("bytes=-999999", 0, 199_999)]
    [InlineData("bytes=5-999999999", 5, 199_999)]
    [InlineData("BYTES=1-2", 1, 2)]
    public async Task Get_Range_IsThoseBytes(string range, int first, int last)
    {
        using var answer = await delivery.GetAsync((await delivery.UploadAsync(Film)).Link(), headers: ("Range", range));
        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal($"bytes {first}-{last}/200000", HeaderOf(answer, "Content-Range"));
        Assert.Equal(last - first + 1, answer.Content.Headers.ContentLength);
        Assert.Equal(Film[first..(last + 1)], await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Get_RangesThatAreNone_AreTheWholeOr416()
    {
        var link = (await delivery.UploadAsync(Film)).Link();
        foreach (var range in new[] { "bytes=0-1,5-6", "bytes=5-2", "bits=0-1", "bytes=", "bytes=a-b" })
        {
            using var whole = await delivery.GetAsync(link, headers: ("Range", range));
            Assert.True(whole.StatusCode == HttpStatusCode.OK, $"{range}: {whole.StatusCode}");
            Assert.Equal(Film.Length, whole.Content.Headers.ContentLength);
        }

        foreach (var range in new[] { "bytes=200000-", "bytes=-0" })
        {
            using var none = await delivery.GetAsync(link, headers: ("Range", range));
            Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, none.StatusCode);
            Assert.Equal("bytes */200000", HeaderOf(none, "Content-Range"));
        }
    }

    [Fact]
    public async Task Get_Conditions_DecideTheStatus()
    {
        var link = (await delivery.UploadAsync(Film)).Link();
        using var first = await delivery.GetAsync(link);
        var (etag, modified) = (HeaderOf(first, "ETag")!, HeaderOf(first, "Last-Modified")!);
        const string past = "Thu, 01 Jan 2015 00:00:00 GMT";
        (int Status, (string, string)[] Headers)[] cases =
        [
            (304, [("If-None-Match", etag)]),
            (304, [("If-None-Match", $"\"other\", W/{etag}")]),
            (304, [("If-None-Match", "*")]),
            (200, [("If-None-Match", "\"other\"")]),
            (200, [("If-None-Match", "\"other\""), ("If-Modified-Since", modified)]),
            (304, [("If-Modified-Since", modified)]),
            (200, [("If-Modified-Since", past)]),
            (412, [("If-Match", "\"other\"")]),
            (200, [("If-Match", etag)]),
            (412, [("If-Unmodified-Since", past)]),
            (206, [("Range", "bytes=0-1"), ("If-Range", etag)]),
            (206, [("Range", "bytes=0-1"), ("If-Range", modified)]),
            (200, [("Range", "bytes=0-1"), ("If-Range", "\"other\"")]),
            (200, [("Range", "bytes=0-1"), ("If-Range", $"W/{etag}")]),
            (200, [("Range", "bytes=0-1"), ("If-Range", past)]),
        ];
        foreach (var (status, headers) in cases)
        {
            using var answer = await delivery.GetAsync(link, headers: headers);
            Assert.True(status == (int)answer.StatusCode, $"{string.Join(' ', headers)}: {(int)answer.StatusCode} instead of {status}");
            Assert.Equal(etag, HeaderOf(answer, "ETag"));
        }
    }

    [Theory]
    [InlineData("image/png", "inline")]
    [InlineData("text/plain; charset=utf-8", "inline")]
    [InlineData("text/html", "attachment")]
    [InlineData("TEXT/HTML; charset=utf-8", "attachment")]
    [InlineData("image/svg+xml", "attachment")]
    [InlineData("application/xhtml+xml", "attachment")]
    [InlineData("text/xml", "attachment")]
    [InlineData("text/javascript", "attachment")]
    [InlineData("application/pdf", "attachment")]
    [InlineData("", "attachment")]
    public async Task Get_ContentType_DecidesWhetherItIsShown(string contentType, string disposition)
    {
        // Something that can be what it is said to be, and is stored once for each type.
        var mark = contentType switch { "image/png" => "\u0089PNG\r\n\u001a\n", "application/pdf" => "%PDF-1.7\n", _ => "what may be anything " };
        using var answer = await delivery.GetAsync((await delivery.UploadAsync(Encoding.Latin1.GetBytes(mark + contentType), contentType: contentType)).Link());
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.StartsWith(disposition + ";", HeaderOf(answer, "Content-Disposition"), StringComparison.Ordinal);
        Assert.Equal(contentType.Length == 0 ? "application/octet-stream" : contentType.Split(';')[0], answer.Content.Headers.ContentType!.MediaType, ignoreCase: true);
        Assert.Equal("nosniff", HeaderOf(answer, "X-Content-Type-Options"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("application/octet-stream")]
    public async Task Get_NothingWasSaidOfAnImage_IsShownAsWhatItIs(string contentType)
    {
        using var answer = await delivery.GetAsync((await delivery.UploadAsync(Encoding.Latin1.GetBytes($"\u0089PNG\r\n\u001a\n untold {contentType}"), contentType: contentType)).Link());

        Assert.Equal("image/png", answer.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("inline;", HeaderOf(answer, "Content-Disposition"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_NameOfAnyKind_IsEscapedInContentDisposition()
    {
        var file = await delivery.UploadAsync([1]);
        using var answer = await delivery.GetAsync(file.Link("%22%C3%BC%0D%0AX-Bad:%201%3B%20%F0%9F%98%80.mp4"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Null(HeaderOf(answer, "X-Bad"));
        Assert.EndsWith("filename*=UTF-8''-%C3%BC%20X-Bad-%201%3B%20%F0%9F%98%80.mp4", HeaderOf(answer, "Content-Disposition"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_EmptyFile_IsEmpty()
    {
        var file = await delivery.UploadAsync([]);
        using var answer = await delivery.GetAsync(file.Link());
        Assert.Equal((HttpStatusCode.OK, 0L), (answer.StatusCode, answer.Content.Headers.ContentLength));

        await api.Storage.Client.PutObjectAsync(
            new() { BucketName = api.Storage.Bucket, Key = $"upload/{file.Tag}", ContentBody = "what nobody verified" }, TestContext.Current.CancellationToken);
        using var replaced = await delivery.GetAsync(file.Link());
        Assert.Equal(HttpStatusCode.NotFound, replaced.StatusCode);
    }

    [Fact]
    public async Task Put_OtherThanNothingByTheUrlOfAnEmptyFile_IsRefused()
    {
        var created = (await delivery.Client.AsAsync("POST", "/v1/uploads", Samples.Body(0))).Ok(201);
        using var http = new HttpClient();

        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync([1]));
        Assert.Equal(HttpStatusCode.OK, await PutAsync([]));

        async Task<HttpStatusCode> PutAsync(byte[] bytes)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, (string)created["urls"]![0]!["url"]!) { Content = new ByteArrayContent(bytes) };
            foreach (var (name, value) in created["urls"]![0]!["headers"]?.AsObject() ?? [])
            {
                // That is what it is signed with; a client sends it by itself, and this one another.
                if (name != "Content-Length" && !request.Headers.TryAddWithoutValidation(name, (string)value!))
                    request.Content.Headers.TryAddWithoutValidation(name, (string)value!);
            }

            using var put = await http.SendAsync(request, TestContext.Current.CancellationToken);
            return put.StatusCode;
        }
    }

    [Fact]
    public async Task Get_Refused_SaysNeitherWhyNorMore()
    {
        var file = await delivery.UploadAsync(Film);
        var (link, folder) = (file.Link(), file.Folder);
        var own = new Uri(delivery.Server.Address, "/").AbsoluteUri;
        (string Method, string Target, (string, string)[] Headers)[] requests =
        [
            ("POST", link, [("Referer", Referer)]),
            ("OPTIONS", link, [("Referer", Referer), ("Origin", ApiServer.Origin), ("Access-Control-Request-Method", "GET")]),
            ("GET", link, []),
            ("GET", link, [("Referer", "https://page.example.evil.example/")]),
            ("GET", link, [("Referer", own)]),
            ("GET", link, [("Referer", Referer), ("Referer", Referer)]),
            ("GET", link, [("Referer", Referer), ("Origin", "https://evil.example")]),
            ("GET", link + "&x=1", [("Referer", Referer)]),
            ("GET", link.Replace("seed=L", "seed=M", StringComparison.Ordinal), [("Referer", Referer)]),
            ("GET", link.Replace("/media/", "/Media/", StringComparison.Ordinal), [("Referer", Referer)]),
            ("GET", link.Replace("/media/", "/%6dedia/", StringComparison.Ordinal), [("Referer", Referer)]),
            ("GET", link.Replace("/media/", "/x/../media/", StringComparison.Ordinal), [("Referer", Referer)]),
            ("GET", new Uri(delivery.Server.Address, link).AbsoluteUri, [("Referer", Referer)]),
            ("GET", $"/media{folder}a?{Sign(folder, TimeSpan.FromSeconds(-1))}", [("Referer", Referer)]),
            ("GET", $"/media{folder}a?{Sign(folder, TimeSpan.FromDays(8))}", [("Referer", Referer)]),
            ("GET", $"/media{folder[..^1]}?{Sign(folder)}", [("Referer", Referer)]),
            ("GET", "/media/", [("Referer", Referer)]),
            ("GET", "/media", [("Referer", Referer)]),
            ("GET", "/media/nothing?path=/&tick=1&seed=x&hash=y", [("Referer", Referer)]),
        ];
        foreach (var (method, target, headers) in requests)
        {
            var (status, rest) = await RawHttp.SendAsync(delivery.Server.Address, method, target, headers);
            Assert.True(status == 403, $"{method} {target}: {status}");
            Assert.EndsWith("\r\n\r\nForbidden\n", rest, StringComparison.Ordinal);
            Assert.Contains("\r\nCache-Control: no-cache\r\n", rest, StringComparison.Ordinal);
            Assert.Contains("\r\nContent-Type: text/plain\r\n", rest, StringComparison.Ordinal);
        }

        Assert.Contains(delivery.Server.Logs.Lines, line => line.Contains("Refused a link", StringComparison.Ordinal) && line.Contains("Tick", StringComparison.Ordinal));
        Assert.DoesNotContain(delivery.Server.Logs.Lines, line => line.Contains(link[(link.IndexOf("hash=", StringComparison.Ordinal) + 5)..], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Get_NoSuchObject_Is404OnlyWithAGoodSignature()
    {
        using var absent = await delivery.GetAsync($"/media/nothing/here?{Sign("/nothing/")}");
        Assert.Equal((HttpStatusCode.NotFound, "no-cache"), (absent.StatusCode, HeaderOf(absent, "Cache-Control")));
        using var forged = await delivery.GetAsync("/media/nothing/here");
        Assert.Equal(HttpStatusCode.Forbidden, forged.StatusCode);
    }

    [Fact]
    public async Task Get_Quarantine_IsNeverDelivered()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        foreach (var key in new[] { "quarantine/x", "shelf/x" })
            await api.Storage.Client.PutObjectAsync(new() { BucketName = api.Storage.Bucket, Key = key, ContentBody = "content" }, cancellationToken);
        using var bad = await delivery.GetAsync($"/media/quarantine/x?{Sign("/quarantine/")}");
        Assert.Equal(HttpStatusCode.NotFound, bad.StatusCode);
        using var good = await delivery.GetAsync($"/media/shelf/x?{Sign("/shelf/")}");
        Assert.Equal("content", await good.Content.ReadAsStringAsync(cancellationToken));
    }

    [Fact]
    public async Task Get_StoreAway_Is503()
    {
        await using var server = await api.StartAnotherAsync(
            settings:
            [
                ("Media:Delivery:Secrets:0", HexSecret), ("Media:S3:Endpoint", "http://127.0.0.1:1"), ("Media:S3:MaxRetries", "0"), ("Media:Jobs:Concurrency", "0"),
            ]);
        (await server.Client.SendAsync("GET", LinkOf("4f9Zk2aB7cD1eF3gH5iJ0"), headers: [("Referer", Referer)])).Problem(503, "object_store_unavailable");
    }

    [Fact]
    public async Task Get_FourHundredMutations_NoneForbiddenIsAnswered()
    {
        var folder = (await delivery.UploadAsync(Encoding.ASCII.GetBytes("what is allowed"))).Folder;
        var other = (await delivery.UploadAsync(Encoding.ASCII.GetBytes("what is not"))).Folder;
        var (good, elsewhere) = (Sign(folder), DeliverySigner.Sign(new byte[32], other, TimeProvider.System.GetUtcNow().AddHours(1), "AAAAAAAAAAAAAAAAAAAAA"));
        var mutations = new Mutations(3, folder, other, good, [elsewhere, Sign(folder, TimeSpan.FromHours(-1))], ApiServer.Origin);
        var oracle = new Oracle(ImmutableDictionary<string, string>.Empty.Add(good, folder), new HashSet<string>(StringComparer.Ordinal) { ApiServer.Origin });
        var answered = 0;
        for (var i = 0; i < 400; i++)
        {
            var request = mutations.Next();
            var headers = new List<(string, string)>();
            if (request.Origin is { } origin)
                headers.Add(("Origin", origin));
            if (request.Referer is { } referer)
                headers.Add(("Referer", referer));
            var (status, rest) = await RawHttp.SendAsync(delivery.Server.Address, request.Method, $"/media{request.Uri}?{request.Query}", [.. headers]);
            Assert.DoesNotContain("what is not", rest, StringComparison.Ordinal);
            Assert.True(status is 200 or 404 or 403 or 400 or 405 or 0, $"{status}: {request}");
            if (status != 200)
                continue;
            answered++;
            // A question mark or a fragment in the path begins the query earlier; white space at a header's end is no part of it.
            Assert.True(oracle.Forbids(request with { Origin = request.Origin?.Trim(), Referer = request.Referer?.Trim() }) is null, $"{request}");
        }

        Assert.InRange(answered, 5, 200);
    }
}
