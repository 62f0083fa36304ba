using System.Net;
using System.Security.Cryptography;
using System.Text;
using Media.DevStorage.Tests.Support;

namespace Media.DevStorage.Tests;

public sealed class SignatureTests(StorageServer server) : IClassFixture<StorageServer>
{
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("the body");
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task HeaderSigned_EverythingRight_IsAccepted()
    {
        var bucket = await server.NewBucketAsync();
        Assert.Equal(200, (await server.Raw.SendAsync("PUT", $"/{bucket}/k", Body)).Status);
        Assert.Equal(Body, (await server.Raw.SendAsync("GET", $"/{bucket}/k")).Body);
    }

    [Fact]
    public async Task Anonymous_Anything_IsDenied()
    {
        var bucket = await server.NewBucketAsync();
        await server.PutAsync(bucket, "k", Body);
        foreach (var (method, target) in ((string, string)[])
            [("GET", $"/{bucket}/k"), ("PUT", $"/{bucket}/k"), ("GET", $"/{bucket}"), ("GET", "/"), ("DELETE", $"/{bucket}/k"), ("HEAD", $"/{bucket}/k")])
        {
            Assert.Equal(403, (await server.Raw.UnsignedAsync(method, target, method == "PUT" ? Body : null)).Status);
        }

        Assert.Equal(Body, await server.GetAsync(bucket, "k"));
    }

    [Fact]
    public async Task HeaderSigned_AnyPartChangedAfterwards_IsRefused()
    {
        var bucket = await server.NewBucketAsync();
        var target = $"/{bucket}/k";
        (string, Action<SortedDictionary<string, string>>)[] changes =
        [
            ("SignatureDoesNotMatch", h => h["authorization"] = h["authorization"][..^1] + (h["authorization"][^1] == '0' ? '1' : '0')),
            ("AccessDenied", h => h["x-amz-meta-added"] = "later"),
            ("SignatureDoesNotMatch", h => h["x-amz-meta-signed"] = "changed"),
            ("SignatureDoesNotMatch", h => h["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"),
            ("InvalidAccessKeyId", h => h["authorization"] = h["authorization"].Replace(StorageServer.AccessKey, "nobody", StringComparison.Ordinal)),
            ("AuthorizationHeaderMalformed", h => h["authorization"] = "AWS4-HMAC-SHA256 nonsense"),
            ("InvalidRequest", h => h["authorization"] = "AWS test-key:c2lnbmF0dXJl"),
            ("AccessDenied", h => h["authorization"] = h["authorization"].Replace("host;", "", StringComparison.Ordinal)),
        ];
        foreach (var (code, change) in changes)
        {
            var answer = await server.Raw.SendAsync("PUT", target, Body, [("x-amz-meta-signed", "yes")], afterSigning: change);
            Assert.Equal(code, answer.Code);
        }

        await StorageServer.RefusedAsync(() => server.GetAsync(bucket, "k"), "NoSuchKey", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task HeaderSigned_WrongScopeOrClock_IsRefused()
    {
        var target = $"/{await server.NewBucketAsync()}/k";
        Assert.Equal("AuthorizationHeaderMalformed", (await server.Raw.SendAsync("GET", target, region: "eu-west-1")).Code);
        Assert.Equal("AuthorizationHeaderMalformed", (await server.Raw.SendAsync("GET", target, service: "sqs")).Code);
        Assert.Equal("RequestTimeTooSkewed", (await server.Raw.SendAsync("GET", target, at: Now.AddMinutes(-16))).Code);
        Assert.Equal("RequestTimeTooSkewed", (await server.Raw.SendAsync("GET", target, at: Now.AddMinutes(16))).Code);
        Assert.Equal("NoSuchKey", (await server.Raw.SendAsync("GET", target, at: Now.AddMinutes(-14))).Code);
    }

    [Fact]
    public async Task HeaderSigned_BodyNotThatOfTheHash_IsRefusedAndNotStored()
    {
        var bucket = await server.NewBucketAsync();
        var answer = await server.Raw.SendAsync("PUT", $"/{bucket}/k", Body, payload: RawClient.Hex(SHA256.HashData("another"u8)));
        Assert.Equal((400, "XAmzContentSHA256Mismatch"), (answer.Status, answer.Code));
        Assert.Equal(404, (await server.Raw.SendAsync("GET", $"/{bucket}/k")).Status);
        Assert.Equal("InvalidArgument", (await server.Raw.SendAsync("PUT", $"/{bucket}/k", Body, payload: "nonsense")).Code);
    }

    [Fact]
    public async Task Presigned_WithinItsTime_IsAcceptedAndAfterwardsNot()
    {
        var bucket = await server.NewBucketAsync();
        Assert.Equal(200, (await server.Raw.UnsignedAsync("PUT", server.Raw.Presign("PUT", $"/{bucket}/k", 60), Body)).Status);
        var late = await server.Raw.UnsignedAsync("PUT", server.Raw.Presign("PUT", $"/{bucket}/k", 60, Now.AddSeconds(-61)), Body);
        Assert.Equal((403, "AccessDenied"), (late.Status, late.Code));
        Assert.Contains("expired", late.Text, StringComparison.Ordinal);
        Assert.Equal(403, (await server.Raw.UnsignedAsync("PUT", server.Raw.Presign("PUT", $"/{bucket}/k", 60, Now.AddMinutes(20)), Body)).Status);
        Assert.Equal(
            "AuthorizationQueryParametersError", (await server.Raw.UnsignedAsync("PUT", server.Raw.Presign("PUT", $"/{bucket}/k", 604_801), Body)).Code);
    }

    [Fact]
    public async Task Presigned_ForAnotherMethodKeyOrParameter_IsRefused()
    {
        var bucket = await server.NewBucketAsync();
        await server.PutAsync(bucket, "k", Body);
        var get = server.Raw.Presign("GET", $"/{bucket}/k", 60);
        Assert.Equal(200, (await server.Raw.UnsignedAsync("GET", get)).Status);
        Assert.Equal("SignatureDoesNotMatch", (await server.Raw.UnsignedAsync("PUT", get, Body)).Code);
        Assert.Equal("SignatureDoesNotMatch", (await server.Raw.UnsignedAsync("GET", get.Replace("/k?", "/l?", StringComparison.Ordinal))).Code);
        Assert.Equal("SignatureDoesNotMatch", (await server.Raw.UnsignedAsync("GET", get + "&versionId=null")).Code);
        Assert.Equal("AccessDenied", (await server.Raw.UnsignedAsync("GET", get, null, ("x-amz-meta-a", "b"))).Code);
    }

    [Theory]
    [InlineData("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", false)]
    [InlineData("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", true)]
    [InlineData("STREAMING-UNSIGNED-PAYLOAD-TRAILER", true)]
    public async Task Streaming_RightAndTampered_IsAcceptedAndRefused(string payload, bool trailer)
    {
        var bucket = await server.NewBucketAsync();
        byte[][] chunks = [RandomNumberGenerator.GetBytes(70_000), RandomNumberGenerator.GetBytes(8192), RandomNumberGenerator.GetBytes(100)];
        byte[] plain = [.. chunks.SelectMany(c => c)];
        var good = await SendChunksAsync(bucket, "good", payload, trailer, chunks, static b => b);
        Assert.Equal((200, null), (good.Status, good.Code));
        Assert.Equal(plain, await server.GetAsync(bucket, "good"));

        // A changed byte breaks a chunk's signature, or without signatures the trailer's checksum.
        var bad = await SendChunksAsync(bucket, "bad", payload, trailer, chunks, static b =>
        {
            b[500] ^= 1;
            return b;
        });
        Assert.Contains(bad.Code, (string[])["SignatureDoesNotMatch", "BadDigest"]);
        var cut = await SendChunksAsync(bucket, "bad", payload, trailer, chunks, static b => b[..^200], missing: 200);
        Assert.Contains(cut.Code, (string?[])["IncompleteBody", "MalformedTrailerError", "SignatureDoesNotMatch"]);
        await StorageServer.RefusedAsync(() => server.GetAsync(bucket, "bad"), "NoSuchKey", HttpStatusCode.NotFound);
    }

    private async Task<RawAnswer> SendChunksAsync(
        string bucket, string key, string payload, bool trailer, byte[][] chunks, Func<byte[], byte[]> tamper, int missing = 0)
    {
        var plain = chunks.Sum(c => c.Length);
        var headers = new List<(string, string)>
        {
            ("content-encoding", "aws-chunked"), ("x-amz-decoded-content-length", plain.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        };
        if (trailer)
            headers.Add(("x-amz-trailer", "x-amz-checksum-sha256"));
        var signed = !payload.Contains("UNSIGNED", StringComparison.Ordinal);

        // Signatures have a fixed length, so a first pass with any seed tells the length that the real one signs.
        var length = Frame(chunks, "0", new byte[32], Now, "x", signed, trailer).Length - missing;
        var (all, seed, signingKey, time, scope) = server.Raw.Streaming("PUT", $"/{bucket}/{key}", length, payload, headers);
        var body = tamper(Frame(chunks, seed, signingKey, time, scope, signed, trailer));
        return await server.Raw.WireAsync("PUT", $"/{bucket}/{key}", all, body);
    }

    private static byte[] Frame(byte[][] chunks, string seed, byte[] key, DateTimeOffset time, string scope, bool signed, bool trailer)
    {
        using var body = new MemoryStream();
        void Text(string text) => body.Write(Encoding.ASCII.GetBytes(text));
        string Sign(string kind, string rest)
        {
            var toSign = $"{kind}\n{RawClient.Stamp(time)}\n{scope}\n{seed}\n{rest}";
            return seed = RawClient.Hex(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(toSign)));
        }

        var empty = RawClient.Hex(SHA256.HashData([]));
        foreach (var chunk in (byte[][])[.. chunks, []])
        {
            var signature = signed ? ";chunk-signature=" + Sign("AWS4-HMAC-SHA256-PAYLOAD", $"{empty}\n{RawClient.Hex(SHA256.HashData(chunk))}") : "";
            Text($"{chunk.Length:x}{signature}\r\n");
            body.Write(chunk);
            if (chunk.Length > 0)
                Text("\r\n");
        }

        if (trailer)
        {
            var line = "x-amz-checksum-sha256:" + Convert.ToBase64String(SHA256.HashData([.. chunks.SelectMany(c => c)]));
            Text(line + "\r\n");
            if (signed)
                Text("x-amz-trailer-signature:" + Sign("AWS4-HMAC-SHA256-TRAILER", RawClient.Hex(SHA256.HashData(Encoding.ASCII.GetBytes(line + "\n")))) + "\r\n");
        }

        Text("\r\n");
        return body.ToArray();
    }

    [Fact]
    public async Task AnotherKey_OnSomeonesBucket_IsDenied()
    {
        var bucket = await server.NewBucketAsync();
        await server.PutAsync(bucket, "k", Body);
        var other = server.Client(StorageServer.OtherKey, StorageServer.OtherSecret);
        await StorageServer.RefusedAsync(() => other.GetObjectAsync(bucket, "k"), "AccessDenied", HttpStatusCode.Forbidden);
        await StorageServer.RefusedAsync(() => other.DeleteObjectAsync(bucket, "k"), "AccessDenied", HttpStatusCode.Forbidden);
        await StorageServer.RefusedAsync(() => other.PutBucketAsync(bucket), "BucketAlreadyExists", HttpStatusCode.Conflict);
        var own = "own" + Guid.NewGuid().ToString("n")[..10];
        await other.PutBucketAsync(own);
        await StorageServer.RefusedAsync(() => other.CopyObjectAsync(bucket, "k", own, "stolen"), "AccessDenied", HttpStatusCode.Forbidden);
        Assert.DoesNotContain((await other.ListBucketsAsync()).Buckets, b => b.BucketName == bucket);
        Assert.DoesNotContain((await server.S3.ListBucketsAsync()).Buckets, b => b.BucketName == own);
    }
}
