using Media.Api.Tests.Support;
using Media.Tests.Support;

namespace Media.Api.Tests.Hosting;

public sealed class PageTests(ApiFixture api)
{
    [Fact]
    public async Task Page_Built_IsServedWithItsPolicyAndCaching()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.FullName, "assets"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "index.html"), "<!doctype html><title>Media</title>", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "assets", "app-1a2b.js"), "1", TestContext.Current.CancellationToken);
        await using var server = await api.StartAnotherAsync(settings: ("Media:Api:WebRoot", folder.FullName));

        var page = await server.Client.SendAsync("GET", "/");
        Assert.Equal((200, "text/html"), (page.Status, page.ContentType));
        Assert.Equal("no-cache", page.Header("Cache-Control"));
        var policy = page.Header("Content-Security-Policy")!;
        Assert.Contains($"connect-src 'self' {api.Storage.Endpoint.GetLeftPart(UriPartial.Authority)};", policy, StringComparison.Ordinal);
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("img-src 'self' data: blob:;", policy, StringComparison.Ordinal);
        Assert.Contains("worker-src 'self';", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", page.Header("X-Content-Type-Options"));
        Assert.Equal("strict-origin", page.Header("Referrer-Policy"));

        var script = await server.Client.SendAsync("GET", "/assets/app-1a2b.js");
        Assert.Equal("text/javascript", script.ContentType);
        Assert.Contains("immutable", script.Header("Cache-Control")!, StringComparison.Ordinal);
        (await server.Client.SendAsync("GET", "/assets/nothing.js")).Problem(404, "not_found");
        (await server.Client.SendAsync("GET", "/v1/nothing")).Problem(404, "not_found");
        (await server.Client.SendAsync("GET", "/..%2f..%2fetc%2fpasswd")).Problem(404, "not_found");
        Assert.Equal("no-referrer", (await server.Client.SendAsync("GET", "/health/live")).Header("Referrer-Policy"));
    }

    [Fact]
    public async Task Page_DeliveryElsewhere_MayShowWhatIsThere()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "index.html"), "<!doctype html><title>Media</title>", TestContext.Current.CancellationToken);
        await using var server = await api.StartAnotherAsync(
            settings: [("Media:Api:WebRoot", folder.FullName), ("Media:Delivery:PublicBaseUrl", "https://cdn.example:8443/under/")]);

        var policy = (await server.Client.SendAsync("GET", "/")).Header("Content-Security-Policy")!;

        Assert.Contains("img-src 'self' data: blob: https://cdn.example:8443;", policy, StringComparison.Ordinal);
        Assert.Contains("media-src 'self' blob: https://cdn.example:8443;", policy, StringComparison.Ordinal);
    }
}
