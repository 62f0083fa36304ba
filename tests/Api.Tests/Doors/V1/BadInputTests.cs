using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Media.Api.Tests.Support;
using static Media.Api.Tests.Support.Samples;

namespace Media.Api.Tests.Doors.V1;

public sealed class BadInputTests(ApiFixture api)
{
    private ApiClient Client => api.Client;

    [Theory]
    [InlineData("", "$")]
    [InlineData("{", "$")]
    [InlineData("nonsense", "$")]
    [InlineData("null", "$")]
    [InlineData("[]", "$")]
    [InlineData("\"text\"", "$")]
    [InlineData("{}", "clientId,contentType,fileName,size")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"c"}""", "size")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"c","size":null}""", "size")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"c","size":"1"}""", "size")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"c","size":1.5}""", "size")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"c","size":1e3}""", "size")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"c","size":-1}""", "size")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"c","size":9223372036854775808}""", "size")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"c","size":true}""", "size")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"c","size":1,"size":2}""", "size")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"c","size":1,}""", "$")]
    [InlineData("""{"fileName":7,"contentType":"a/b","clientId":"c","size":1}""", "fileName")]
    [InlineData("""{"fileName":"","contentType":"a/b","clientId":"c","size":1}""", "fileName")]
    [InlineData("""{"fileName":"\ud800","contentType":"a/b","clientId":"c","size":1}""", "fileName")]
    [InlineData("""{"fileName":"a","contentType":"nonsense","clientId":"c","size":1}""", "contentType")]
    [InlineData("""{"fileName":"a","contentType":"text/plain\r\nX: y","clientId":"c","size":1}""", "contentType")]
    [InlineData("""{"fileName":"a","contentType":"a/*","clientId":"c","size":1}""", "contentType")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"","size":1}""", "clientId")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"two words","size":1}""", "clientId")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"c","size":1,"tipHash":"short"}""", "tipHash")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"c","size":1,"pieceHash":5}""", "pieceHash")]
    [InlineData("""{"fileName":"a","contentType":"a/b","clientId":"c","size":1,"partSize":1}""", "partSize")]
    public async Task Create_BadBody_NamesTheField(string body, string fields)
    {
        var problem = (await Client.AsAsync("POST", "/v1/uploads", body)).Problem(400, "invalid_request");
        Assert.Equal(fields.Split(','), problem["errors"]!.AsObject().Select(pair => pair.Key));
        Assert.All(problem["errors"]!.AsObject(), pair => Assert.NotEmpty(pair.Value!.AsArray()));
    }

    [Fact]
    public async Task Create_OddButHarmless_IsTaken()
    {
        (await Client.AsAsync("POST", "/v1/uploads", """{"fileName":"a","contentType":"","clientId":"c","size":1,"unknown":{"x":[1]},"\u0066oo":null}""")).Ok(201);
        var permission = await Client.PermissionAsync();
        (await Client.SendAsync("POST", "/v1/uploads", Body(1).ToJsonString(), permission, contentType: "application/json; charset=utf-8")).Ok(201);
    }

    [Fact]
    public async Task Create_BytesThatAreNoText_AreRefused()
    {
        foreach (var body in new byte[][] { [0xff, 0xfe], [.. "{\"fileName\":\""u8, 0xc3, 0x28, .. "\"}"u8], Encoding.Unicode.GetBytes(Body(1).ToJsonString()) })
            (await Client.AsAsync("POST", "/v1/uploads", body)).Problem(400, "invalid_request");
        (await Client.AsAsync("POST", "/v1/uploads", """{"\ud800":1}""")).Problem(400, "invalid_request");
    }

    [Theory]
    [InlineData("[")]
    [InlineData("""{"a":""")]
    public async Task Create_NestedWithoutEnd_IsRefused(string opening)
    {
        var bomb = new StringBuilder().Insert(0, opening, 20_000).ToString();
        (await Client.AsAsync("POST", "/v1/uploads", bomb)).Problem(400, "invalid_request");
        (await Client.AsAsync("POST", "/v1/uploads:batch", bomb)).Problem(400, "invalid_request");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("")]
    [InlineData(null)]
    public async Task Create_OtherContentType_IsUnsupported(string? contentType) =>
        (await Client.SendAsync("POST", "/v1/uploads", Body(1).ToJsonString(), await Client.PermissionAsync(), contentType: contentType)).Problem(415, "unsupported_media_type");

    [Fact]
    public async Task Create_AtAndOverTheLargestSize_IsTakenAndRefused()
    {
        const long largest = 5L << 40;
        var taken = (await Client.AsAsync("POST", "/v1/uploads", Body(largest))).Ok(201);
        Assert.InRange((int)taken["plan"]!["partCount"]!, 1, 10_000);
        (await Client.AsAsync("POST", "/v1/uploads", Body(largest + 1))).Problem(413, "file_too_large");
        (await Client.AsAsync("POST", "/v1/uploads", Body(long.MaxValue))).Problem(413, "file_too_large");
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("a\0b.mp4")]
    [InlineData("photo\u202Egpj.exe")]
    [InlineData("..")]
    [InlineData("C:\\temp\\x.txt")]
    public async Task Create_UnsafeName_IsCleanedAndTheOriginalKept(string name)
    {
        var created = (await Client.AsAsync("POST", "/v1/uploads", Body(1, fileName: name))).Ok(201);
        Assert.Equal(name, (string?)created["originalFileName"]);
        var clean = (string)created["fileName"]!;
        Assert.NotEqual(name, clean);
        Assert.DoesNotContain(clean, c => c is '/' or '\\' or '\0' or '\u202E');
        Assert.Equal(name, (string?)(await Client.AsAsync("GET", $"/v1/uploads/{created["tag"]}")).Ok()["originalFileName"]);
    }

    [Fact]
    public async Task Create_NameOf300Characters_IsTaken()
    {
        var name = new string('é', 296) + ".mp4";
        var created = (await Client.AsAsync("POST", "/v1/uploads", Body(1, fileName: name))).Ok(201);
        Assert.Equal(name, (string?)created["originalFileName"]);
        (await Client.AsAsync("POST", "/v1/uploads", Body(1, fileName: new string('x', 1_025)))).Problem(400, "invalid_request");
    }

    [Theory]
    [InlineData("""{"parts":[0]}""", "invalid_part")]
    [InlineData("""{"parts":[4]}""", "invalid_part")]
    [InlineData("""{"parts":[-1]}""", "invalid_part")]
    [InlineData("""{"parts":[10001]}""", "invalid_part")]
    [InlineData("""{"parts":[1.5]}""", "invalid_part")]
    [InlineData("""{"parts":["3abc"]}""", "invalid_part")]
    [InlineData("""{"parts":[99999999999]}""", "invalid_part")]
    [InlineData("""{"parts":[null]}""", "invalid_part")]
    [InlineData("""{"from":"1","to":2}""", "invalid_part")]
    [InlineData("""{"from":1,"to":2.5}""", "invalid_part")]
    [InlineData("""{"from":0,"to":2}""", "invalid_part")]
    [InlineData("""{"from":2,"to":4}""", "invalid_part")]
    [InlineData("""{"from":2147483647,"to":2147483647}""", "invalid_part")]
    [InlineData("""{"from":3,"to":1}""", "invalid_request")]
    [InlineData("""{"from":1,"to":1001}""", "invalid_request")]
    [InlineData("""{"from":-2147483648,"to":2147483647}""", "invalid_request")]
    [InlineData("""{"parts":[]}""", "invalid_request")]
    [InlineData("""{"parts":1}""", "invalid_request")]
    [InlineData("""{"from":1}""", "invalid_request")]
    [InlineData("""{"parts":[1],"from":1,"to":1}""", "invalid_request")]
    [InlineData("""{}""", "invalid_request")]
    [InlineData("""{"parts":[1],"epoch":"one"}""", "invalid_request")]
    [InlineData("""{"parts":[1],"clientId":"é"}""", "invalid_request")]
    public async Task Urls_BadParts_AreRefused(string body, string code)
    {
        var tag = await SharedTagAsync();
        (await Client.AsAsync("POST", $"/v1/uploads/{tag}/urls", body)).Problem(400, code);
    }

    [Fact]
    public async Task Urls_AtAndOverAThousand_AreGivenAndRefused()
    {
        var body = Body(1_001 * 8 * MiB);
        body["partSize"] = 8 * MiB;
        var tag = (string)(await Client.AsAsync("POST", "/v1/uploads", body)).Ok(201)["tag"]!;
        var urls = (await Client.AsAsync("POST", $"/v1/uploads/{tag}/urls", new { from = 2, to = 1_001 })).Ok().AsArray();
        Assert.Equal(1_000, urls.Count);
        Assert.Equal(1_000, urls.Select(url => (string)url!["url"]!).Distinct().Count());
        (await Client.AsAsync("POST", $"/v1/uploads/{tag}/urls", new { parts = Enumerable.Range(1, 1_001) })).Problem(400, "invalid_request");
        Assert.Equal([5, 3], (await Client.AsAsync("POST", $"/v1/uploads/{tag}/urls", new { parts = new[] { 5, 3 } })).Ok().AsArray().Select(url => (int)url!["part"]!));
    }

    [Theory]
    [InlineData("""{"parts":[]}""", 400, "invalid_request")]
    [InlineData("""{"parts":{}}""", 400, "invalid_request")]
    [InlineData("""{"parts":[null]}""", 400, "invalid_request")]
    [InlineData("""{"parts":[{"part":1}]}""", 400, "invalid_request")]
    [InlineData("""{"parts":[{"etag":"x"}]}""", 400, "invalid_request")]
    [InlineData("""{"parts":[{"part":"3abc","etag":"x"}]}""", 400, "invalid_part")]
    [InlineData("""{"parts":[{"part":1.5,"etag":"x"}]}""", 400, "invalid_part")]
    [InlineData("""{"parts":[{"part":0,"etag":"x"}]}""", 400, "invalid_part")]
    [InlineData("""{"parts":[{"part":10001,"etag":"x"}]}""", 400, "invalid_part")]
    public async Task Complete_BadParts_AreRefused(string body, int status, string code)
    {
        var tag = await SharedTagAsync();
        (await Client.AsAsync("POST", $"/v1/uploads/{tag}/complete", body)).Problem(status, code);
    }

    [Theory]
    [InlineData("POST", "/lease", """{}""")]
    [InlineData("POST", "/lease", """{"clientId":null}""")]
    [InlineData("POST", "/lease", """{"clientId":"c","takeOver":"yes"}""")]
    [InlineData("DELETE", "/lease", null)]
    [InlineData("DELETE", "/lease?clientId=a%20b", null)]
    [InlineData("DELETE", "?clientId=c&epoch=1.5", null)]
    [InlineData("DELETE", "?clientId=c&epoch=-1", null)]
    [InlineData("DELETE", "?clientId=c&clientId=d", null)]
    public async Task LeaseAndCaller_BadForm_AreRefused(string method, string path, string? body)
    {
        var tag = await SharedTagAsync();
        (await Client.AsAsync(method, $"/v1/uploads/{tag}{path}", body)).Problem(400, "invalid_request");
    }

    [Theory]
    [InlineData("state=nonsense", "state")]
    [InlineData("state=0", "state")]
    [InlineData("state=uploading", "state")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("limit=1.5", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=", "limit")]
    [InlineData("after=nonsense", "after")]
    [InlineData("after=%00", "after")]
    public async Task List_BadQuery_NamesTheParameter(string query, string field)
    {
        var problem = (await Client.AsAsync("GET", $"/v1/uploads?{query}")).Problem(400, "invalid_request");
        Assert.True(problem["errors"]!.AsObject().ContainsKey(field));
    }

    [Fact]
    public async Task Body_AtAndOverItsLimit_IsReadAndRefused()
    {
        var permission = await Client.PermissionAsync();
        foreach (var (path, limit) in new[] { ("/v1/uploads", 1 << 20), ("/v1/permissions", 1 << 20), ("/v1/uploads:batch", 1_000 * 8_192), ("/v1/uploads:complete", 1_000 * 8_192), ($"/v1/uploads/{new string('a', 21)}/complete", 10_000 * 256) })
        {
            var over = await Client.SendAsync("POST", path, Padded(limit + 1), permission, origin: ApiServer.Origin);
            over.Problem(413, "body_too_large");
            Assert.Equal(ApiServer.Origin, over.Header("Access-Control-Allow-Origin"));
            Assert.NotEqual(413, (await Client.SendAsync("POST", path, Padded(limit), permission)).Status);
        }
    }

    private static byte[] Padded(int length)
    {
        var body = new byte[length];
        body.AsSpan().Fill((byte)' ');
        "{}"u8.CopyTo(body);
        return body;
    }

    private async Task<string> SharedTagAsync()
    {
        var created = await CreateAsync(Client);
        return (string)created["tag"]!;
    }
}
