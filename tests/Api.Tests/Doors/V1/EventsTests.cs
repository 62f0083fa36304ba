using Media.Api.Tests.Support;
using Media.Tests.Support;
using static Media.Api.Tests.Support.Samples;

namespace Media.Api.Tests.Doors.V1;

public sealed class EventsTests(ApiFixture api)
{
    private ApiClient Client => api.Client;

    [Fact]
    public async Task Events_UntilAborted_TellEveryChangeAndEnd()
    {
        var tag = (string)(await CreateAsync(Client))["tag"]!;
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/uploads/{tag}/events");
        request.Headers.Authorization = new("Bearer", await Client.PermissionAsync());
        using var response = await Client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.Equal(("1", "Created"), await NextAsync(reader, tag));
        Assert.Equal(("2", "Uploading"), await NextAsync(reader, tag));

        // The stream is open and waits: what follows has to reach it by itself.
        Assert.Equal(204, (await Client.AsAsync("DELETE", $"/v1/uploads/{tag}")).Status);
        Assert.Equal(("3", "Aborted"), await NextAsync(reader, tag));
        Assert.Null(await reader.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Events_AfterAnId_TellOnlyWhatFollowed()
    {
        var tag = (string)(await CreateAsync(Client))["tag"]!;
        await Client.AsAsync("DELETE", $"/v1/uploads/{tag}");
        var permission = await Client.PermissionAsync();
        var byHeader = await Client.SendAsync("GET", $"/v1/uploads/{tag}/events", bearer: permission, headers: [("Last-Event-ID", "2")]);
        Assert.Single(byHeader.Content.Split("\n\n", StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("id: 3\n", byHeader.Content, StringComparison.Ordinal);
        var byQuery = await Client.SendAsync("GET", $"/v1/uploads/{tag}/events?lastEventId=1", bearer: permission);
        Assert.Equal(2, byQuery.Content.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Length);
        var nonsense = await Client.SendAsync("GET", $"/v1/uploads/{tag}/events", bearer: permission, headers: [("Last-Event-ID", "nonsense")]);
        Assert.Equal(3, nonsense.Content.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Theory]
    [InlineData(0, new[] { "Created", "Completing", "Stored", "Verifying", "Verified" })]
    [InlineData(300_000, new[] { "Created", "Uploading", "Completing", "Stored", "Verifying", "Verified" })]
    public async Task Events_OpenSinceBeforeItWasStored_GoOnToTheEndOfVerification(int size, string[] states)
    {
        var bytes = Bytes(size);
        var created = (await Client.AsAsync("POST", "/v1/uploads", Body(size))).Ok(201);
        var tag = (string)created["tag"]!;
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/uploads/{tag}/events");
        request.Headers.Authorization = new("Bearer", await Client.PermissionAsync());
        using var response = await Client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await PutAsync(Client, created, bytes);
        (await Client.AsAsync("POST", $"/v1/uploads/{tag}/complete")).Ok();

        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        for (var i = 0; i < states.Length; i++)
            Assert.Equal(($"{i + 1}", states[i]), await NextAsync(reader, tag));
        Assert.Null(await reader.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Events_ServerStops_DoesNotHoldItUp()
    {
        var server = await api.StartAnotherAsync(settings: ("Media:Jobs:Concurrency", "0"));
        var tag = (string)(await CreateAsync(server.Client))["tag"]!;
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/uploads/{tag}/events");
        request.Headers.Authorization = new("Bearer", await server.Client.PermissionAsync());
        using var http = new HttpClient { BaseAddress = server.Address };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        // Less than what a host waits for requests that go on.
        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(25), TestContext.Current.CancellationToken);
    }

    private static async Task<(string Id, string State)> NextAsync(StreamReader reader, string tag)
    {
        var lines = new List<string>();
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Eventually.DefaultTimeout) is { } line)
        {
            if (line.Length > 0 && line[0] != ':')
                lines.Add(line);
            else if (lines is ["event: progress", ..])
                lines.Clear();
            else if (lines.Count > 0)
                break;
        }

        Assert.Equal("event: state", lines[0]);
        var data = System.Text.Json.Nodes.JsonNode.Parse(lines[2]["data: ".Length..])!;
        Assert.Equal(tag, (string?)data["tag"]);
        Assert.Equal(lines[1], $"id: {(int)data["sequence"]!}");
        Assert.NotNull(data["at"]);
        return (lines[1]["id: ".Length..], (string)data["state"]!);
    }
}
