using System.Net;
using Media.Tests.Support;

namespace Media.AppHost.Tests.Host;

public sealed class DashboardTests(DashboardTests.RunningHost running) : IClassFixture<DashboardTests.RunningHost>
{
    private readonly HostUnderTest _host = running.Host;

    [Fact]
    public async Task Page_AskedByItsOwnName_IsThereWithItsScriptAndStyle()
    {
        using var http = new HttpClient { BaseAddress = _host.Dashboard };

        Assert.Contains("<title>", await http.GetStringAsync(new Uri("/", UriKind.Relative), Cancel), StringComparison.Ordinal);
        foreach (var file in new[] { "dashboard.js", "events.js", "dom.js", "dashboard.css" })
            Assert.NotEmpty(await http.GetStringAsync(new Uri(file, UriKind.Relative), Cancel));
        Assert.Equal("Ready", (await _host.ResourceAsync("postgres", Cancel)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Request_ForAnotherName_IsRefused()
    {
        // A name that an attacker's DNS points at this machine.
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_host.Dashboard, "/api/resources"));
        request.Headers.Host = $"evil.example:{_host.DashboardPort}";

        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(request));
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Forbidden, 0)]
    [InlineData("https://evil.example", HttpStatusCode.Forbidden, 0)]
    [InlineData("own", HttpStatusCode.NoContent, 1)]
    public async Task Restart_FromAnOrigin_IsDoneOnlyForItsOwnPage(string? origin, HttpStatusCode status, int restarts)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_host.Dashboard, "/api/resources/postgres/restart"));
        if (origin is not null)
            request.Headers.Add("Origin", origin == "own" ? _host.Dashboard.GetLeftPart(UriPartial.Authority) : origin);

        var before = (await _host.ResourceAsync("postgres", Cancel)).GetProperty("restarts").GetInt32();
        Assert.Equal(status, await SendAsync(request));
        await Eventually.TrueAsync(
            async () => await _host.ResourceAsync("postgres", Cancel) is var now && now.GetProperty("state").GetString() == "Ready" && now.GetProperty("restarts").GetInt32() == before + restarts,
            cancellationToken: Cancel);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Forbidden)]
    [InlineData("https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("own", HttpStatusCode.BadGateway)]
    public async Task Retry_FromAnOrigin_IsHandedOnOnlyForItsOwnPage(string? origin, HttpStatusCode status)
    {
        // The API is not among what this host starts: whoever is let in gets as far as that.
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_host.Dashboard, "/api/events/dead-letters/1/retry"));
        if (origin is not null)
            request.Headers.Add("Origin", origin == "own" ? _host.Dashboard.GetLeftPart(UriPartial.Authority) : origin);

        Assert.Equal(status, await SendAsync(request));
    }

    [Fact]
    public async Task Events_ApiDoesNotRun_AreSaidToBeUnknown()
    {
        using var http = new HttpClient { BaseAddress = _host.Dashboard };

        Assert.Contains("\"unavailable\"", await http.GetStringAsync(new Uri("/api/events", UriKind.Relative), Cancel), StringComparison.Ordinal);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<HttpStatusCode> SendAsync(HttpRequestMessage request)
    {
        using var http = new HttpClient();
        using var answer = await http.SendAsync(request, Cancel);
        return answer.StatusCode;
    }

    /// <summary>One host for all of them.</summary>
    public sealed class RunningHost : IAsyncLifetime
    {
        internal HostUnderTest Host { get; } = new("postgres");

        /// <inheritdoc />
        public async ValueTask InitializeAsync() => await Host.StartAsync(Cancel);

        /// <inheritdoc />
        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
