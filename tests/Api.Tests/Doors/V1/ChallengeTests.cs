using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Amazon.S3.Model;
using Media.Api.Tests.Support;
using Media.Fuji;
using Media.Tests.Support;
using static Media.Api.Tests.Support.Samples;

namespace Media.Api.Tests.Doors.V1;

/// <summary>Whoever has a file that is stored already need not send it; whoever only knows its hash gets nothing.</summary>
[Trait("Category", "S3")]
public sealed class ChallengeTests(ApiFixture api, ChallengeTests.TwoUsers users) : IClassFixture<ChallengeTests.TwoUsers>
{
    private const string Other = "somebody else's password";
    private const int MiB = 1 << 20;

    private ApiClient Client => users.Client;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(100_000, 1)]
    [InlineData(512 * 1024, 1)]
    [InlineData((512 * 1024) + 1, 16)]
    [InlineData((9 * MiB) + 7, 16)]
    public async Task Create_StoredContentOfAnotherUser_IsSparedByTheRightDigest(int size, int ranges)
    {
        var bytes = Bytes(size);
        // Other tests store the single byte 1, and one byte has few others to be.
        if (size == 1)
            bytes[0] = 0xA5;
        await StoreAsync(bytes);
        var opened = (await OpenAsync(bytes, "mine.mp4")).Ok();
        var tag = (string)opened["tag"]!;
        Assert.Equal(("challenge", "Created"), ((string?)opened["status"], (string?)opened["state"]));
        Assert.Empty(opened["urls"]!.AsArray());
        Assert.Null(opened["fileId"]);
        Assert.Equal(52, ((string)opened["challenge"]!["nonce"]!).Length);
        Assert.Equal(ranges, opened["challenge"]!["ranges"]!.AsArray().Count);

        var duplicate = (await AnswerAsync(tag, DigestOf(opened["challenge"]!, bytes))).Ok();
        Assert.Equal(("duplicate", "Duplicate"), ((string?)duplicate["status"], (string?)duplicate["state"]));
        Assert.Equal(tag, (string?)duplicate["fileId"]);
        Assert.Equal((await HashAsync(bytes)).PieceHash, (string?)duplicate["actual"]!["pieceHash"]);
        Assert.Null(duplicate["challenge"]);

        var again = (await AnswerAsync(tag, "A234567A234567A234567A234567A234567A234567A234567AAA")).Ok();
        Assert.Equal("duplicate", (string?)again["status"]);
        Assert.Equal("Duplicate", (string?)(await Client.AsUserAsync(Other, "GET", $"/v1/uploads/{tag}")).Ok()["state"]);
        await AssertNothingUnderAsync($"upload/{tag}");
        // From now on it is the user's own: nothing is asked any more.
        Assert.Equal("duplicate", (string?)(await OpenAsync(bytes, "mine too.mp4")).Ok()["status"]);
    }

    [Fact]
    public async Task Create_StoredContentOfTheSameUser_IsADuplicateAtOnce()
    {
        var bytes = await StoreAsync(Bytes(70_000));
        var opened = (await Client.AsAsync("POST", "/v1/uploads", await BodyAsync(bytes, "again.mp4"))).Ok();
        Assert.Equal(("duplicate", "Duplicate"), ((string?)opened["status"], (string?)opened["state"]));
        Assert.Equal((string?)opened["tag"], (string?)opened["fileId"]);
        Assert.Null(opened["challenge"]);
        await AssertNothingUnderAsync($"upload/{opened["tag"]}");
    }

    [Fact]
    public async Task Create_OwnContentWhoseObjectWasLost_IsUploadedAndThereAgain()
    {
        var bytes = await StoreAsync(Bytes(70_007));
        var key = $"hash/{(await HashAsync(bytes)).PieceHash}";
        await api.Storage.Client.DeleteObjectAsync(api.Storage.Bucket, key, TestContext.Current.CancellationToken);

        var body = await BodyAsync(bytes, "again.mp4");
        var opened = (await Client.AsAsync("POST", "/v1/uploads", body)).Ok();
        Assert.Equal("challenge", (string?)opened["status"]);
        // The right answer cannot be compared with what is not there.
        var digest = DigestOf(opened["challenge"]!, bytes);
        var created = (await Client.AsAsync("POST", $"/v1/uploads/{opened["tag"]}/challenge", new { digest, clientId = (string?)body["clientId"] })).Ok(201);
        await PutAsync(Client, created, bytes);
        (await Client.AsAsync("POST", $"/v1/uploads/{opened["tag"]}/complete", new { clientId = (string?)body["clientId"] })).Ok();

        Assert.Equal("Duplicate", (string?)(await UntilEndedAsync(Client, (string)opened["tag"]!, ApiServer.Password))["state"]);
        using var there = await api.Storage.Client.GetObjectAsync(api.Storage.Bucket, key, TestContext.Current.CancellationToken);
        Assert.Equal(bytes.Length, there.ContentLength);
    }

    [Fact]
    public async Task Answer_Wrong_UploadGoesOnAndThereIsNoSecondTry()
    {
        var bytes = await StoreAsync(Bytes((9 * MiB) + 1));
        var opened = (await OpenAsync(bytes, "mine.mp4")).Ok();
        var tag = (string)opened["tag"]!;
        (await Client.AsUserAsync(Other, "POST", $"/v1/uploads/{tag}/urls", new { parts = new[] { 1 } })).Problem(409, "wrong_state");

        var answer = await AnswerAsync(tag, DigestOf(opened["challenge"]!, new byte[bytes.Length]));
        var created = answer.Ok(201);
        Assert.Equal($"/v1/uploads/{tag}", answer.Header("Location"));
        Assert.Equal(("created", "Uploading"), ((string?)created["status"], (string?)created["state"]));
        Assert.Equal(2, created["urls"]!.AsArray().Count);
        Assert.Null(created["challenge"]);
        Assert.Equal("created", (string?)(await AnswerAsync(tag, DigestOf(opened["challenge"]!, bytes))).Ok(201)["status"]);

        await PutAsync(Client, created, bytes);
        (await Client.AsUserAsync(Other, "POST", $"/v1/uploads/{tag}/complete")).Ok();
        Assert.Equal("Duplicate", (string?)(await UntilEndedAsync(Client, tag, Other))["state"]);
        await AssertNothingUnderAsync($"upload/{tag}");
    }

    [Fact]
    public async Task Answer_WithoutDigest_TurnsTheChallengeDown()
    {
        var bytes = await StoreAsync(Bytes(50_000));
        var opened = (await OpenAsync(bytes, "mine.mp4")).Ok();
        var created = (await Client.AsUserAsync(Other, "POST", $"/v1/uploads/{opened["tag"]}/challenge", new { })).Ok(201);
        Assert.NotEmpty(created["urls"]!.AsArray());
    }

    [Fact]
    public async Task Answer_TooLate_UploadGoesOn()
    {
        var bytes = await StoreAsync(Bytes(50_000));
        await using var hasty = await api.StartAnotherAsync(settings: [.. TwoUsers.Settings, ("Media:Content:ChallengeLifetime", "00:00:01")]);
        var opened = (await hasty.Client.AsUserAsync(Other, "POST", "/v1/uploads", await BodyAsync(bytes, "late.mp4"))).Ok();
        Assert.Equal("challenge", (string?)opened["status"]);
        var lapses = DateTimeOffset.Parse((string)opened["challenge"]!["expiresAt"]!, null);
        await Eventually.TrueAsync(() => TimeProvider.System.GetUtcNow() > lapses);
        var answer = await hasty.Client.AsUserAsync(Other, "POST", $"/v1/uploads/{opened["tag"]}/challenge", new { digest = DigestOf(opened["challenge"]!, bytes) });
        Assert.NotEmpty(answer.Ok(201)["urls"]!.AsArray());
    }

    [Fact]
    public async Task Answer_ThatIsNone_IsRefusedAndMayBeMadeGood()
    {
        var bytes = await StoreAsync(Bytes(50_000));
        var opened = (await OpenAsync(bytes, "mine.mp4")).Ok();
        var path = $"/v1/uploads/{opened["tag"]}/challenge";
        foreach (var body in new object[] { new { digest = "short" }, new { digest = 7 }, new { digest = new string('!', 52) } })
            Assert.NotNull((await Client.AsUserAsync(Other, "POST", path, body)).Problem(400, "invalid_request")["errors"]!["digest"]);
        (await Client.AsUserAsync(Other, "POST", path, "{")).Problem(400, "invalid_request");
        (await Client.AsAsync("POST", path, new { digest = DigestOf(opened["challenge"]!, bytes) })).Problem(403, "not_your_upload");
        (await Client.AsUserAsync(Other, "POST", path, new { digest = DigestOf(opened["challenge"]!, bytes) })).Ok();
    }

    [Fact]
    public async Task Create_OnlyTheTipIsKnown_SaysThatItMayBeThereAndAsksOnceThePieceHashIs()
    {
        var bytes = await StoreAsync(Bytes(80_000));
        var body = await BodyAsync(bytes, "mine.mp4");
        var pieceHash = (string)body["pieceHash"]!;
        body.Remove("pieceHash");
        var created = (await Client.AsUserAsync(Other, "POST", "/v1/uploads", body)).Ok(201);
        Assert.True((bool)created["possibleDuplicate"]!);
        Assert.False((await Client.AsUserAsync(Other, "POST", "/v1/uploads", Body(80_000, NewHash()))).Ok(201).AsObject().ContainsKey("possibleDuplicate"));

        body["pieceHash"] = pieceHash;
        var resumed = (await Client.AsUserAsync(Other, "POST", "/v1/uploads", body)).Ok();
        Assert.Equal(((string?)created["tag"], "challenge"), ((string?)resumed["tag"], (string?)resumed["status"]));
        var duplicate = (await AnswerAsync((string)created["tag"]!, DigestOf(resumed["challenge"]!, bytes), (string)body["clientId"]!)).Ok();
        Assert.Equal("duplicate", (string?)duplicate["status"]);
        await AssertNothingUnderAsync($"upload/{created["tag"]}");
    }

    [Fact]
    public async Task Batch_RowsOfStoredContent_AreChallengesAndDuplicates()
    {
        var (theirs, mine) = (await StoreAsync(Bytes(60_000)), await StoreAsync(Bytes(60_001), Other));
        var rows = new JsonArray(await BodyAsync(theirs, "a.mp4"), await BodyAsync(mine, "b.mp4"), await BodyAsync(Bytes(60_002), "c.mp4"));
        var answers = (await Client.AsUserAsync(Other, "POST", "/v1/uploads:batch", rows.ToJsonString())).Ok().AsArray();
        Assert.Equal(["challenge", "duplicate", "created"], answers.Select(answer => (string)answer!["status"]!));
        Assert.Equal((string?)answers[1]!["tag"], (string?)answers[1]!["fileId"]);
        Assert.Equal("duplicate", (string?)(await AnswerAsync((string)answers[0]!["tag"]!, DigestOf(answers[0]!["challenge"]!, theirs))).Ok()["status"]);
    }

    [Fact]
    public async Task Create_HashesOfStoredContentWithAnotherSize_AreNoMatch()
    {
        var bytes = await StoreAsync(Bytes(50_000));
        var body = await BodyAsync(bytes, "mine.mp4");
        body["size"] = 50_001;
        Assert.Equal("created", (string?)(await Client.AsUserAsync(Other, "POST", "/v1/uploads", body)).Ok(201)["status"]);
    }

    /// <summary>Uploads bytes and waits until they are verified.</summary>
    private async Task<byte[]> StoreAsync(byte[] bytes, string password = ApiServer.Password)
    {
        var upload = await UploadAsync(Client, bytes, password: password);
        Assert.Equal("Verified", (string?)(await UntilEndedAsync(Client, (string)upload["tag"]!, password))["state"]);
        return bytes;
    }

    private async Task<Answer> OpenAsync(byte[] bytes, string fileName) => await Client.AsUserAsync(Other, "POST", "/v1/uploads", await BodyAsync(bytes, fileName));

    private Task<Answer> AnswerAsync(string tag, string digest, string? clientId = null) =>
        Client.AsUserAsync(Other, "POST", $"/v1/uploads/{tag}/challenge", clientId is null ? new { digest } : new { digest, clientId });

    private static async Task<JsonObject> BodyAsync(byte[] bytes, string fileName)
    {
        var hashes = await HashAsync(bytes);
        var body = Body(bytes.Length, hashes.TipHash, fileName: fileName);
        body["pieceHash"] = hashes.PieceHash;
        return body;
    }

    /// <summary>What somebody who has these bytes answers.</summary>
    private static string DigestOf(JsonNode challenge, byte[] bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes((string)challenge["nonce"]!));
        foreach (var range in challenge["ranges"]!.AsArray())
            hash.AppendData(bytes[(int)range!["start"]!..(int)range["end"]!]);
        return Base32.Encode(hash.GetHashAndReset());
    }

    private async Task AssertNothingUnderAsync(string key)
    {
        await Eventually.TrueAsync(async () =>
            (await api.Storage.Client.ListObjectsAsync(api.Storage.Bucket, key, TestContext.Current.CancellationToken)).S3Objects is null or []);
        var pending = await api.Storage.Client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = api.Storage.Bucket, Prefix = key }, TestContext.Current.CancellationToken);
        Assert.Empty(pending.MultipartUploads ?? []);
    }

    /// <summary>An API with a second user who may upload anything.</summary>
    public sealed class TwoUsers(ApiFixture api) : IAsyncLifetime
    {
        private ApiServer? server;

        public static (string Key, string? Value)[] Settings { get; } = [("Media:Accounts:2:User", "somebody-else"), ("Media:Accounts:2:Password", Other)];

        public ApiClient Client => server!.Client;

        public async ValueTask InitializeAsync() => server = await api.StartAnotherAsync(settings: Settings);

        public async ValueTask DisposeAsync()
        {
            if (server is not null)
                await server.DisposeAsync();
        }
    }
}
