using Media.Api.Tests.Support;

namespace Media.Api.Tests.Origins;

public sealed class OriginTests(ApiFixture api)
{
    private static readonly (string, string)[] PreflightHeaders =
        [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,content-type,uppy-auth-token,uppy-versions")];

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("https://page.example.evil.example")]
    [InlineData("http://page.example")]
    [InlineData("https://page.example:8443")]
    [InlineData("https://PAGE.example")]
    [InlineData("null")]
    public async Task Request_FromAnotherOrigin_IsForbiddenWithoutCorsHeaders(string origin)
    {
        var permission = await api.Client.PermissionAsync();
        foreach (var (method, path, headers) in new[]
                 {
                     ("GET", "/v1/uploads", Array.Empty<(string, string)>()), ("POST", "/v1/permissions", []), ("GET", "/health/live", []),
                     ("OPTIONS", "/v1/uploads", PreflightHeaders), ("OPTIONS", $"/companion/{permission}/s3/multipart", PreflightHeaders),
                 })
        {
            var answer = await api.Client.SendAsync(method, path, bearer: permission, origin: origin, headers: headers);
            Assert.Equal(403, answer.Status);
            Assert.Contains("origin", answer.Content, StringComparison.OrdinalIgnoreCase);
            Assert.Null(answer.Header("Access-Control-Allow-Origin"));
            Assert.Equal("Origin", answer.Header("Vary"));
        }
    }

    [Fact]
    public async Task Request_FromTheApisOwnOrigin_IsAllowedInDevelopmentAlone()
    {
        var own = api.Server.Address.GetLeftPart(UriPartial.Authority);
        (await api.Client.SendAsync("GET", "/health/live", origin: own)).Problem(403, "origin_not_allowed");
        await using var server = await api.StartAnotherAsync(environment: "Development");
        (await server.Client.SendAsync("GET", "/health/live", origin: server.Address.GetLeftPart(UriPartial.Authority))).Ok();
        (await server.Client.SendAsync("GET", "/health/live", origin: own)).Problem(403, "origin_not_allowed");
    }

    [Fact]
    public async Task Answer_ToAnAllowedOrigin_CanBeReadOnSuccessAndErrorAlike()
    {
        var permission = await api.Client.PermissionAsync();
        foreach (var (status, method, path, bearer) in new (int, string, string, string?)[]
                 {
                     (200, "GET", "/v1/uploads?limit=1", permission), (401, "GET", "/v1/uploads", null), (404, "GET", "/v1/nothing", permission),
                     (405, "PUT", "/v1/uploads", permission), (400, "POST", "/v1/uploads", permission), (401, "POST", "/companion/x/s3/multipart", null),
                 })
        {
            var answer = await api.Client.SendAsync(method, path, bearer: bearer, origin: ApiServer.Origin);
            Assert.Equal(status, answer.Status);
            Assert.Equal(ApiServer.Origin, answer.Header("Access-Control-Allow-Origin"));
            Assert.Equal("Origin", answer.Header("Vary"));
            Assert.Contains("ETag", answer.Header("Access-Control-Expose-Headers")!.Split(", "));
            Assert.Contains("Retry-After", answer.Header("Access-Control-Expose-Headers")!.Split(", "));
            Assert.Contains("Location", answer.Header("Access-Control-Expose-Headers")!.Split(", "));
            Assert.Null(answer.Header("Access-Control-Allow-Credentials"));
        }
    }

    [Fact]
    public async Task Preflight_FromAnAllowedOrigin_AllowsWhatClientsSend()
    {
        foreach (var path in new[] { "/v1/uploads", "/v1/uploads/x/complete", "/companion/x/s3/multipart/y/complete?key=z" })
        {
            var answer = await api.Client.SendAsync("OPTIONS", path, origin: ApiServer.Origin, headers: PreflightHeaders);
            Assert.Equal(204, answer.Status);
            Assert.Equal(ApiServer.Origin, answer.Header("Access-Control-Allow-Origin"));
            var allowed = answer.Header("Access-Control-Allow-Headers")!.ToLowerInvariant().Split(", ");
            Assert.Superset(new HashSet<string> { "authorization", "content-type", "last-event-id", "uppy-auth-token", "uppy-versions" }, allowed.ToHashSet());
            Assert.Superset(new HashSet<string> { "GET", "POST", "PUT", "DELETE" }, answer.Header("Access-Control-Allow-Methods")!.Split(", ").ToHashSet());
            Assert.InRange(int.Parse(answer.Header("Access-Control-Max-Age")!, null), 600, 86_400);
        }
    }

    [Fact]
    public async Task Request_WithoutOrigin_HasNoCorsHeaders()
    {
        var answer = await api.Client.SendAsync("GET", "/health/live");
        Assert.Equal(200, answer.Status);
        Assert.Null(answer.Header("Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("page.example")]
    [InlineData("https://page.example/path")]
    [InlineData("*")]
    [InlineData("ftp://page.example")]
    public async Task Start_WithABadOrigin_NamesTheSetting(string origin)
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => api.StartAnotherAsync(settings: ("Media:Origins:1", origin)));
        Assert.Contains("Media:Origins:1", failure.Message, StringComparison.Ordinal);
    }
}
