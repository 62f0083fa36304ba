using Media.Api.Tests.Support;
using Media.Tests.Support;
using static Media.Api.Tests.Support.Samples;

namespace Media.Api.Tests.Doors.V1;

public sealed class DeadLettersTests(ApiFixture api) : IAsyncLifetime
{
    private const string AdministratorKey = "key-of-an-administrator";
    private readonly PostgresFixture postgres = new();
    private EventReceiver receiver = null!;
    private ApiServer server = null!;
    private int status = 410;

    public async ValueTask InitializeAsync()
    {
        await postgres.InitializeAsync();
        receiver = await EventReceiver.StartAsync(TestContext.Current.CancellationToken);
        receiver.Answer = (_, context) => EventReceiver.AnswerAsync(context, Volatile.Read(ref status));
        server = await ApiServer.StartAsync(postgres.ConnectionString, api.Storage, new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Media:Accounts:2:User"] = "root",
            ["Media:Accounts:2:ApiKey"] = AdministratorKey,
            ["Media:Accounts:2:Password"] = "the administrator's password",
            ["Media:Accounts:2:Administrator"] = "true",
            ["Media:Events:Webhooks:0:Name"] = "billing",
            ["Media:Events:Webhooks:0:Url"] = receiver.Url.ToString(),
            ["Media:Events:Webhooks:0:Secret"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        });
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await receiver.DisposeAsync();
        await postgres.DisposeAsync();
    }

    [Fact]
    public async Task DeadLetter_OfARefusedEvent_IsListedRetriedAndDismissed()
    {
        var tag = (string)(await CreateAsync(server.Client))["tag"]!;
        var second = (string)(await CreateAsync(server.Client))["tag"]!;
        await Eventually.TrueAsync(async () => (await ListAsync()).Count == 2);

        var letter = (await ListAsync()).Single(letter => (string?)letter!["subject"] == tag)!;
        Assert.Equal(("billing", "upload.created", $"{tag}.upload.created"), ((string?)letter["destination"], (string?)letter["type"], (string?)letter["eventId"]));
        Assert.Equal((1, "Answered 410."), ((int)letter["attempts"]!, (string?)letter["lastError"]));
        Assert.InRange(DateTimeOffset.Parse((string)letter["deadSince"]!, null), DateTimeOffset.Parse((string)letter["time"]!, null), TimeProvider.System.GetUtcNow().AddSeconds(5));
        var destination = (await SendAsync("GET", "/v1/events/destinations")).Ok()["destinations"]!.AsArray().Single()!;
        Assert.Equal(("billing", 0, 2, true), ((string?)destination["name"], (int)destination["waiting"]!, (int)destination["dead"]!, (bool)destination["isConfigured"]!));

        status = 204;
        Assert.Equal(204, (await SendAsync("POST", $"/v1/events/dead-letters/{letter["id"]}/retry")).Status);
        await Eventually.TrueAsync(() => receiver.FirstAcceptedOf(tag).Count == 1);
        (await SendAsync("POST", $"/v1/events/dead-letters/{letter["id"]}/retry")).Problem(404, "dead_letter_not_found");

        var other = Assert.Single(await ListAsync())!;
        Assert.Equal(second, (string?)other["subject"]);
        Assert.Equal(204, (await SendAsync("DELETE", $"/v1/events/dead-letters/{other["id"]}")).Status);
        (await SendAsync("DELETE", $"/v1/events/dead-letters/{other["id"]}")).Problem(404, "dead_letter_not_found");
        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task DeadLetters_ByPages_AreEachThereOnce()
    {
        for (var i = 0; i < 3; i++)
            await CreateAsync(server.Client);
        await Eventually.TrueAsync(async () => (await ListAsync()).Count == 3);

        var first = (await SendAsync("GET", "/v1/events/dead-letters?limit=2")).Ok();
        var second = (await SendAsync("GET", $"/v1/events/dead-letters?limit=2&after={first["next"]}")).Ok();

        Assert.Equal((2, 1, null), (first["deadLetters"]!.AsArray().Count, second["deadLetters"]!.AsArray().Count, (string?)second["next"]));
        Assert.Equal(3, first["deadLetters"]!.AsArray().Concat(second["deadLetters"]!.AsArray()).Select(letter => (long)letter!["id"]!).Distinct().Count());
    }

    [Fact]
    public async Task EveryRoute_OthersThanAdministrators_AreTurnedAway()
    {
        foreach (var (method, path) in new[] { ("GET", "/v1/events/destinations"), ("GET", "/v1/events/dead-letters"), ("POST", "/v1/events/dead-letters/1/retry"), ("DELETE", "/v1/events/dead-letters/1") })
        {
            (await server.Client.SendAsync(method, path)).Problem(401, "permission_missing");
            (await server.Client.SendAsync(method, path, bearer: ApiServer.ApiKey)).Problem(403, "administrator_needed");
            (await server.Client.SendAsync(method, path, bearer: await server.Client.PermissionAsync())).Problem(403, "administrator_needed");
        }

        (await server.Client.SendAsync("GET", "/v1/events/destinations", bearer: await server.Client.PermissionAsync("the administrator's password"))).Ok();
    }

    [Theory]
    [InlineData("?limit=0", 400, "invalid_request")]
    [InlineData("?limit=x", 400, "invalid_request")]
    [InlineData("?after=x", 400, "invalid_request")]
    [InlineData("?after=-1", 400, "invalid_request")]
    public async Task List_BadQuery_IsRefused(string query, int expected, string code) =>
        (await SendAsync("GET", "/v1/events/dead-letters" + query)).Problem(expected, code);

    [Theory]
    [InlineData("0")]
    [InlineData("x")]
    [InlineData("99999999999999999999")]
    public async Task Retry_NoSuchNumber_IsNotFound(string id)
    {
        (await SendAsync("POST", $"/v1/events/dead-letters/{id}/retry")).Problem(404, "dead_letter_not_found");
        (await SendAsync("DELETE", $"/v1/events/dead-letters/{id}")).Problem(404, "dead_letter_not_found");
    }

    private Task<Answer> SendAsync(string method, string path) => server.Client.SendAsync(method, path, bearer: AdministratorKey);

    private async Task<System.Text.Json.Nodes.JsonArray> ListAsync() => (await SendAsync("GET", "/v1/events/dead-letters")).Ok()["deadLetters"]!.AsArray();
}
