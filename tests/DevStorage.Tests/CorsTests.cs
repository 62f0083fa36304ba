using Amazon.S3.Model;
using Media.DevStorage.Tests.Support;

namespace Media.DevStorage.Tests;

public sealed class CorsTests(StorageServer server) : IClassFixture<StorageServer>
{
    private const string Origin = "https://app.example.test";

    [Fact]
    public async Task Preflight_AllowedOriginMethodAndHeaders_IsAnsweredFromTheRule()
    {
        var bucket = await ConfiguredAsync();
        var answer = await server.Raw.UnsignedAsync(
            "OPTIONS", $"/{bucket}/k?partNumber=1", null, ("origin", Origin), ("access-control-request-method", "PUT"), ("access-control-request-headers", "content-type, x-amz-meta-a"));
        Assert.Equal(
            (200, Origin, "PUT, GET", "content-type, x-amz-meta-a", "600", "ETag"),
            (answer.Status, answer.Header("access-control-allow-origin"), answer.Header("access-control-allow-methods"),
                answer.Header("access-control-allow-headers"), answer.Header("access-control-max-age"), answer.Header("access-control-expose-headers")));
    }

    [Theory]
    [InlineData("https://evil.example", "PUT", "content-type")]
    [InlineData(Origin, "DELETE", "content-type")]
    [InlineData(Origin, "PUT", "x-other")]
    [InlineData("https://sub.evil-wild.test.example", "PUT", "content-type")]
    public async Task Preflight_NotAllowed_IsForbiddenWithoutHeaders(string origin, string method, string headers)
    {
        var bucket = await ConfiguredAsync();
        var answer = await server.Raw.UnsignedAsync(
            "OPTIONS", $"/{bucket}/k", null, ("origin", origin), ("access-control-request-method", method), ("access-control-request-headers", headers));
        Assert.Equal((403, "AccessForbidden", null), (answer.Status, answer.Code, answer.Header("access-control-allow-origin")));
    }

    [Fact]
    public async Task Requests_FromAnAllowedPage_CarryTheHeadersOnSuccessAndErrorAlike()
    {
        var bucket = await ConfiguredAsync();
        foreach (var (target, status) in ((string, int)[])
            [(server.Raw.Presign("PUT", $"/{bucket}/k", 60), 200), (server.Raw.Presign("PUT", $"/{bucket}/k", 60, null, ("uploadId", "bogus"), ("partNumber", "1")), 404), ($"/{bucket}/k", 403)])
        {
            var answer = await server.Raw.UnsignedAsync("PUT", target, [1], ("origin", Origin));
            Assert.Equal(
                (status, Origin, "ETag"),
                (answer.Status, answer.Header("access-control-allow-origin"), answer.Header("access-control-expose-headers")));
        }

        var stranger = await server.Raw.UnsignedAsync("PUT", server.Raw.Presign("PUT", $"/{bucket}/k", 60), [1], ("origin", "https://evil.example"));
        Assert.Equal((200, null), (stranger.Status, stranger.Header("access-control-allow-origin")));
    }

    [Fact]
    public async Task Configuration_PutGetDelete_IsKeptAndGone()
    {
        var bucket = await ConfiguredAsync();
        var got = (await server.S3.GetCORSConfigurationAsync(bucket)).Configuration;
        Assert.Equal(["ETag"], got.Rules[0].ExposeHeaders);
        await server.S3.DeleteCORSConfigurationAsync(bucket);
        Assert.Equal("NoSuchCORSConfiguration", (await server.Raw.SendAsync("GET", $"/{bucket}?cors")).Code);
        var preflight = await server.Raw.UnsignedAsync("OPTIONS", $"/{bucket}/k", null, ("origin", Origin), ("access-control-request-method", "PUT"));
        Assert.Equal(403, preflight.Status);
    }

    private async Task<string> ConfiguredAsync()
    {
        var bucket = await server.NewBucketAsync();
        await server.S3.PutCORSConfigurationAsync(bucket, new CORSConfiguration
        {
            Rules =
            [
                new CORSRule
                {
                    AllowedOrigins = [Origin, "https://*.wild.test"], AllowedMethods = ["PUT", "GET"], AllowedHeaders = ["content-*", "x-amz-*"],
                    ExposeHeaders = ["ETag"], MaxAgeSeconds = 600,
                },
            ],
        });
        return bucket;
    }
}
