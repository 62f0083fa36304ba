using System.Text.Json.Nodes;
using Amazon.S3.Model;
using Media.Api.Tests.Support;
using Media.Tests.Support;
using static Media.Api.Tests.Support.Samples;

namespace Media.Api.Tests.Doors.Companion;

/// <summary>Sends what <c>@uppy/aws-s3</c> 6.3 sends through <c>companionEndpoint</c>.</summary>
[Trait("Category", "S3")]
public sealed class CompanionTests(ApiFixture api)
{
    private ApiClient Client => api.Client;

    [Fact]
    public async Task Upload_AsUppyDoesIt_HasTheSameBytesInTheBucket()
    {
        var bytes = Bytes((11 * MiB) + 3);
        var (root, key, uploadId) = await CreateAsync();
        Assert.Equal(api.Storage.Bucket, (string?)JsonNode.Parse((await Client.SendAsync("POST", root, CreateBody)).Content)!["bucket"]);

        var first = (await GetAsync($"{root}/{Escape(uploadId)}/1?key={Escape(key)}")).Ok();
        Assert.InRange((int)first["expires"]!, 1, 7 * 24 * 3600);
        var etags = new List<string> { (await Client.PutAsync((string)first["url"]!, bytes[..(int)(6 * MiB)])).Trim('"') };
        var batch = (await GetAsync($"{root}/{Escape(uploadId)}/batch?key={Escape(key)}&partNumbers=2,10000")).Ok();
        Assert.Equal(["2", "10000"], batch["presignedUrls"]!.AsObject().Select(pair => pair.Key));
        etags.Add((await Client.PutAsync((string)batch["presignedUrls"]!["2"]!, bytes[(int)(6 * MiB)..])).Trim('"'));

        var parts = (await GetAsync($"{root}/{Escape(uploadId)}?key={Escape(key)}")).Ok().AsArray();
        Assert.Equal([1, 2], parts.Select(part => (int)part!["PartNumber"]!));
        Assert.Equal([6 * MiB, bytes.Length - (6 * MiB)], parts.Select(part => (long)part!["Size"]!));
        Assert.Equal(etags, parts.Select(part => ((string)part!["ETag"]!).Trim('"')));

        var body = new { parts = new[] { new { PartNumber = 2, ETag = etags[1] }, new { PartNumber = 1, ETag = etags[0] } } };
        var json = System.Text.Json.JsonSerializer.Serialize(body);
        var done = (await Client.SendAsync("POST", $"{root}/{Escape(uploadId)}/complete?key={Escape(key)}", json)).Ok();
        Assert.Equal(key, (string?)done["key"]);
        Assert.Equal($"{api.Storage.Endpoint.GetLeftPart(UriPartial.Authority)}/{api.Storage.Bucket}/{key}", (string?)done["location"]);
        var again = await Client.SendAsync("POST", $"{root}/{Escape(uploadId)}/complete?key={Escape(key)}", json);
        Assert.Equal(done.ToJsonString(), again.Ok().ToJsonString());

        var listed = await UntilEndedAsync(Client, key["upload/".Length..]);
        Assert.Equal("Verified", (string?)listed["state"]);
        using var stored = await api.Storage.Client.GetObjectAsync(new GetObjectRequest { BucketName = api.Storage.Bucket, Key = $"hash/{listed["pieceHash"]}" }, TestContext.Current.CancellationToken);
        var copy = new MemoryStream();
        await stored.ResponseStream.CopyToAsync(copy, TestContext.Current.CancellationToken);
        Assert.Equal(bytes, copy.ToArray());
        Assert.Equal(bytes.Length, (long)listed["size"]!);
        Assert.Equal("open", (string?)listed["plan"]!["strategy"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(70_000)]
    public async Task Form_AsUppyPostsIt_IsStoredWithoutAnotherWord(int size)
    {
        var form = (await GetAsync($"/companion/{await Client.PermissionAsync()}/s3/params?filename=small.bin&type=image%2Fpng&metadata%5Bname%5D=small.bin")).Ok();
        Assert.Equal("POST", (string?)form["method"]);
        var key = (string)form["fields"]!["key"]!;
        var bytes = Bytes(size);
        Assert.Equal(201, await PostAsync(form, bytes));

        await Eventually.TrueAsync(async () =>
            (string?)(await Client.AsAsync("GET", $"/v1/uploads/{key["upload/".Length..]}")).Ok()["state"] == "Verified");
        var upload = (await Client.AsAsync("GET", $"/v1/uploads/{key["upload/".Length..]}")).Ok();
        Assert.Equal(size, (long)upload["size"]!);
        Assert.Equal("form", (string?)upload["plan"]!["strategy"]);
        var stored = size == 0 ? key : $"hash/{upload["pieceHash"]}";
        var head = await api.Storage.Client.GetObjectMetadataAsync(api.Storage.Bucket, stored, TestContext.Current.CancellationToken);
        // Random bytes are no picture.
        Assert.Equal(size == 0 ? "image/png" : "application/octet-stream", head.Headers.ContentType);
    }

    [Theory]
    [InlineData(1_000_000, 201)]
    [InlineData(1_000_001, 400)]
    public async Task Form_AroundThePermissionsSize_IsHeldToItByTheStore(int size, int status)
    {
        await using var own = await api.StartAnotherAsync(settings: [("Media:Accounts:0:Limits:MaxSize", "1000000")]);
        var form = (await own.Client.SendAsync("GET", $"/companion/{await own.Client.PermissionAsync()}/s3/params?filename=a&type=")).Ok();

        Assert.Equal(status, await PostAsync(form, Bytes(size)));
    }

    [Fact]
    public async Task Form_FieldsChanged_IsRefusedByTheStore()
    {
        foreach (var field in new[] { "key", "Content-Type", "success_action_status", "x-amz-date" })
        {
            var form = (await GetAsync($"/companion/{await Client.PermissionAsync()}/s3/params?filename=a&type=text/plain")).Ok();
            form["fields"]![field] = field == "key" ? "hash/elsewhere" : "200";
            Assert.InRange(await PostAsync(form, Bytes(10)), 400, 403);
        }
    }

    [Fact]
    public async Task Form_BadRequests_AreRefused()
    {
        Error(400, await GetAsync($"/companion/{await Client.PermissionAsync()}/s3/params"));
        Error(400, await GetAsync($"/companion/{await Client.PermissionAsync()}/s3/params?filename=a&type=nonsense"));
        Error(401, await GetAsync("/companion/nonsense/s3/params?filename=a"));
        Error(403, await GetAsync($"/companion/{await Client.PermissionAsync(ApiServer.OtherPassword)}/s3/params?filename=a&type=text/plain"));
    }

    [Fact]
    public async Task Abort_Twice_AnswersTheSame()
    {
        var (root, key, uploadId) = await CreateAsync();
        Assert.Equal("{}", (await Client.SendAsync("DELETE", $"{root}/{Escape(uploadId)}?key={Escape(key)}")).Ok().ToJsonString());
        Assert.Equal("{}", (await Client.SendAsync("DELETE", $"{root}/{Escape(uploadId)}?key={Escape(key)}")).Ok().ToJsonString());
    }

    [Theory]
    [InlineData("0")]
    [InlineData("10001")]
    [InlineData("3abc")]
    [InlineData("1.5")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("%201")]
    [InlineData("99999999999999999999")]
    public async Task Sign_BadPartNumber_IsRefused(string part)
    {
        var (root, key, uploadId) = await CreateAsync();
        Error(400, await GetAsync($"{root}/{Escape(uploadId)}/{part}?key={Escape(key)}"));
        Error(400, await GetAsync($"{root}/{Escape(uploadId)}/batch?key={Escape(key)}&partNumbers=1,{part}"));
        Error(400, await GetAsync($"{root}/{Escape(uploadId)}/batch?key={Escape(key)}&partNumbers="));
    }

    [Fact]
    public async Task EveryRoute_KeyAndUploadIdOfDifferentUploads_IsNotFound()
    {
        var (root, key, uploadId) = await CreateAsync();
        var (_, otherKey, otherId) = await CreateAsync();
        foreach (var (k, id) in new[] { (key, otherId), (otherKey, uploadId), ("other/" + key, uploadId), (key[..^1], uploadId), ("", uploadId) })
        {
            foreach (var (method, path, body) in Routes(root, k, id))
                Error(404, await Client.SendAsync(method, path, body));
        }

        Error(404, await GetAsync($"{root}/{Escape(uploadId)}"));
    }

    [Fact]
    public async Task EveryRoute_AnotherUsersPermission_IsForbidden()
    {
        var (_, key, uploadId) = await CreateAsync();
        var root = $"/companion/{await Client.PermissionAsync(ApiServer.OtherPassword)}/s3/multipart";
        foreach (var (method, path, body) in Routes(root, key, uploadId))
            Error(403, await Client.SendAsync(method, path, body));
    }

    [Fact]
    public async Task EveryRoute_BadPermission_IsUnauthorized()
    {
        var (_, key, uploadId) = await CreateAsync();
        var permission = await Client.PermissionAsync();
        foreach (var bad in new[] { "nonsense", permission[..^1], permission[..40], ApiServer.ApiKey, "A" + permission })
        {
            foreach (var (method, path, body) in Routes($"/companion/{bad}/s3/multipart", key, uploadId))
                Error(401, await Client.SendAsync(method, path, body));
        }
    }

    [Theory]
    [InlineData("nonsense", 400)]
    [InlineData("{}", 400)]
    [InlineData("""{"filename":7}""", 400)]
    [InlineData("""{"filename":"a","type":"nonsense"}""", 400)]
    [InlineData("""{"filename":"a","metadata":[]}""", 400)]
    [InlineData("""{"filename":"a","metadata":{"x":"\u0000"}}""", 400)]
    [InlineData("""{"filename":"a","metadata":{"x":"\ud800"}}""", 400)]
    public async Task Create_BadBody_IsRefused(string body, int status) =>
        Error(status, await Client.SendAsync("POST", $"/companion/{await Client.PermissionAsync()}/s3/multipart", body));

    [Fact]
    public async Task Create_ContentTypeNotAllowed_IsForbidden()
    {
        var root = $"/companion/{await Client.PermissionAsync(ApiServer.OtherPassword)}/s3/multipart";
        Error(403, await Client.SendAsync("POST", root, """{"filename":"a.mp4","type":"video/mp4"}"""));
    }

    [Theory]
    [InlineData("""{"parts":[]}""")]
    [InlineData("""{}""")]
    [InlineData("""{"parts":[{"PartNumber":0,"ETag":"x"}]}""")]
    [InlineData("""{"parts":[{"PartNumber":10001,"ETag":"x"}]}""")]
    [InlineData("""{"parts":[{"PartNumber":"1","ETag":"x"}]}""")]
    [InlineData("""{"parts":[{"PartNumber":1}]}""")]
    public async Task Complete_BadParts_AreRefused(string body)
    {
        var (root, key, uploadId) = await CreateAsync();
        Error(400, await Client.SendAsync("POST", $"{root}/{Escape(uploadId)}/complete?key={Escape(key)}", body));
    }

    [Fact]
    public async Task UnknownRoute_BelowThePermission_IsNotFoundInTheDoorsForm() =>
        Error(404, await GetAsync($"/companion/{await Client.PermissionAsync()}/drive/list"));

    private const string CreateBody = """{"filename":"holi day.mp4","metadata":{"relativePath":null,"name":"holi day.mp4","type":"video/mp4","n":1,"o":{"a":[true]}},"type":"video/mp4"}""";

    private static string Escape(string text) => Uri.EscapeDataString(text);

    private static void Error(int status, Answer answer)
    {
        Assert.True(status == answer.Status, $"{answer.Status} instead of {status}: {answer.Content}");
        Assert.Equal("error", Assert.Single(answer.Ok(status).AsObject()).Key);
        Assert.DoesNotContain("   at ", answer.Content, StringComparison.Ordinal);
    }

    private static IEnumerable<(string Method, string Path, string? Body)> Routes(string root, string key, string uploadId) =>
    [
        ("GET", $"{root}/{Escape(uploadId)}?key={Escape(key)}", null),
        ("GET", $"{root}/{Escape(uploadId)}/1?key={Escape(key)}", null),
        ("GET", $"{root}/{Escape(uploadId)}/batch?key={Escape(key)}&partNumbers=1", null),
        ("POST", $"{root}/{Escape(uploadId)}/complete?key={Escape(key)}", """{"parts":[{"PartNumber":1,"ETag":"x"}]}"""),
        ("DELETE", $"{root}/{Escape(uploadId)}?key={Escape(key)}", null),
    ];

    private Task<Answer> GetAsync(string path) => Client.SendAsync("GET", path);

    private async Task<(string Root, string Key, string UploadId)> CreateAsync()
    {
        var root = $"/companion/{await Client.PermissionAsync()}/s3/multipart";
        var created = (await Client.SendAsync("POST", root, CreateBody)).Ok();
        return (root, (string)created["key"]!, (string)created["uploadId"]!);
    }

    private Task<int> PostAsync(JsonNode form, byte[] bytes) => Client.PostAsync(form, bytes);
}
