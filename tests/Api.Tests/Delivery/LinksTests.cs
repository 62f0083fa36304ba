using System.Net;
using Media.Api.Tests.Support;
using static Media.Api.Tests.Delivery.DeliveryServer;

namespace Media.Api.Tests.Delivery;

[Trait("Category", "S3")]
public sealed class LinksTests(ApiFixture api, DeliveryServer delivery) : IClassFixture<DeliveryServer>
{
    [Fact]
    public async Task Link_OfAnUpload_DeliversItAndNothingElse()
    {
        var tag = await delivery.UploadAsync([1, 2, 3], "Ferien \u00fc (1).mp4");
        var other = await delivery.UploadAsync([4, 5, 6]);
        var answer = await delivery.Client.AsAsync("POST", "/v1/links", new { path = $"/upload/{tag}/", seconds = 600 });
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        var (url, query) = ((string)answer.Ok()["url"]!, (string)answer.Json["query"]!);
        Assert.Equal(new Uri(delivery.Server.Address, $"/media/upload/{tag}/Ferien%20%C3%BC%20(1).mp4?{query}").OriginalString, url);
        Assert.InRange(DateTimeOffset.Parse((string)answer.Json["expiresAt"]!, null) - TimeProvider.System.GetUtcNow(), TimeSpan.FromSeconds(540), TimeSpan.FromSeconds(600));

        using var got = await delivery.GetAsync(url);
        Assert.Equal([1, 2, 3], await got.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.EndsWith("filename*=UTF-8''Ferien%20%C3%BC%20%281%29.mp4", HeaderOf(got, "Content-Disposition"), StringComparison.Ordinal);
        using var elsewhere = await delivery.GetAsync($"/media/upload/{other}/film.mp4?{query}");
        Assert.Equal(HttpStatusCode.Forbidden, elsewhere.StatusCode);
    }

    [Fact]
    public async Task Link_BadRequest_NamesTheField()
    {
        var tag = await delivery.UploadAsync([1]);
        (string Field, object Body)[] cases =
        [
            ("fileId", new { fileId = "x", seconds = 1 }),
            ("path", new { seconds = 1 }),
            ("path", new { path = "/", seconds = 1 }),
            ("path", new { path = "", seconds = 1 }),
            ("path", new { path = "/upload/", seconds = 1 }),
            ("path", new { path = "/hash/", seconds = 1 }),
            ("path", new { path = $"/upload/{tag}", seconds = 1 }),
            ("path", new { path = $"upload/{tag}/", seconds = 1 }),
            ("path", new { path = $"/upload/{tag}/../", seconds = 1 }),
            ("path", new { path = $"//upload/{tag}/", seconds = 1 }),
            ("path", new { path = $"/upload/{tag}/x/", seconds = 1 }),
            ("path", new { path = 1, seconds = 1 }),
            ("seconds", new { path = $"/upload/{tag}/" }),
            ("seconds", new { path = $"/upload/{tag}/", seconds = 0 }),
            ("seconds", new { path = $"/upload/{tag}/", seconds = 604_801 }),
            ("seconds", new { path = $"/upload/{tag}/", seconds = 1.5 }),
        ];
        foreach (var (field, body) in cases)
            Assert.NotNull((await delivery.Client.AsAsync("POST", "/v1/links", body)).Problem(400, "invalid_request")["errors"]![field]);
    }

    [Fact]
    public async Task Link_NotOnesOwnOrNotThere_IsRefused()
    {
        var tag = await delivery.UploadAsync([1]);
        (await delivery.Client.SendAsync("POST", "/v1/links", new { path = $"/upload/{tag}/", seconds = 1 })).Problem(401, "permission_missing");
        (await delivery.Client.AsUserAsync(ApiServer.OtherPassword, "POST", "/v1/links", new { path = $"/upload/{tag}/", seconds = 1 })).Problem(403, "not_your_upload");
        (await delivery.Client.AsAsync("POST", "/v1/links", new { path = "/upload/aaaaaaaaaaaaaaaaaaaaa/", seconds = 1 })).Problem(404, "upload_not_found");
        var unfinished = (string)(await Samples.CreateAsync(delivery.Client))["tag"]!;
        (await delivery.Client.AsAsync("POST", "/v1/links", new { path = $"/upload/{unfinished}/", seconds = 1 })).Problem(409, "wrong_state");
    }

    [Fact]
    public async Task Link_PublicBaseUrlAndMaxLifetime_AreTheSettings()
    {
        await using var server = await api.StartAnotherAsync(settings:
            [("Media:Delivery:Secrets:0", HexSecret), ("Media:Delivery:PublicBaseUrl", "https://cdn.example/"), ("Media:Delivery:MaxLifetime", "00:01:00")]);
        var path = $"/upload/{await delivery.UploadAsync([1])}/";
        (await server.Client.AsAsync("POST", "/v1/links", new { path, seconds = 61 })).Problem(400, "invalid_request");
        Assert.StartsWith($"https://cdn.example{path}film.mp4?path=", (string)(await server.Client.AsAsync("POST", "/v1/links", new { path, seconds = 60 })).Ok()["url"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rotation_PreviousSecretKept_ItsLinksWorkUntilItIsGone()
    {
        const string next = "11112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";
        var link = LinkOf(await delivery.UploadAsync([1]));
        await using var rotated = await api.StartAnotherAsync(settings: [("Media:Delivery:Secrets:0", next), ("Media:Delivery:Secrets:1", HexSecret)]);
        await using var done = await api.StartAnotherAsync(settings: [("Media:Delivery:Secrets:0", next)]);
        Assert.Equal(200, (await rotated.Client.SendAsync("GET", link, headers: [("Referer", Referer)])).Status);
        Assert.Equal(403, (await done.Client.SendAsync("GET", link, headers: [("Referer", Referer)])).Status);
    }

    [Fact]
    public async Task NoSecret_DeliveryIsOffAndSaysSo()
    {
        Assert.Contains(api.Server.Logs.Lines, line => line.Contains("delivery by signed links is off", StringComparison.Ordinal));
        (await api.Client.AsAsync("POST", "/v1/links", new { path = "/", seconds = 1 })).Problem(503, "delivery_not_configured");
        (await api.Client.SendAsync("GET", LinkOf("4f9Zk2aB7cD1eF3gH5iJ0"), headers: [("Referer", Referer)])).Problem(503, "delivery_not_configured");
    }

    [Theory]
    [InlineData("Media:Delivery:Secrets:0", "abc")]
    [InlineData("Media:Delivery:Secrets:0", "zz112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef")]
    [InlineData("Media:Delivery:Origins:0", "page.example")]
    [InlineData("Media:Delivery:MaxLifetime", "8.00:00:00")]
    [InlineData("Media:Delivery:PublicBaseUrl", "/media")]
    public async Task Start_WithABadSetting_NamesItAndNotItsValue(string key, string value)
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => api.StartAnotherAsync(settings: (key, value)));
        Assert.Contains(key, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(value, failure.Message, StringComparison.Ordinal);
    }
}
