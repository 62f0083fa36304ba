using System.Net;
using System.Security.Cryptography;
using System.Text;
using Amazon.S3.Model;
using Media.DevStorage.Tests.Support;

namespace Media.DevStorage.Tests;

public sealed class ObjectTests(StorageServer server) : IClassFixture<StorageServer>
{
    private static readonly byte[] Body = RandomNumberGenerator.GetBytes(300_001);

    [Fact]
    public async Task PutObject_WithPropertiesAndMetadata_GivesThemBack()
    {
        var bucket = await server.NewBucketAsync();
        var put = new PutObjectRequest { BucketName = bucket, Key = "k", InputStream = new MemoryStream(Body), ContentType = "video/mp4" };
        put.Metadata["owner"] = "alice";
        put.Headers.CacheControl = "no-store";
        put.Headers.ContentDisposition = "attachment; filename=\"x.mp4\"";
        await server.S3.PutObjectAsync(put);
        var head = await server.S3.GetObjectMetadataAsync(bucket, "k");
        Assert.Equal($"\"{Convert.ToHexStringLower(MD5.HashData(Body))}\"", head.ETag);
        Assert.Equal(
            (Body.LongLength, "video/mp4", "alice", "no-store", "attachment; filename=\"x.mp4\""),
            (head.ContentLength, head.Headers.ContentType, head.Metadata["owner"], head.Headers.CacheControl, head.Headers.ContentDisposition));
        Assert.Equal(Body, await server.GetAsync(bucket, "k"));
    }

    [Theory]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=100-199", 100, 100)]
    [InlineData("bytes=299999-", 299_999, 2)]
    [InlineData("bytes=-1", 300_000, 1)]
    [InlineData("bytes=-999999", 0, 300_001)]
    [InlineData("bytes=5-99999999", 5, 299_996)]
    public async Task GetObject_Range_Is206WithExactlyThoseBytes(string range, int offset, int length)
    {
        var bucket = await server.NewBucketAsync();
        await server.PutAsync(bucket, "k", Body);
        var answer = await server.Raw.SendAsync("GET", $"/{bucket}/k", headers: [("range", range)]);
        Assert.Equal((206, $"bytes {offset}-{offset + length - 1}/{Body.Length}"), (answer.Status, answer.Header("content-range")));
        Assert.True(Body.AsSpan(offset, length).SequenceEqual(answer.Body));
    }

    [Fact]
    public async Task GetObject_RangeBeyondTheEnd_Is416AndNonsenseTheWhole()
    {
        var bucket = await server.NewBucketAsync();
        await server.PutAsync(bucket, "k", Body);
        var beyond = await server.Raw.SendAsync("GET", $"/{bucket}/k", headers: [("range", "bytes=300001-")]);
        Assert.Equal((416, "InvalidRange", "bytes */300001"), (beyond.Status, beyond.Code, beyond.Header("content-range")));
        foreach (var whole in (string[])["bytes=5-1", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5"])
            Assert.Equal(200, (await server.Raw.SendAsync("GET", $"/{bucket}/k", headers: [("range", whole)])).Status);
    }

    [Fact]
    public async Task GetObject_Conditions_AreHonoured()
    {
        var bucket = await server.NewBucketAsync();
        var etag = (await server.PutAsync(bucket, "k", Body)).ETag;
        async Task<int> Status(string name, string value) => (await server.Raw.SendAsync("GET", $"/{bucket}/k", headers: [(name, value)])).Status;
        Assert.Equal(200, await Status("if-match", etag));
        Assert.Equal(412, await Status("if-match", "\"other\""));
        Assert.Equal(304, await Status("if-none-match", etag));
        Assert.Equal(200, await Status("if-none-match", "\"other\""));
        Assert.Equal(304, await Status("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT"));
        Assert.Equal(200, await Status("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT"));
        Assert.Equal(412, await Status("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT"));
        Assert.Equal(200, await Status("if-unmodified-since", "Fri, 01 Jan 2100 00:00:00 GMT"));
    }

    [Fact]
    public async Task PutObject_IfNoneMatch_LetsExactlyOneOfManyWin()
    {
        var bucket = await server.NewBucketAsync();
        for (var round = 0; round < 10; round++)
        {
            var key = "k" + round;
            var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(n =>
                server.Raw.SendAsync("PUT", $"/{bucket}/{key}", Encoding.UTF8.GetBytes("writer " + n), [("if-none-match", "*")])));
            Assert.Equal(11, answers.Count(a => a is { Status: 412, Code: "PreconditionFailed" }));
            var winner = Array.FindIndex(answers, a => a.Status == 200);
            Assert.Equal("writer " + winner, Encoding.UTF8.GetString(await server.GetAsync(bucket, key)));
        }
    }

    [Fact]
    public async Task PutObject_IfMatch_LetsExactlyOneOfManyReplace()
    {
        var bucket = await server.NewBucketAsync();
        var etag = (await server.PutAsync(bucket, "k", Body)).ETag;
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(n =>
            server.Raw.SendAsync("PUT", $"/{bucket}/k", Encoding.UTF8.GetBytes("writer " + n), [("if-match", etag)])));
        Assert.Single(answers, a => a.Status == 200);
        Assert.Equal("NoSuchKey", (await server.Raw.SendAsync("PUT", $"/{bucket}/none", Body, [("if-match", etag)])).Code);
        Assert.Equal(501, (await server.Raw.SendAsync("PUT", $"/{bucket}/none", Body, [("if-none-match", etag)])).Status);
    }

    [Fact]
    public async Task GetObject_WhileOverwritten_GivesOneVersionWhole()
    {
        var bucket = await server.NewBucketAsync();
        var versions = Enumerable.Range(0, 8).Select(n => Enumerable.Repeat((byte)n, 2_000_000).ToArray()).ToArray();
        await server.PutAsync(bucket, "k", versions[0]);
        var writing = Task.WhenAll(versions.Select(v => server.PutAsync(bucket, "k", v)));
        while (!writing.IsCompleted)
        {
            var got = await server.GetAsync(bucket, "k");
            Assert.Equal(2_000_000, got.Length);
            Assert.False(got.AsSpan().ContainsAnyExcept(got[0]));
        }

        await writing;
    }

    [Fact]
    public async Task CopyObject_OntoAnotherKey_KeepsBytesAndMetadataEvenWhenTheSourceGoes()
    {
        var bucket = await server.NewBucketAsync();
        var put = new PutObjectRequest { BucketName = bucket, Key = "from/ä b+c", InputStream = new MemoryStream(Body) };
        put.Metadata["a"] = "1";
        await server.S3.PutObjectAsync(put);
        var copied = await server.S3.CopyObjectAsync(bucket, "from/ä b+c", bucket, "to");
        Assert.Equal($"\"{Convert.ToHexStringLower(MD5.HashData(Body))}\"", copied.ETag);
        await server.S3.DeleteObjectAsync(bucket, "from/ä b+c");
        Assert.Equal(Body, await server.GetAsync(bucket, "to"));
        Assert.Equal("1", (await server.S3.GetObjectMetadataAsync(bucket, "to")).Metadata["a"]);
        await StorageServer.RefusedAsync(() => server.S3.CopyObjectAsync(bucket, "to", bucket, "to"), "InvalidRequest", HttpStatusCode.BadRequest);
        await StorageServer.RefusedAsync(() => server.S3.CopyObjectAsync(bucket, "gone", bucket, "x"), "NoSuchKey", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task DeleteObjects_Many_DeletesThemAndToleratesTheMissing()
    {
        var bucket = await server.NewBucketAsync();
        await Task.WhenAll(Enumerable.Range(0, 30).Select(n => server.PutAsync(bucket, $"k{n}", Body[..10])));
        var gone = await server.S3.DeleteObjectsAsync(new DeleteObjectsRequest
        {
            BucketName = bucket,
            Objects = [.. Enumerable.Range(0, 31).Select(n => new KeyVersion { Key = $"k{n}" })],
        });
        Assert.Equal(31, gone.DeletedObjects.Count);
        Assert.Empty((await server.S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket })).S3Objects ?? []);
        var unhashed = await server.Raw.SendAsync("POST", $"/{bucket}?delete", "<Delete><Object><Key>a</Key></Object></Delete>"u8.ToArray());
        Assert.Equal("InvalidRequest", unhashed.Code);
    }

    [Fact]
    public async Task PutObject_HashesThatAreNotTheBodys_AreRefusedAndNothingIsStored()
    {
        var bucket = await server.NewBucketAsync();
        (string Name, string Value, string Code)[] wrong =
        [
            ("content-md5", Convert.ToBase64String(MD5.HashData([1])), "BadDigest"),
            ("content-md5", "nonsense", "InvalidDigest"),
            ("x-amz-checksum-sha256", Convert.ToBase64String(SHA256.HashData([1])), "BadDigest"),
            ("x-amz-checksum-sha1", Convert.ToBase64String(SHA1.HashData([1])), "BadDigest"),
            ("x-amz-checksum-crc32", "AAAAAA==", "BadDigest"),
            ("x-amz-checksum-crc32c", "AAAAAA==", "BadDigest"),
            ("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=", "BadDigest"),
            ("x-amz-checksum-crc32", "AAAA", "InvalidRequest"),
        ];
        foreach (var (name, value, code) in wrong)
            Assert.Equal(code, (await server.Raw.SendAsync("PUT", $"/{bucket}/k", Body, [(name, value)])).Code);
        Assert.Equal(404, (await server.Raw.SendAsync("HEAD", $"/{bucket}/k")).Status);
    }

    [Fact]
    public async Task PutObject_WithoutAUsableLength_IsRefused()
    {
        var bucket = await server.NewBucketAsync();
        var url = server.Raw.Presign("PUT", $"/{bucket}/k", 60);
        var request = $"PUT {url} HTTP/1.1\r\nhost: {server.Raw.Authority}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        var endless = $"PUT {url} HTTP/1.1\r\nhost: {server.Raw.Authority}\r\ncontent-length: {new string('9', 40)}\r\nconnection: close\r\n\r\nabc";
        Assert.Equal(400, (await server.Raw.BytesAsync(Encoding.ASCII.GetBytes(endless))).Status);
        Assert.Equal("MissingContentLength", (await server.Raw.BytesAsync(Encoding.ASCII.GetBytes(request))).Code);
    }

    [Theory]
    [InlineData("with space")]
    [InlineData("plus+eq=")]
    [InlineData("per%cent%20")]
    [InlineData("ünïcode-日本-😀")]
    [InlineData("quo'te\"s&<>")]
    [InlineData("a//b")]
    [InlineData("./dot")]
    [InlineData("../../../../../../tmp/escaped")]
    [InlineData("a/../../b/%2e%2e/")]
    [InlineData("/leading")]
    [InlineData("trailing/")]
    [InlineData("back\\slash\\..\\x")]
    [InlineData("\u0001control\u001f")]
    [InlineData("semi;colon:at@hash#question?and&")]
    public async Task Keys_OfEveryKind_ComeBackAsTheyWereAndStayInTheDataFolder(string key)
    {
        var bucket = await server.NewBucketAsync();
        var path = $"/{bucket}/{string.Join('/', key.Split('/').Select(s => Uri.EscapeDataString(s)))}";
        Assert.Equal(200, (await server.Raw.SendAsync("PUT", path, Body)).Status);
        Assert.Equal(Body, (await server.Raw.SendAsync("GET", path)).Body);
        Assert.Equal(200, (await server.Raw.UnsignedAsync("GET", server.Raw.Presign("GET", path, 60))).Status);
        var listed = await server.S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket, Encoding = Amazon.S3.EncodingType.Url });
        Assert.Equal(Uri.EscapeDataString(key), Uri.EscapeDataString(Uri.UnescapeDataString(Assert.Single(listed.S3Objects).Key)), ignoreCase: true);
        Assert.False(File.Exists("/tmp/escaped"));
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(server.Options.Data)!, "*", SearchOption.AllDirectories))
            Assert.StartsWith(server.Options.Data, file, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_TooLongOrNotUtf8_AreRefused()
    {
        var bucket = await server.NewBucketAsync();
        Assert.Equal(200, (await server.Raw.SendAsync("PUT", $"/{bucket}/{new string('k', 1024)}", Body)).Status);
        Assert.Equal("KeyTooLongError", (await server.Raw.SendAsync("PUT", $"/{bucket}/{new string('k', 1025)}", Body)).Code);
        Assert.Equal("InvalidURI", (await server.Raw.SendAsync("PUT", $"/{bucket}/%ff%fe", Body)).Code);
        Assert.Equal("InvalidURI", (await server.Raw.SendAsync("PUT", $"/{bucket}/%zz", Body)).Code);
    }

    [Fact]
    public async Task Keys_WithTheirSlashesEncodedOnTheWire_AreTheSameKeys()
    {
        var bucket = await server.NewBucketAsync();
        Assert.Equal(200, (await server.Raw.SendAsync("PUT", $"/{bucket}/a%2Fb", Body)).Status);
        Assert.Equal(Body, await server.GetAsync(bucket, "a/b"));
        await server.PutAsync(bucket, "c%2Fd", Body);
        Assert.Equal(["a/b", "c%2Fd"], (await server.S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket })).S3Objects.Select(o => o.Key));
    }

    [Fact]
    public async Task VirtualHostStyle_BucketInTheHost_IsTheSameObject()
    {
        var bucket = await server.NewBucketAsync();
        await server.PutAsync(bucket, "dir/k", Body);
        var answer = await server.Raw.SendAsync("GET", "/dir/k", headers: [("host", $"{bucket}.localhost:{server.Server.Endpoint.Port}")]);
        Assert.True(Body.AsSpan().SequenceEqual(answer.Body));
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("Upper")]
    [InlineData("under_score")]
    [InlineData("dot..dot")]
    [InlineData("192.168.0.1")]
    [InlineData("-dash")]
    [InlineData("%2E%2E%2Fescape")]
    public async Task CreateBucket_InvalidName_IsRefused(string name) =>
        Assert.Equal("InvalidBucketName", (await server.Raw.SendAsync("PUT", "/" + name)).Code);

    [Fact]
    public async Task DeleteBucket_WithObjects_IsRefusedAndWithoutIsDone()
    {
        var bucket = await server.NewBucketAsync();
        await server.PutAsync(bucket, "k", Body);
        await StorageServer.RefusedAsync(() => server.S3.DeleteBucketAsync(bucket), "BucketNotEmpty", HttpStatusCode.Conflict);
        await server.S3.DeleteObjectAsync(bucket, "k");
        await server.S3.DeleteBucketAsync(bucket);
        await StorageServer.RefusedAsync(() => server.GetAsync(bucket, "k"), "NoSuchBucket", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Tags_PutGetDelete_AreKeptWithTheObject()
    {
        var bucket = await server.NewBucketAsync();
        Assert.Equal(200, (await server.Raw.SendAsync("PUT", $"/{bucket}/k", Body, [("x-amz-tagging", "a=1&b=two%20words")])).Status);
        var tags = await server.S3.GetObjectTaggingAsync(new GetObjectTaggingRequest { BucketName = bucket, Key = "k" });
        Assert.Equal(["a=1", "b=two words"], tags.Tagging.Select(t => $"{t.Key}={t.Value}"));
        await server.S3.PutObjectTaggingAsync(new PutObjectTaggingRequest
        {
            BucketName = bucket, Key = "k", Tagging = new Tagging { TagSet = [new Tag { Key = "c", Value = "3" }] },
        });
        Assert.Equal("1", (await server.Raw.SendAsync("HEAD", $"/{bucket}/k")).Header("x-amz-tagging-count"));
        await server.S3.DeleteObjectTaggingAsync(new DeleteObjectTaggingRequest { BucketName = bucket, Key = "k" });
        Assert.Null((await server.Raw.SendAsync("HEAD", $"/{bucket}/k")).Header("x-amz-tagging-count"));
        Assert.Equal("InvalidArgument", (await server.Raw.SendAsync("PUT", $"/{bucket}/k", Body, [("x-amz-tagging", "a=1&a=2")])).Code);
    }

    [Fact]
    public async Task GetObjectAttributes_OfAnObject_TellsWhatWasAsked()
    {
        var bucket = await server.NewBucketAsync();
        await server.PutAsync(bucket, "k", Body);
        var answer = await server.S3.GetObjectAttributesAsync(new GetObjectAttributesRequest
        {
            BucketName = bucket, Key = "k", ObjectAttributes = [Amazon.S3.ObjectAttributes.ETag, Amazon.S3.ObjectAttributes.ObjectSize],
        });
        Assert.Equal((Convert.ToHexStringLower(MD5.HashData(Body)), (long?)Body.Length), (answer.ETag, answer.ObjectSize));
    }

    [Fact]
    public async Task UnsupportedSubresource_IsNotImplementedInsteadOfSomethingElse()
    {
        var bucket = await server.NewBucketAsync();
        foreach (var target in (string[])[$"/{bucket}?acl", $"/{bucket}/k?acl", $"/{bucket}?policy", $"/{bucket}/k?retention"])
            Assert.Equal((501, "NotImplemented"), await CodeOf("PUT", target));
        Assert.Equal((405, "MethodNotAllowed"), await CodeOf("PATCH", $"/{bucket}/k"));
    }

    private async Task<(int, string?)> CodeOf(string method, string target)
    {
        var answer = await server.Raw.SendAsync(method, target, Body[..10]);
        return (answer.Status, answer.Code);
    }
}
