using System.Net;
using Media.Api.Tests.Support;
using static Media.Api.Tests.Delivery.DeliveryServer;

namespace Media.Api.Tests.Delivery;

[Trait("Category", "S3")]
public sealed class LinksTests(ApiFixture api, DeliveryServer delivery) : IClassFixture<DeliveryServer>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Link_OfAFile_DeliversItAndNothingElse(bool byPath)
    {
        var bytes = Samples.Film(1_000);
        var file = await delivery.UploadAsync(bytes, "Ferien \u00fc (1).mp4");
        var other = await delivery.UploadAsync(Samples.Film(1_000));
        var answer = await delivery.Client.AsAsync("POST", "/v1/links", byPath ? new { path = $"/upload/{file.Tag}/", seconds = 600 } : new { fileId = file.Tag, seconds = 600 });
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        var (url, query) = ((string)answer.Ok()["url"]!, (string)answer.Json["query"]!);
        Assert.StartsWith("/hash/", file.Folder, StringComparison.Ordinal);
        Assert.Equal(new Uri(delivery.Server.Address, $"/media{file.Folder}Ferien%20%C3%BC%20(1).mp4?{query}").OriginalString, url);
        Assert.InRange(DateTimeOffset.Parse((string)answer.Json["expiresAt"]!, null) - TimeProvider.System.GetUtcNow(), TimeSpan.FromSeconds(500), TimeSpan.FromSeconds(600));

        using var got = await delivery.GetAsync(url);
        Assert.Equal(bytes, await got.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal("video/mp4", HeaderOf(got, "Content-Type"));
        Assert.EndsWith("filename*=UTF-8''Ferien%20%C3%BC%20%281%29.mp4", HeaderOf(got, "Content-Disposition"), StringComparison.Ordinal);
        using var elsewhere = await delivery.GetAsync($"/media{other.Folder}film.mp4?{query}");
        Assert.Equal(HttpStatusCode.Forbidden, elsewhere.StatusCode);
    }

    [Fact]
    public async Task Link_OfAnEmptyFile_IsInItsUploadsFolder()
    {
        var file = await delivery.UploadAsync([], "nothing.txt", "text/plain");
        var url = (string)(await delivery.Client.AsAsync("POST", "/v1/links", new { fileId = file.Tag, seconds = 600 })).Ok()["url"]!;
        Assert.StartsWith(new Uri(delivery.Server.Address, $"/media/upload/{file.Tag}/nothing.txt?").OriginalString, url, StringComparison.Ordinal);
        using var got = await delivery.GetAsync(url);
        Assert.Equal((HttpStatusCode.OK, 0L), (got.StatusCode, got.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task Link_OfAThumbnailThatIsNotThere_IsRefused()
    {
        var file = await delivery.UploadAsync(Samples.Film(500));
        (await delivery.Client.AsAsync("POST", "/v1/links", new { fileId = file.Tag, thumbnail = 64, seconds = 1 })).Problem(404, "thumbnail_not_found");
    }

    [Fact]
    public async Task Link_OfADeletedFile_IsRefused()
    {
        var file = await delivery.UploadAsync(Samples.Film(500));
        Assert.Equal(204, (await delivery.Client.AsAsync("DELETE", $"/v1/files/{file.Tag}")).Status);
        (await delivery.Client.AsAsync("POST", "/v1/links", new { fileId = file.Tag, seconds = 1 })).Problem(404, "file_not_found");
        (await delivery.Client.AsAsync("POST", "/v1/links", new { path = $"/upload/{file.Tag}/", seconds = 1 })).Problem(404, "file_not_found");
    }

    [Fact]
    public async Task Link_BadRequest_NamesTheField()
    {
        const string tag = "4f9Zk2aB7cD1eF3gH5iJ0";
        (string Field, object Body)[] cases =
        [
            ("fileId", new { seconds = 1 }),
            ("fileId", new { fileId = 1, seconds = 1 }),
            ("path", new { fileId = tag, path = $"/upload/{tag}/", seconds = 1 }),
            ("thumbnail", new { fileId = tag, thumbnail = "small", seconds = 1 }),
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
        var tag = (await delivery.UploadAsync([1])).Tag;
        (await delivery.Client.SendAsync("POST", "/v1/links", new { path = $"/upload/{tag}/", seconds = 1 })).Problem(401, "permission_missing");
        (await delivery.Client.AsUserAsync(ApiServer.OtherPassword, "POST", "/v1/links", new { path = $"/upload/{tag}/", seconds = 1 })).Problem(403, "not_your_upload");
        (await delivery.Client.AsAsync("POST", "/v1/links", new { path = "/upload/aaaaaaaaaaaaaaaaaaaaa/", seconds = 1 })).Problem(404, "upload_not_found");
        (await delivery.Client.AsAsync("POST", "/v1/links", new { fileId = "aaaaaaaaaaaaaaaaaaaaa", seconds = 1 })).Problem(404, "file_not_found");
        (await delivery.Client.AsAsync("POST", "/v1/links", new { fileId = "../x", seconds = 1 })).Problem(404, "file_not_found");
        (await delivery.Client.AsUserAsync(ApiServer.OtherPassword, "POST", "/v1/links", new { fileId = tag, seconds = 1 })).Problem(403, "not_your_file");
        var unfinished = (string)(await Samples.CreateAsync(delivery.Client))["tag"]!;
        (await delivery.Client.AsAsync("POST", "/v1/links", new { path = $"/upload/{unfinished}/", seconds = 1 })).Problem(409, "wrong_state");
    }

    [Fact]
    public async Task Link_PublicBaseUrlAndMaxLifetime_AreTheSettings()
    {
        await using var server = await api.StartAnotherAsync(settings:
            [("Media:Delivery:Secrets:0", HexSecret), ("Media:Delivery:PublicBaseUrl", "https://cdn.example/"), ("Media:Delivery:MaxLifetime", "00:01:00")]);
        var file = await delivery.UploadAsync([1]);
        var path = $"/upload/{file.Tag}/";
        (await server.Client.AsAsync("POST", "/v1/links", new { path, seconds = 61 })).Problem(400, "invalid_request");
        Assert.StartsWith($"https://cdn.example{file.Folder}film.mp4?path=", (string)(await server.Client.AsAsync("POST", "/v1/links", new { path, seconds = 60 })).Ok()["url"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rotation_PreviousSecretKept_ItsLinksWorkUntilItIsGone()
    {
        const string next = "11112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";
        var link = (await delivery.UploadAsync([1])).Link();
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
