using Amazon.S3.Model;
using Media.Api.Tests.Support;
using static Media.Api.Tests.Support.Samples;

namespace Media.Api.Tests.Doors.V1;

[Trait("Category", "S3")]
public sealed class UploadFlowTests(ApiFixture api)
{
    private ApiClient Client => api.Client;

    [Fact]
    public async Task Upload_PartsPutAndCompleted_HasTheSameBytesInTheBucket()
    {
        var bytes = Bytes((17 * MiB) + 5);
        var answer = await Client.AsAsync("POST", "/v1/uploads", Body(bytes.Length, fileName: "a b.mp4"));
        var created = answer.Ok(201);
        var tag = (string)created["tag"]!;
        Assert.Equal($"/v1/uploads/{tag}", answer.Header("Location"));
        Assert.Equal("created", (string?)created["status"]);
        Assert.Equal("Uploading", (string?)created["state"]);
        Assert.Equal("multipart", (string?)created["plan"]!["strategy"]);
        Assert.Equal(3, (int)created["plan"]!["partCount"]!);
        Assert.Equal($"upload/{tag}", (string?)created["key"]);
        Assert.Empty(created["parts"]!.AsArray());
        Assert.EndsWith("Z", (string)created["createdAt"]!, StringComparison.Ordinal);
        Assert.Null(created["completedAt"]);

        await PutAsync(Client, created, bytes);

        var parts = (await Client.AsAsync("GET", $"/v1/uploads/{tag}/parts")).Ok().AsArray();
        Assert.Equal([1, 2, 3], parts.Select(part => (int)part!["part"]!));
        Assert.Equal(bytes.Length, parts.Sum(part => (long)part!["size"]!));

        var first = await Client.AsAsync("POST", $"/v1/uploads/{tag}/complete", new { parts = parts.Reverse().Select(p => new { part = (int)p!["part"]!, etag = (string)p["etag"]! }) });
        Assert.Equal("Stored", (string?)first.Ok()["state"]);
        var again = (await Client.AsAsync("POST", $"/v1/uploads/{tag}/complete")).Ok();
        Assert.Contains((string?)again["state"], new[] { "Stored", "Verifying", "Verified" });
        foreach (var member in new[] { "tag", "etag", "completedAt", "size" })
            Assert.Equal(first.Json[member]!.ToJsonString(), again[member]!.ToJsonString());

        var verified = await UntilEndedAsync(Client, tag);
        var hashes = await HashAsync(bytes);
        Assert.Equal("Verified", (string?)verified["state"]);
        Assert.Equal((hashes.TipHash, hashes.PieceHash), ((string?)verified["tipHash"], (string?)verified["pieceHash"]));
        Assert.Equal((hashes.TipHash, hashes.PieceHash), ((string?)verified["actual"]!["tipHash"], (string?)verified["actual"]!["pieceHash"]));
        Assert.Equal(tag, (string?)verified["fileId"]);
        Assert.Null(verified["reason"]);
        Assert.False(verified.AsObject().ContainsKey("urls"));
        Assert.False(verified.AsObject().ContainsKey("status"));

        using var stored = await api.Storage.Client.GetObjectAsync(new GetObjectRequest { BucketName = api.Storage.Bucket, Key = $"hash/{hashes.PieceHash}" }, TestContext.Current.CancellationToken);
        var copy = new MemoryStream();
        await stored.ResponseStream.CopyToAsync(copy, TestContext.Current.CancellationToken);
        Assert.Equal(bytes, copy.ToArray());
    }

    [Fact]
    public async Task Upload_OfNoBytes_IsStoredByASinglePut()
    {
        var created = (await Client.AsAsync("POST", "/v1/uploads", Body(0, contentType: "text/plain"))).Ok(201);
        var tag = (string)created["tag"]!;
        Assert.Equal("single", (string?)created["plan"]!["strategy"]);
        Assert.Null(created["uploadId"]);
        var url = Assert.Single(created["urls"]!.AsArray())!;
        (await Client.AsAsync("POST", $"/v1/uploads/{tag}/complete")).Problem(409, "parts_missing");
        await Client.PutAsync((string)url["url"]!, [], url["headers"]);
        var stored = (await Client.AsAsync("POST", $"/v1/uploads/{tag}/complete")).Ok();
        Assert.Equal("Stored", (string?)stored["state"]);
        Assert.NotNull(stored["etag"]);

        // There is nothing to hash: it stays where it is.
        var verified = await UntilEndedAsync(Client, tag);
        Assert.Equal("Verified", (string?)verified["state"]);
        Assert.Null(verified["pieceHash"]);
        Assert.Equal(tag, (string?)verified["fileId"]);
        Assert.Equal(0, (await api.Storage.Client.GetObjectMetadataAsync(api.Storage.Bucket, $"upload/{tag}", TestContext.Current.CancellationToken)).ContentLength);
    }

    [Theory]
    [InlineData(true, "Verified")]
    [InlineData(false, "Mismatched")]
    public async Task Complete_WithAPieceHash_IsHeldToIt(bool isRight, string state)
    {
        var bytes = Bytes(100_000);
        var created = (await Client.AsAsync("POST", "/v1/uploads", Body(bytes.Length))).Ok(201);
        await PutAsync(Client, created, bytes);
        var path = $"/v1/uploads/{created["tag"]}/complete";
        Assert.NotNull((await Client.AsAsync("POST", path, new { pieceHash = "short" })).Problem(400, "invalid_request")["errors"]!["pieceHash"]);

        (await Client.AsAsync("POST", path, new { pieceHash = isRight ? (await HashAsync(bytes)).PieceHash : NewHash() })).Ok();

        var ended = await UntilEndedAsync(Client, (string)created["tag"]!);
        Assert.Equal(state, (string?)ended["state"]);
        Assert.Equal((await HashAsync(bytes)).PieceHash, (string?)ended["actual"]!["pieceHash"]);
    }

    [Fact]
    public async Task Complete_WithAnotherPieceHashThanItWasOpenedWith_IsAConflict()
    {
        var bytes = Bytes(1_000);
        var body = Body(bytes.Length);
        body["pieceHash"] = NewHash();
        var created = (await Client.AsAsync("POST", "/v1/uploads", body)).Ok(201);
        await PutAsync(Client, created, bytes);
        (await Client.AsAsync("POST", $"/v1/uploads/{created["tag"]}/complete", new { pieceHash = NewHash() })).Problem(409, "hash_conflict");
        Assert.Equal("Uploading", (string?)(await Client.AsAsync("GET", $"/v1/uploads/{created["tag"]}")).Ok()["state"]);
    }

    [Fact]
    public async Task Create_SameContentInProgress_ResumesWithThePartsThatAreThere()
    {
        var (hash, client) = (NewHash(), NewClientId());
        var created = (await Client.AsAsync("POST", "/v1/uploads", Body(20 * MiB, hash, client))).Ok(201);
        await Client.PutAsync((string)created["urls"]![0]!["url"]!, Bytes(8 * MiB));
        var resumed = (await Client.AsAsync("POST", "/v1/uploads", Body(20 * MiB, hash, client))).Ok();
        Assert.Equal("resumed", (string?)resumed["status"]);
        Assert.Equal((string?)created["tag"], (string?)resumed["tag"]);
        Assert.Equal(1, (int)Assert.Single(resumed["parts"]!.AsArray())!["part"]!);
        Assert.Equal([2, 3], resumed["urls"]!.AsArray().Select(url => (int)url!["part"]!));

        var locked = (await Client.AsAsync("POST", "/v1/uploads", Body(20 * MiB, hash))).Problem(423, "upload_locked");
        Assert.Equal(client, (string?)locked["holder"]);
        Assert.Equal((string?)created["tag"], (string?)locked["tag"]);
        Assert.NotNull(locked["heldSince"]);
        Assert.NotNull(locked["until"]);
    }

    [Fact]
    public async Task Lease_TakenOver_StopsTheOldHolderAndNotTheNew()
    {
        var (first, second) = (NewClientId(), NewClientId());
        var tag = (string)(await CreateAsync(Client, clientId: first))["tag"]!;
        var path = $"/v1/uploads/{tag}";
        Assert.Equal(1, (int)(await Client.AsAsync("POST", $"{path}/lease", new { clientId = first })).Ok()["epoch"]!);
        (await Client.AsAsync("POST", $"{path}/lease", new { clientId = second })).Problem(423, "upload_locked");
        (await Client.AsAsync("POST", $"{path}/urls", new { parts = new[] { 1 }, clientId = second })).Problem(423, "upload_locked");
        Assert.Equal(2, (int)(await Client.AsAsync("POST", $"{path}/lease", new { clientId = second, takeOver = true })).Ok()["epoch"]!);

        var lost = (await Client.AsAsync("POST", $"{path}/urls", new { parts = new[] { 1 }, clientId = first, epoch = 1 })).Problem(409, "lease_lost");
        Assert.Equal(second, (string?)lost["holder"]);
        (await Client.AsAsync("POST", $"{path}/complete?clientId={first}")).Problem(409, "lease_lost");
        (await Client.AsAsync("DELETE", $"{path}?clientId={first}&epoch=1")).Problem(409, "lease_lost");
        (await Client.AsAsync("POST", $"{path}/urls", new { parts = new[] { 1 }, clientId = second, epoch = 2 })).Ok();

        Assert.Equal(204, (await Client.AsAsync("DELETE", $"{path}/lease?clientId={second}")).Status);
        Assert.Null((await Client.AsAsync("GET", path)).Ok()["lease"]);
    }

    [Fact]
    public async Task Abort_Twice_AnswersTheSameAndEndsTheUpload()
    {
        var tag = (string)(await CreateAsync(Client))["tag"]!;
        Assert.Equal(204, (await Client.AsAsync("DELETE", $"/v1/uploads/{tag}")).Status);
        Assert.Equal(204, (await Client.AsAsync("DELETE", $"/v1/uploads/{tag}")).Status);
        Assert.Equal("Aborted", (string?)(await Client.AsAsync("GET", $"/v1/uploads/{tag}")).Ok()["state"]);
        (await Client.AsAsync("POST", $"/v1/uploads/{tag}/complete")).Problem(409, "wrong_state");
        (await Client.AsAsync("POST", $"/v1/uploads/{tag}/urls", new { from = 1, to = 1 })).Problem(409, "wrong_state");
    }

    [Fact]
    public async Task Complete_PartsAbsentOrChanged_NamesThem()
    {
        var created = await CreateAsync(Client);
        var tag = (string)created["tag"]!;
        var etags = new List<string>();
        foreach (var url in created["urls"]!.AsArray().Take(2))
            etags.Add(await Client.PutAsync((string)url!["url"]!, Bytes(8 * MiB)));
        var missing = (await Client.AsAsync("POST", $"/v1/uploads/{tag}/complete")).Problem(409, "parts_missing");
        Assert.Equal([3], missing["missing"]!.AsArray().Select(n => (int)n!));

        etags.Add(await Client.PutAsync((string)created["urls"]![2]!["url"]!, Bytes(4 * MiB)));
        var named = etags.Select((etag, i) => new { part = i + 1, etag = i == 1 ? "\"00000000000000000000000000000000\"" : etag });
        var changed = (await Client.AsAsync("POST", $"/v1/uploads/{tag}/complete", new { parts = named })).Problem(409, "part_changed");
        Assert.Equal([2], changed["changed"]!.AsArray().Select(n => (int)n!));
    }

    [Fact]
    public async Task EveryRoute_SomebodyElsesUpload_IsForbidden()
    {
        var tag = (string)(await CreateAsync(Client))["tag"]!;
        foreach (var (method, path, body) in Routes(tag))
            (await Client.AsUserAsync(ApiServer.OtherPassword, method, path, body)).Problem(403, "not_your_upload");
    }

    [Theory]
    [InlineData("aaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("short")]
    [InlineData("aaaaaaaaaaaaaaaaaaaa%20")]
    [InlineData("..%2F..%2Fetc")]
    [InlineData("%F0%9F%98%80")]
    public async Task EveryRoute_UnknownTag_IsNotFound(string tag)
    {
        foreach (var (method, path, body) in Routes(tag))
            (await Client.AsAsync(method, path, body)).Problem(404, "upload_not_found");
    }

    [Fact]
    public async Task EveryRoute_ApiKeyAsBearer_IsTheAccountsUser()
    {
        var created = (await Client.SendAsync("POST", "/v1/uploads", Body(5 * MiB), ApiServer.ApiKey)).Ok(201);
        Assert.Equal((string?)created["tag"], (string?)(await Client.AsAsync("GET", $"/v1/uploads/{created["tag"]}")).Ok()["tag"]);
    }

    private static IEnumerable<(string Method, string Path, object? Body)> Routes(string tag) =>
    [
        ("GET", $"/v1/uploads/{tag}", null),
        ("POST", $"/v1/uploads/{tag}/urls", new { from = 1, to = 2 }),
        ("GET", $"/v1/uploads/{tag}/parts", null),
        ("POST", $"/v1/uploads/{tag}/lease", new { clientId = "c" }),
        ("DELETE", $"/v1/uploads/{tag}/lease?clientId=c", null),
        ("POST", $"/v1/uploads/{tag}/complete", null),
        ("POST", $"/v1/uploads/{tag}/challenge", new { }),
        ("DELETE", $"/v1/uploads/{tag}", null),
        ("GET", $"/v1/uploads/{tag}/events", null),
    ];
}
