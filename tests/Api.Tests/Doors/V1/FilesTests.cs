using System.Text.Json.Nodes;
using Media.Api.Tests.Support;
using Media.Tests.Support;
using static Media.Api.Tests.Support.Samples;

namespace Media.Api.Tests.Doors.V1;

[Trait("Category", "S3")]
public sealed class FilesTests(ApiFixture api) : IAsyncLifetime
{
    private const string AdministratorPassword = "who looks after it all";
    private ApiServer server = null!;

    private ApiClient Client => server.Client;

    public async ValueTask InitializeAsync() => server = await api.StartAnotherAsync(settings:
    [
        ("Media:Accounts:2:User", "root"), ("Media:Accounts:2:Password", AdministratorPassword), ("Media:Accounts:2:Administrator", "true"),
        ("Media:Accounts:1:Limits:MaxFiles", "1000"),
    ]);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Get_VerifiedUpload_TellsWhatItIs()
    {
        var bytes = Film(5_000);
        var first = await FileAsync(Client, bytes, "C:\\Films\\a.mp4", "image/png");
        var second = await FileAsync(Client, bytes, "b.mp4");

        Assert.Equal(("a.mp4", "C:\\Films\\a.mp4", ApiServer.User), ((string)first["fileName"]!, (string)first["originalFileName"]!, (string)first["user"]!));
        Assert.Equal(("image/png", "video/mp4", true), ((string)first["contentType"]!, (string)first["detectedType"]!, (bool)first["typeMismatch"]!));
        Assert.Equal(("video/mp4", "video/mp4", false), ((string)second["contentType"]!, (string)second["detectedType"]!, (bool)second["typeMismatch"]!));
        Assert.Equal(5_000, (long)first["size"]!);
        Assert.Equal((false, true), ((bool)first["duplicate"]!, (bool)second["duplicate"]!));
        Assert.Equal(52, ((string)first["pieceHash"]!).Length);
        Assert.Equal((string?)first["pieceHash"], (string?)second["pieceHash"]);
        Assert.Equal((string?)first["tipHash"], (string?)second["tipHash"]);
        Assert.Equal((string?)first["etag"], (string?)second["etag"]);
        Assert.StartsWith("\"", (string)first["etag"]!, StringComparison.Ordinal);
        Assert.Null(first["versionId"]);
        Assert.NotNull(first["thumbnails"]!.AsArray());
        foreach (var time in new[] { "createdAt", "storedAt", "filedAt" })
            Assert.InRange(DateTimeOffset.Parse((string)first[time]!, null), TimeProvider.System.GetUtcNow().AddMinutes(-5), TimeProvider.System.GetUtcNow().AddMinutes(5));
    }

    [Fact]
    public async Task Get_NameWithANul_IsFiledWithoutIt()
    {
        var (bytes, empty) = (Film(5_001), Array.Empty<byte>());

        foreach (var content in new[] { bytes, bytes, empty })
            Assert.Equal("a\uFFFDb.mp4", (string?)(await FileAsync(Client, content, "a\0b.mp4"))["originalFileName"]);
    }

    [Fact]
    public async Task List_Filters_AreForOnesOwnFiles()
    {
        var mark = NewHash()[..12];
        var film = await FileAsync(Client, Film(900), $"Film {mark}.mp4");
        var text = await FileAsync(Client, Bytes(700), $"notes {mark}.txt", "text/plain");
        var foreign = await FileAsync(Client, Film(800), $"theirs {mark}.mp4", "image/png", ApiServer.OtherPassword);

        Assert.Equal([Id(text), Id(film)], await ListAsync($"name={mark.ToLowerInvariant()}"));
        Assert.Equal([Id(film)], await ListAsync($"name={mark}&type=video/*"));
        Assert.Equal([Id(film)], await ListAsync($"name={mark}&type=VIDEO/MP4"));
        Assert.Equal([Id(text)], await ListAsync($"name=NOTES%20{mark}"));
        Assert.Equal([Id(film)], await ListAsync($"hash={film["pieceHash"]}"));
        Assert.Equal([Id(text)], await ListAsync($"hash={text["tipHash"]}&name=&type=&user={ApiServer.User}"));
        Assert.Empty(await ListAsync($"hash={foreign["pieceHash"]}"));
    }

    [Fact]
    public async Task List_Pages_EachOnce()
    {
        var mark = NewHash()[..12];
        var ids = new List<string>();
        for (var number = 0; number < 3; number++)
            ids.Add(Id(await FileAsync(Client, Bytes(100), $"{mark} {number}.bin", "")));

        var first = (await Client.AsAsync("GET", $"/v1/files?name={mark}&limit=2")).Ok();
        Assert.Equal([ids[2], ids[1]], first["files"]!.AsArray().Select(file => Id(file!)));
        var second = (await Client.AsAsync("GET", $"/v1/files?name={mark}&limit=2&after={first["next"]}")).Ok();
        Assert.Equal([ids[0]], second["files"]!.AsArray().Select(file => Id(file!)));
        Assert.Null(second["next"]);
    }

    [Fact]
    public async Task Files_OfOthers_AreForAdministratorsToSee()
    {
        var mark = NewHash()[..12];
        var (own, foreign) = (await FileAsync(Client, Film(900), $"{mark}.mp4"), await FileAsync(Client, Film(800), $"{mark}.mp4", "image/png", ApiServer.OtherPassword));

        (await Client.AsAsync("GET", $"/v1/files/{Id(foreign)}")).Problem(403, "not_your_file");
        (await Client.AsAsync("DELETE", $"/v1/files/{Id(foreign)}")).Problem(403, "not_your_file");
        (await Client.AsAsync("GET", $"/v1/files?user={ApiServer.OtherUser}")).Problem(403, "administrator_needed");

        Assert.Equal([Id(foreign), Id(own)], await ListAsync($"name={mark}", AdministratorPassword));
        Assert.Equal([Id(own)], await ListAsync($"name={mark}&user={ApiServer.User}", AdministratorPassword));
        Assert.Equal(ApiServer.OtherUser, (string?)(await Client.AsUserAsync(AdministratorPassword, "GET", $"/v1/files/{Id(foreign)}")).Ok()["user"]);
        (await Client.AsUserAsync(AdministratorPassword, "DELETE", $"/v1/files/{Id(foreign)}")).Problem(403, "not_your_file");
    }

    [Theory]
    [InlineData(300)]
    [InlineData(0)]
    public async Task Delete_OwnFile_IsGoneAndSoAreItsBytesAfterTheGrace(int size)
    {
        await using var graceless = await api.StartAnotherAsync(settings: ("Media:Content:DeletionGrace", "00:00:00"));
        var file = await FileAsync(graceless.Client, Bytes(size));
        var key = size == 0 ? $"upload/{Id(file)}" : $"hash/{file["pieceHash"]}";
        Assert.NotNull(await api.Storage.Client.GetObjectMetadataAsync(api.Storage.Bucket, key, TestContext.Current.CancellationToken));

        Assert.Equal(204, (await graceless.Client.AsAsync("DELETE", $"/v1/files/{Id(file)}")).Status);

        (await graceless.Client.AsAsync("DELETE", $"/v1/files/{Id(file)}")).Problem(404, "file_not_found");
        (await graceless.Client.AsAsync("GET", $"/v1/files/{Id(file)}")).Problem(404, "file_not_found");
        // Other servers on this database may have the job first, and wait for a grace of their own.
        if (size > 0)
            return;
        await Eventually.TrueAsync(
            async () => (await api.Storage.Client.ListObjectsV2Async(new() { BucketName = api.Storage.Bucket, Prefix = key }, TestContext.Current.CancellationToken)).KeyCount == 0,
            TimeSpan.FromSeconds(60),
            TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Contents_AreAskedForByTipAndDecidedByPiece()
    {
        var file = await FileAsync(Client, Bytes(1_234), contentType: "");
        var (tip, piece) = ((string)file["tipHash"]!, (string)file["pieceHash"]!);

        Assert.Equal("possible", await StatusAsync($"size=1234&tipHash={tip}"));
        Assert.Equal("stored", await StatusAsync($"size=1234&tipHash={tip}&pieceHash={piece}"));
        Assert.Equal("unknown", await StatusAsync($"size=1234&tipHash={tip}&pieceHash={NewHash()}"));
        Assert.Equal("unknown", await StatusAsync($"size=1235&tipHash={tip}&pieceHash={piece}"));
        Assert.Equal("unknown", await StatusAsync($"size=1234&tipHash={NewHash()}"));
    }

    [Theory]
    [InlineData("/v1/files?limit=0", "limit")]
    [InlineData("/v1/files?limit=1001", "limit")]
    [InlineData("/v1/files?limit=x", "limit")]
    [InlineData("/v1/files?after=nonsense", "after")]
    [InlineData("/v1/files?type=image", "type")]
    [InlineData("/v1/files?type=*/*", "type")]
    [InlineData("/v1/files?type=image/png;q=1", "type")]
    [InlineData("/v1/files?type=image/p*", "type")]
    [InlineData("/v1/files?type=image/png%0A", "type")]
    [InlineData("/v1/files?hash=abc", "hash")]
    [InlineData("/v1/files?name=a%00b", "name")]
    [InlineData("/v1/files?user=a%00b", "user")]
    [InlineData("/v1/contents?tipHash=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "size")]
    [InlineData("/v1/contents?size=0&tipHash=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "size")]
    [InlineData("/v1/contents?size=-1&tipHash=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "size")]
    [InlineData("/v1/contents?size=1", "tipHash")]
    [InlineData("/v1/contents?size=1&tipHash=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&pieceHash=x", "pieceHash")]
    public async Task BadQuery_NamesTheField(string path, string field) =>
        Assert.NotNull((await Client.AsAsync("GET", path)).Problem(400, "invalid_request")["errors"]![field]);

    [Fact]
    public async Task BadNames_DoNoHarm()
    {
        foreach (var name in new[] { "%25", "_", "%5C", "%27%3B--", "%EF%BF%BD", new string('x', 1_024) })
            (await Client.AsAsync("GET", $"/v1/files?name={name}")).Ok();
        (await Client.AsAsync("GET", $"/v1/files?name={new string('x', 1_025)}")).Problem(400, "invalid_request");
        foreach (var id in new[] { "x", "aaaaaaaaaaaaaaaaaaaaa", "..%2f.." })
            (await Client.AsAsync("GET", $"/v1/files/{id}")).Problem(404, "file_not_found");
        (await Client.SendAsync("GET", "/v1/files")).Problem(401, "permission_missing");
        (await Client.SendAsync("GET", "/v1/contents?size=1")).Problem(401, "permission_missing");
    }

    private static string Id(JsonNode file) => (string)file["id"]!;

    private async Task<string[]> ListAsync(string query, string password = ApiServer.Password) =>
        [.. (await Client.AsUserAsync(password, "GET", $"/v1/files?{query}")).Ok()["files"]!.AsArray().Select(file => Id(file!))];

    private async Task<string> StatusAsync(string query) => (string)(await Client.AsAsync("GET", $"/v1/contents?{query}")).Ok()["status"]!;
}
