using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Media.Api.Tests.Support;
using static Media.Api.Tests.Support.Samples;

namespace Media.Api.Tests.Doors.V1;

/// <summary>What spares small files a round trip, and what has the store check large ones.</summary>
[Trait("Category", "S3")]
public sealed class FormsAndChecksumsTests(ApiFixture api)
{
    private ApiClient Client => api.Client;

    [Theory]
    [InlineData(20_000)]
    [InlineData((int)(8 * MiB))]
    public async Task Form_AskedFor_TakesTheWholeFile(int size)
    {
        var bytes = Bytes(size);
        var created = (await Client.AsAsync("POST", "/v1/uploads", With(Body(size), "form", true))).Ok(201);
        Assert.Equal("single", (string?)created["plan"]!["strategy"]);
        Assert.Empty(created["urls"]!.AsArray());

        Assert.Equal(201, await Client.PostAsync(created["form"]!, bytes));
        (await Client.AsAsync("POST", $"/v1/uploads/{created["tag"]}/complete")).Ok();

        var ended = await UntilEndedAsync(Client, (string)created["tag"]!);
        Assert.Equal("Verified", (string?)ended["state"]);
        Assert.Equal((await HashAsync(bytes)).PieceHash, (string?)ended["actual"]!["pieceHash"]);
    }

    [Theory]
    [InlineData(8 * MiB, true, "single")]
    [InlineData((8 * MiB) + 1, true, "multipart")]
    [InlineData(8 * MiB, false, "multipart")]
    public async Task Form_AroundItsLargestSize_IsThereOrUrlsAre(long size, bool form, string strategy)
    {
        var created = (await Client.AsAsync("POST", "/v1/uploads", With(Body(size), "form", form))).Ok(201);

        Assert.Equal(strategy, (string?)created["plan"]!["strategy"]);
        Assert.Equal(strategy == "single", created.AsObject().ContainsKey("form"));
        Assert.Equal(strategy == "single", created["urls"]!.AsArray().Count == 0);
    }

    [Fact]
    public async Task Form_OfABatch_AndAnother()
    {
        var rows = new JsonArray(With(Body(10), "form", true), Body(10));
        var answers = (await Client.AsAsync("POST", "/v1/uploads:batch", rows)).Ok().AsArray();
        Assert.NotNull(answers[0]!["form"]);
        Assert.Null(answers[1]!["form"]);

        var tag = (string)answers[0]!["tag"]!;
        var again = await Client.AsAsync("POST", $"/v1/uploads/{tag}/form", new { clientId = (string)rows[0]!["clientId"]! });
        Assert.Equal("no-store", again.Header("Cache-Control"));
        Assert.Equal(400, await Client.PostAsync(again.Ok(), Bytes(11)));
        Assert.Equal(201, await Client.PostAsync(again.Json, Bytes(10)));
        (await Client.AsAsync("POST", $"/v1/uploads/{tag}/form", new { clientId = NewClientId() })).Problem(423, "upload_locked");
        (await Client.AsAsync("POST", $"/v1/uploads/{answers[1]!["tag"]}/form", new { })).Problem(409, "wrong_state");
    }

    [Fact]
    [Trait("Needs", "Checksums")]
    public async Task Checksums_AskedFor_AreSignedWithEachPart()
    {
        var bytes = Bytes((10 * MiB) + 3);
        var created = (await Client.AsAsync("POST", "/v1/uploads", With(Body(bytes.Length), "checksum", "sha256"))).Ok(201);
        Assert.Equal("sha256", (string?)created["plan"]!["checksum"]);
        Assert.Empty(created["urls"]!.AsArray());
        var tag = (string)created["tag"]!;
        var partSize = (int)created["plan"]!["partSize"]!;
        byte[][] parts = [bytes[..partSize], bytes[partSize..]];
        var sums = Array.ConvertAll(parts, part => Convert.ToBase64String(SHA256.HashData(part)));

        var urls = (await Client.AsAsync("POST", $"/v1/uploads/{tag}/urls", new JsonObject { ["checksums"] = new JsonObject { ["2"] = sums[1], ["1"] = sums[0] } })).Ok().AsArray();
        foreach (var url in urls)
        {
            var part = (int)url!["part"]!;
            Assert.Equal(sums[part - 1], (string?)url["headers"]!["x-amz-checksum-sha256"]);
            await Client.PutAsync((string)url["url"]!, parts[part - 1], url["headers"]);
        }

        var stored = (await Client.AsAsync("GET", $"/v1/uploads/{tag}/parts")).Ok().AsArray();
        Assert.Equal(sums, stored.Select(part => (string?)part!["checksum"]));
        (await Client.AsAsync("POST", $"/v1/uploads/{tag}/complete")).Ok();
        Assert.Equal("Verified", (string?)(await UntilEndedAsync(Client, tag))["state"]);
    }

    [Theory]
    [InlineData("""{"checksums":{}}""", "invalid_request")]
    [InlineData("""{"checksums":{"1":""}}""", "invalid_request")]
    [InlineData("""{"checksums":{"1":null}}""", "invalid_request")]
    [InlineData("""{"checksums":{"1":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="}}""", "invalid_request")]
    [InlineData("""{"checksums":{"1":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA = "}}""", "invalid_request")]
    [InlineData("""{"checksums":{"1":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},"parts":[1]}""", "invalid_request")]
    [InlineData("""{"checksums":{"one":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}""", "invalid_part")]
    [InlineData("""{"checksums":{"0":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}""", "invalid_part")]
    [InlineData("""{"checksums":{"3":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}""", "invalid_part")]
    [InlineData("""{"parts":[1]}""", "invalid_request")]
    [Trait("Needs", "Checksums")]
    public async Task Checksums_ThatAreNone_AreRefused(string body, string code)
    {
        var created = (await Client.AsAsync("POST", "/v1/uploads", With(Body(10 * MiB), "checksum", "sha256"))).Ok(201);

        (await Client.AsAsync("POST", $"/v1/uploads/{created["tag"]}/urls", body)).Problem(400, code);
    }

    [Theory]
    [InlineData(64 * MiB, "sha256")]
    [InlineData(68 * MiB, null)]
    [Trait("Needs", "Checksums")]
    public async Task Checksums_AroundTheLargestPartThatHasOne_AreAgreedToOrNot(long partSize, string? expected)
    {
        var body = With(With(Body(200 * MiB), "checksum", "sha256"), "partSize", partSize);
        var created = (await Client.AsAsync("POST", "/v1/uploads", body)).Ok(201);

        Assert.Equal(expected, (string?)created["plan"]!["checksum"]);
        Assert.Equal(expected is null, created["urls"]!.AsArray().Count > 0);
    }

    [Fact]
    public async Task Checksum_OfAnotherKind_IsRefused()
    {
        (await Client.AsAsync("POST", "/v1/uploads", With(Body(10 * MiB), "checksum", "md5"))).Problem(400, "invalid_request");
        var answers = (await Client.AsAsync("POST", "/v1/uploads:batch", new JsonArray(With(Body(10 * MiB), "checksum", "md5"), Body(10)))).Ok().AsArray();
        Assert.Equal("failed", (string?)answers[0]!["status"]);
        Assert.Equal("created", (string?)answers[1]!["status"]);
    }

    private static JsonObject With(JsonObject body, string name, JsonNode value)
    {
        body[name] = value;
        return body;
    }
}
