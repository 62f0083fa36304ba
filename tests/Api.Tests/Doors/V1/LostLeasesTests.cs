using System.Text.Json.Nodes;
using Media.Api.Tests.Support;
using Media.Tests.Support;
using static Media.Api.Tests.Support.Samples;

namespace Media.Api.Tests.Doors.V1;

public sealed class LostLeasesTests(ApiFixture api)
{
    private ApiClient Client => api.Client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lost_TakenOverThroughAnotherServer_IsToldAtOnce()
    {
        var (first, second) = (NewClientId(), NewClientId());
        var tag = (string)(await CreateAsync(Client, clientId: first))["tag"]!;
        using var stream = await OpenAsync(first, await Client.PermissionAsync());
        using var reader = await ReaderAsync(stream);
        await using var another = await api.StartAnotherAsync();

        // Its own heartbeat, and a try that is turned down, are no news.
        (await Client.AsAsync("POST", $"/v1/uploads/{tag}/lease", new { clientId = first })).Ok();
        (await another.Client.AsAsync("POST", $"/v1/uploads/{tag}/lease", new { clientId = second })).Problem(423, "upload_locked");
        (await another.Client.AsAsync("POST", $"/v1/uploads/{tag}/lease", new { clientId = second, takeOver = true })).Ok();

        var told = await NextAsync(reader);
        Assert.Equal(tag, (string?)told["tag"]);
        Assert.Equal(second, (string?)told["lease"]!["clientId"]);
        Assert.Equal(2, (int)told["lease"]!["epoch"]!);
    }

    [Fact]
    public async Task Lost_OfAnotherUser_IsNotTold()
    {
        // Both call themselves by the same name.
        var (shared, taker) = (NewClientId(), NewClientId());
        var mine = (string)(await CreateAsync(Client, clientId: shared))["tag"]!;
        await using var another = await api.StartAnotherAsync();
        var picture = Body(10, clientId: shared, contentType: "image/png");
        var theirs = (string)(await another.Client.AsUserAsync(ApiServer.OtherPassword, "POST", "/v1/uploads", picture)).Ok(201)["tag"]!;
        using var stream = await OpenAsync(shared, await Client.PermissionAsync());
        using var reader = await ReaderAsync(stream);

        (await another.Client.AsUserAsync(ApiServer.OtherPassword, "POST", $"/v1/uploads/{theirs}/lease", new { clientId = taker, takeOver = true })).Ok();
        (await Client.AsAsync("POST", $"/v1/uploads/{mine}/lease", new { clientId = taker, takeOver = true })).Ok();

        Assert.Equal(mine, (string?)(await NextAsync(reader))["tag"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?clientId=")]
    [InlineData("?clientId=a%20b")]
    public async Task Stream_WithoutAClient_IsRefused(string query) =>
        (await Client.AsAsync("GET", "/v1/leases/events" + query)).Problem(400, "invalid_request");

    [Fact]
    public async Task Stream_WithoutAPermission_IsRefused() => (await Client.SendAsync("GET", "/v1/leases/events?clientId=a")).Problem(401, "permission_missing");

    private async Task<HttpResponseMessage> OpenAsync(string clientId, string permission)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/leases/events?clientId={clientId}");
        request.Headers.Authorization = new("Bearer", permission);
        return await Client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
    }

    private static async Task<StreamReader> ReaderAsync(HttpResponseMessage stream)
    {
        Assert.Equal("text/event-stream", stream.Content.Headers.ContentType?.MediaType);
        var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(Token));
        // Said once it listens.
        Assert.Equal(": keep-alive", await reader.ReadLineAsync(Token));
        return reader;
    }

    private static async Task<JsonNode> NextAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync(Token).AsTask().WaitAsync(Eventually.DefaultTimeout, Token) is { } line)
        {
            if (line == "event: lost")
                return JsonNode.Parse((await reader.ReadLineAsync(Token))!["data: ".Length..])!;
        }

        throw new InvalidOperationException("The stream ended.");
    }
}
