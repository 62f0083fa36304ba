using System.Security.Cryptography;
using System.Text;
using Media.DevStorage.Tests.Support;

namespace Media.DevStorage.Tests;

public sealed class PostPolicyTests(StorageServer server) : IClassFixture<StorageServer>
{
    private static readonly byte[] File = RandomNumberGenerator.GetBytes(1000);

    [Fact]
    public async Task Post_WithinItsPolicy_StoresTheFile()
    {
        var bucket = await server.NewBucketAsync();
        var answer = await PostAsync(bucket, "[\"starts-with\",\"$key\",\"in/\"],[\"content-length-range\",1,2000],{\"x-amz-meta-a\":\"b\"},[\"starts-with\",\"$Content-Type\",\"image/\"]",
            [("key", "in/${filename}"), ("x-amz-meta-a", "b"), ("Content-Type", "image/png"), ("x-ignore-this", "x")], File);
        Assert.Equal((204, null), (answer.Status, answer.Code));
        Assert.Equal(File, await server.GetAsync(bucket, "in/photo.png"));
        var head = await server.S3.GetObjectMetadataAsync(bucket, "in/photo.png");
        Assert.Equal(("b", "image/png"), (head.Metadata["a"], head.Headers.ContentType));
    }

    [Theory]
    [InlineData("{\"key\":\"other\"}", "AccessDenied")]
    [InlineData("[\"starts-with\",\"$key\",\"out/\"]", "AccessDenied")]
    [InlineData("[\"eq\",\"$key\",\"k\"],[\"content-length-range\",1,10]", "EntityTooLarge")]
    [InlineData("[\"eq\",\"$key\",\"k\"],[\"content-length-range\",2000,3000]", "EntityTooSmall")]
    [InlineData("[\"eq\",\"$key\",\"k\"],{\"acl\":\"private\"}", "AccessDenied")]
    [InlineData("[\"nonsense\",\"$key\",\"k\"]", "InvalidPolicyDocument")]
    [InlineData("[\"eq\",\"$key\"", "InvalidPolicyDocument")]
    public async Task Post_OutsideItsPolicy_IsRefusedAndNothingStored(string conditions, string code)
    {
        var bucket = await server.NewBucketAsync();
        Assert.Equal(code, (await PostAsync(bucket, conditions, [("key", "k")], File)).Code);
        Assert.Equal(404, (await server.Raw.SendAsync("HEAD", $"/{bucket}/k")).Status);
    }

    [Fact]
    public async Task Post_UncoveredFieldExpiredOrForged_IsRefused()
    {
        var bucket = await server.NewBucketAsync();
        const string key = "{\"key\":\"k\"}";
        Assert.Contains("Extra input fields", (await PostAsync(bucket, key, [("key", "k"), ("x-amz-meta-a", "b")], File)).Text, StringComparison.Ordinal);
        Assert.Contains("expired", (await PostAsync(bucket, key, [("key", "k")], File, TimeSpan.FromMinutes(-1))).Text, StringComparison.Ordinal);
        Assert.Equal("SignatureDoesNotMatch", (await PostAsync(bucket, key, [("key", "k")], File, forged: true)).Code);
        var bare = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n--b--\r\n";
        Assert.Equal("AccessDenied", (await server.Raw.UnsignedAsync("POST", "/" + bucket, Encoding.ASCII.GetBytes(bare), ("content-type", "multipart/form-data; boundary=b"))).Code);
        Assert.Equal("MalformedPOSTRequest", (await server.Raw.UnsignedAsync("POST", "/" + bucket, Encoding.ASCII.GetBytes(bare[..40]), ("content-type", "multipart/form-data; boundary=b"))).Code);
    }

    private async Task<RawAnswer> PostAsync(
        string bucket, string conditions, (string Name, string Value)[] fields, byte[] file, TimeSpan? validFor = null, bool forged = false)
    {
        var now = TimeProvider.System.GetUtcNow();
        var credential = $"{StorageServer.AccessKey}/{RawClient.Day(now)}/us-east-1/s3/aws4_request";
        var expiration = (now + (validFor ?? TimeSpan.FromMinutes(5))).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        var policy = Convert.ToBase64String(Encoding.UTF8.GetBytes(
            $"{{\"expiration\":\"{expiration}\",\"conditions\":[{conditions},{{\"bucket\":\"{bucket}\"}},{{\"x-amz-algorithm\":\"AWS4-HMAC-SHA256\"}},{{\"x-amz-credential\":\"{credential}\"}},{{\"x-amz-date\":\"{RawClient.Stamp(now)}\"}}]}}"));
        var signature = RawClient.Hex(HMACSHA256.HashData(server.Raw.SigningKey(now, "us-east-1", "s3"), Encoding.ASCII.GetBytes(policy)));
        var form = new StringBuilder();
        foreach (var (name, value) in ((string, string)[])
        [
            .. fields, ("policy", policy), ("x-amz-algorithm", "AWS4-HMAC-SHA256"), ("x-amz-credential", credential), ("x-amz-date", RawClient.Stamp(now)),
            ("x-amz-signature", forged ? new string('0', 64) : signature),
        ])
        {
            form.Append(System.Globalization.CultureInfo.InvariantCulture, $"--boundary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }

        form.Append("--boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\\\dir\\\\photo.png\"\r\nContent-Type: image/png\r\n\r\n");
        byte[] body = [.. Encoding.UTF8.GetBytes(form.ToString()), .. file, .. "\r\n--boundary--\r\n"u8];
        return await server.Raw.UnsignedAsync("POST", "/" + bucket, body, ("content-type", "multipart/form-data; boundary=boundary"));
    }
}
