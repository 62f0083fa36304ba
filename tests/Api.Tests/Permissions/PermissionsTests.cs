using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Media.Api.Tests.Support;
using Media.Tests.Support;
using static Media.Api.Tests.Support.Samples;

namespace Media.Api.Tests.Permissions;

public sealed class PermissionsTests(ApiFixture api)
{
    [Fact]
    public async Task Grant_RightPassword_TellsUserLimitsAndExpiry()
    {
        var answer = await api.Client.SendAsync("POST", "/v1/permissions", new { password = ApiServer.OtherPassword });
        var json = answer.Ok();
        Assert.Equal(ApiServer.OtherUser, (string?)json["user"]);
        Assert.Equal(["image/*"], json["limits"]!["contentTypes"]!.AsArray().Select(type => (string)type!));
        Assert.Equal(1_000_000, (long)json["limits"]!["maxSize"]!);
        Assert.Equal(2, (long)json["limits"]!["maxFiles"]!);
        Assert.Null(json["limits"]!["maxBytes"]);
        Assert.InRange(DateTimeOffset.Parse((string)json["expiresAt"]!, null) - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(119), TimeSpan.FromMinutes(120));
        Assert.Equal("no-store", answer.Header("Cache-Control"));
    }

    [Fact]
    public async Task Grant_ApiKeyAndNoBody_GivesAPermission()
    {
        var json = (await api.Client.SendAsync("POST", "/v1/permissions", bearer: ApiServer.ApiKey)).Ok();
        Assert.Equal(ApiServer.User, (string?)json["user"]);
        (await api.Client.SendAsync("GET", "/v1/uploads?limit=1", bearer: (string)json["permission"]!)).Ok();
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"password":null}""")]
    [InlineData("""{"password":1}""")]
    [InlineData("""{"passwordKeys":[]}""")]
    [InlineData("""{"passwordKeys":[null]}""")]
    [InlineData("""{"passwordKeys":["AAAA"]}""")]
    [InlineData("""{"passwordKeys":["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]}""")]
    [InlineData("""{"password":"a","passwordKeys":["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]}""")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public async Task Grant_BadBody_IsRefused(string? body) =>
        (await api.Client.SendAsync("POST", "/v1/permissions", body)).Problem(400, "invalid_request");

    [Fact]
    public async Task Grant_KeysMadeOfThePassword_GivesAPermission()
    {
        var keys = await KeysAsync(ApiServer.Password);
        Assert.Equal(ApiServer.User, (string?)(await api.Client.SendAsync("POST", "/v1/permissions", new { passwordKeys = keys })).Ok()["user"]);
        (await api.Client.SendAsync("POST", "/v1/permissions", new { passwordKeys = await KeysAsync("wrong") })).Problem(401, "bad_credentials");
        var stored = keys.Select(key => Convert.ToBase64String(SHA256.HashData(Convert.FromBase64String(key))));
        (await api.Client.SendAsync("POST", "/v1/permissions", new { passwordKeys = stored })).Problem(401, "bad_credentials");

        // As a page does, by what is published alone.
        async Task<string[]> KeysAsync(string password)
        {
            var published = (await api.Client.SendAsync("GET", "/v1/permissions/derivations")).Ok()["derivations"]!.AsArray();
            Assert.All(published, derivation => Assert.Equal("pbkdf2-sha256", (string?)derivation!["scheme"]));
            return [.. published.Select(derivation => Convert.ToBase64String(Rfc2898DeriveBytes.Pbkdf2(
                password, Convert.FromBase64String((string)derivation!["salt"]!), (int)derivation["iterations"]!, HashAlgorithmName.SHA256, 32)))];
        }
    }

    [Fact]
    public async Task Renew_BeforeItExpires_GoesOnWithWhatIsLeftUntilTheEnd()
    {
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var server = await api.StartAnotherAsync(
            time, settings: [("Media:Accounts:1:PermissionLifetime", "00:10:00"), ("Media:Accounts:1:RenewableFor", "00:25:00"), ("Media:Jobs:Concurrency", "0")]);
        var granted = (await server.Client.SendAsync("POST", "/v1/permissions", new { password = ApiServer.OtherPassword })).Ok();
        (await server.Client.SendAsync("POST", "/v1/uploads", Body(10, contentType: "image/png"), Permission(granted))).Ok(201);

        time.Advance(TimeSpan.FromMinutes(9));
        var second = (await server.Client.SendAsync("POST", "/v1/permissions/renew", bearer: Permission(granted))).Ok();
        Assert.Equal(TimeSpan.FromMinutes(9), Time(second, "expiresAt") - Time(granted, "expiresAt"));
        Assert.Equal(Time(granted, "renewableUntil"), Time(second, "renewableUntil"));
        Assert.Equal(granted["limits"]!.ToJsonString(), second["limits"]!.ToJsonString());
        (await server.Client.SendAsync("POST", "/v1/uploads", Body(10, contentType: "image/png"), Permission(second))).Ok(201);
        (await server.Client.SendAsync("POST", "/v1/uploads", Body(10, contentType: "image/png"), Permission(second))).Problem(413, "quota_exceeded");

        time.Advance(TimeSpan.FromMinutes(9));
        (await server.Client.SendAsync("POST", "/v1/permissions/renew", bearer: Permission(granted))).Problem(401, "permission_expired");
        var last = (await server.Client.SendAsync("POST", "/v1/permissions/renew", bearer: Permission(second))).Ok();
        Assert.Equal(Time(granted, "renewableUntil"), Time(last, "expiresAt"));
        time.Advance(TimeSpan.FromMinutes(7));
        (await server.Client.SendAsync("POST", "/v1/permissions/renew", bearer: Permission(last))).Problem(401, "permission_expired");

        static string Permission(JsonNode answer) => (string)answer["permission"]!;
        static DateTimeOffset Time(JsonNode answer, string member) => DateTimeOffset.Parse((string)answer[member]!, null);
    }

    [Fact]
    public async Task Renew_WhatCannotBe_IsRefused()
    {
        (await api.Client.SendAsync("POST", "/v1/permissions/renew")).Problem(401, "permission_missing");
        (await api.Client.SendAsync("POST", "/v1/permissions/renew", bearer: ApiServer.ApiKey)).Problem(403, "not_renewable");
        var permission = await api.Client.PermissionAsync();
        await using var never = await api.StartAnotherAsync(settings: ("Media:Accounts:0:RenewableFor", "00:00:00"));
        (await never.Client.SendAsync("POST", "/v1/permissions/renew", bearer: await never.Client.PermissionAsync())).Problem(403, "not_renewable");
        await using var gone = await api.StartAnotherAsync(settings: ("Media:Accounts:0:User", "somebody else"));
        (await gone.Client.SendAsync("POST", "/v1/permissions/renew", bearer: permission)).Problem(403, "not_renewable");
        (await api.Client.SendAsync("POST", "/v1/permissions/renew", bearer: permission)).Ok();
    }

    [Fact]
    public async Task Grant_WrongTooOften_WaitsWhateverThePassword()
    {
        // Its clock stands still: tries come back with time.
        await using var server = await api.StartAnotherAsync(new ManualTimeProvider(TimeProvider.System.GetUtcNow()), settings: ("Media:Jobs:Concurrency", "0"));
        for (var i = 0; i < 10; i++)
            (await server.Client.SendAsync("POST", "/v1/permissions", new { password = $"guess {i}" })).Problem(401, "bad_credentials");
        foreach (var password in new[] { "guess", ApiServer.Password })
        {
            var refused = await server.Client.SendAsync("POST", "/v1/permissions", new { password });
            refused.Problem(429, "too_many_attempts");
            Assert.InRange(int.Parse(refused.Header("Retry-After")!, null), 1, 6);
        }

        (await server.Client.SendAsync("POST", "/v1/permissions", bearer: "wrong key")).Problem(429, "too_many_attempts");
    }

    [Fact]
    public async Task Grant_RightVeryOften_IsNeverRefused()
    {
        for (var i = 0; i < 30; i++)
            (await api.Client.SendAsync("POST", "/v1/permissions", new { password = ApiServer.Password })).Ok();
    }

    [Fact]
    public async Task Grant_ForwardedByAKnownProxy_CountsTheClientsAddress()
    {
        await using var behind = await api.StartAnotherAsync(settings: ("Media:Api:KnownProxies:0", "127.0.0.1"));
        Assert.Equal(12, await CountWrongAsync(behind));
        await using var open = await api.StartAnotherAsync(new ManualTimeProvider(TimeProvider.System.GetUtcNow()), settings: ("Media:Jobs:Concurrency", "0"));
        Assert.Equal(10, await CountWrongAsync(open));

        static async Task<int> CountWrongAsync(ApiServer server)
        {
            var wrong = 0;
            for (var i = 0; i < 12; i++)
            {
                var answer = await server.Client.SendAsync("POST", "/v1/permissions", new { password = "guess" }, headers: [("X-Forwarded-For", $"192.0.2.{i}")]);
                wrong += answer.Status == 401 ? 1 : 0;
            }

            return wrong;
        }
    }

    [Fact]
    public async Task EveryRoute_NoOrBadPermission_IsUnauthorized()
    {
        var permission = await api.Client.PermissionAsync();
        (string? Bearer, string Code)[] cases = [(null, "permission_missing"), ("nonsense", "permission_invalid"), (permission[..^4], "permission_invalid"), ("A" + permission, "permission_invalid")];
        foreach (var (bearer, code) in cases)
        {
            foreach (var (method, path) in new[] { ("POST", "/v1/uploads"), ("POST", "/v1/uploads:batch"), ("POST", "/v1/uploads:complete"), ("GET", "/v1/uploads"), ("GET", "/v1/uploads/x"), ("DELETE", "/v1/uploads/x") })
            {
                var answer = await api.Client.SendAsync(method, path, method == "POST" ? "not even JSON" : null, bearer);
                answer.Problem(401, code);
                Assert.Equal("Bearer", answer.Header("WWW-Authenticate"));
            }
        }

        (await api.Client.SendAsync("GET", "/v1/uploads", headers: [("Authorization", "Basic YTpi")])).Problem(401, "permission_missing");
    }

    [Fact]
    public async Task EveryRoute_PermissionPastItsTime_IsExpired()
    {
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var server = await api.StartAnotherAsync(time, settings: [("Media:Accounts:0:PermissionLifetime", "00:10:00"), ("Media:Jobs:Concurrency", "0")]);
        var permission = await server.Client.PermissionAsync();
        (await server.Client.SendAsync("GET", "/v1/uploads?limit=1", bearer: permission)).Ok();
        time.Advance(TimeSpan.FromMinutes(10));
        (await server.Client.SendAsync("GET", "/v1/uploads?limit=1", bearer: permission)).Problem(401, "permission_expired");
        Assert.Equal(401, (await server.Client.SendAsync("POST", $"/companion/{permission}/s3/multipart", """{"filename":"a"}""")).Status);
        (await server.Client.SendAsync("GET", "/v1/uploads?limit=1", bearer: ApiServer.ApiKey)).Ok();
    }

    [Fact]
    public async Task SecondProcess_OnTheSameDatabase_TakesTheFirstOnesPermissionAndUpload()
    {
        await using var second = await api.StartAnotherAsync();
        var permission = await api.Client.PermissionAsync();
        var created = await CreateAsync(api.Client);
        var got = (await second.Client.SendAsync("GET", $"/v1/uploads/{created["tag"]}", bearer: permission)).Ok();
        Assert.Equal((string?)created["uploadId"], (string?)got["uploadId"]);
        Assert.Equal(204, (await second.Client.SendAsync("DELETE", $"/v1/uploads/{created["tag"]}", bearer: permission)).Status);
        Assert.Equal("Aborted", (string?)(await api.Client.AsAsync("GET", $"/v1/uploads/{created["tag"]}")).Ok()["state"]);
    }

    [Fact]
    public async Task Limits_OfThePermission_AreKept()
    {
        var client = api.Client;
        (await client.AsUserAsync(ApiServer.OtherPassword, "POST", "/v1/uploads", Body(10))).Problem(403, "content_type_not_allowed");
        (await client.AsUserAsync(ApiServer.OtherPassword, "POST", "/v1/uploads", Body(1_000_001, contentType: "image/png"))).Problem(413, "file_too_large");
        var permission = (string)(await client.SendAsync("POST", "/v1/permissions", new { password = ApiServer.OtherPassword })).Ok()["permission"]!;
        (await client.SendAsync("POST", "/v1/uploads", Body(1_000_000, contentType: "image/png"), permission)).Ok(201);
        (await client.SendAsync("POST", "/v1/uploads", Body(10, contentType: "image/PNG"), permission)).Ok(201);
        (await client.SendAsync("POST", "/v1/uploads", Body(10, contentType: "image/png"), permission)).Problem(413, "quota_exceeded");
    }
}
