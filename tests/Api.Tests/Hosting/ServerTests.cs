using System.Text.Json.Nodes;
using Media.Api.Tests.Support;
using Media.Tests.Support;
using static Media.Api.Tests.Support.Samples;

namespace Media.Api.Tests.Hosting;

public sealed class ServerTests(ApiFixture api)
{
    [Theory]
    [InlineData("GET", "/", 404, "not_found")]
    [InlineData("GET", "/v1", 404, "not_found")]
    [InlineData("GET", "/v1/nothing", 404, "not_found")]
    [InlineData("POST", "/v2/uploads", 404, "not_found")]
    [InlineData("GET", "/%2e%2e/%2e%2e/etc/passwd", 404, "not_found")]
    [InlineData("PATCH", "/v1/uploads", 405, "method_not_allowed")]
    [InlineData("POST", "/health/live", 405, "method_not_allowed")]
    public async Task Request_NoRouteTakes_IsAProblem(string method, string path, int status, string code) =>
        (await api.Client.SendAsync(method, path)).Problem(status, code);

    [Fact]
    public async Task EveryAnswer_Carries_SafetyHeadersAndNoServer()
    {
        foreach (var path in new[] { "/health/live", "/v1/nothing", "/v1/uploads" })
        {
            var answer = await api.Client.SendAsync("GET", path);
            Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
            Assert.Equal("no-referrer", answer.Header("Referrer-Policy"));
            Assert.Null(answer.Header("Server"));
        }
    }

    [Fact]
    public async Task Health_EverythingThere_IsOk()
    {
        Assert.Equal("ok", (string?)(await api.Client.SendAsync("GET", "/health/live")).Ok()["status"]);
        // A check that takes longer than two seconds counts as failed.
        Answer ready = null!;
        await Eventually.TrueAsync(async () => (ready = await api.Client.SendAsync("GET", "/health/ready")).Status == 200);
        Assert.Equal("ok", (string?)ready.Ok()["status"]);
    }

    [Fact]
    public async Task Health_ProgramForThumbnailsIsAbsent_IsReadyAndSaysSo()
    {
        // Its jobs are on, and would fail what others have uploaded.
        await using var server = await ApiServer.StartAsync(
            await PostgresFixture.CreateDatabaseAsync(TestContext.Current.CancellationToken), api.Storage, [new("Media:Thumbnails:VipsThumbnail", "no-such-program")]);

        Answer answer = null!;
        await Eventually.TrueAsync(async () => (answer = await server.Client.SendAsync("GET", "/health/ready")).Status == 200);
        var ready = answer.Ok();
        Assert.Equal("ok", (string?)ready["status"]);
        Assert.Equal("vipsthumbnail is not installed.", (string?)ready["details"]!["thumbnails"]);
        Assert.Equal("vipsthumbnail is not installed.", (string?)ready["details"]!["videoPosters"]);
    }

    [Fact]
    public async Task DatabaseGone_EveryRoute_IsUnavailableAndThenWorksAgain()
    {
        await using var postgres = await TestPostgres.StartAsync(TestContext.Current.CancellationToken);
        await using var server = await ApiServer.StartAsync(await postgres.CreateDatabaseAsync(cancellationToken: TestContext.Current.CancellationToken), api.Storage);
        var tag = (string)(await CreateAsync(server.Client))["tag"]!;
        await postgres.KillAsync();

        foreach (var (method, path, body) in new (string, string, object?)[] { ("GET", "/v1/uploads", null), ("GET", $"/v1/uploads/{tag}", null), ("POST", "/v1/uploads", Body(9)) })
        {
            var answer = await server.Client.AsAsync(method, path, body);
            answer.Problem(503, "storage_unavailable");
            Assert.Equal("2", answer.Header("Retry-After"));
        }

        var batch = (await server.Client.AsAsync("POST", "/v1/uploads:batch", new JsonArray(Body(9)))).Ok();
        Assert.Equal("storage_unavailable", (string?)batch[0]!["problem"]!["code"]);
        var completed = (await server.Client.AsAsync("POST", "/v1/uploads:complete", new JsonArray(new JsonObject { ["tag"] = tag }))).Ok();
        Assert.Equal("storage_unavailable", (string?)completed[0]!["problem"]!["code"]);
        var ready = (await server.Client.SendAsync("GET", "/health/ready")).Ok(503);
        Assert.Contains("postgres", ready["notReady"]!.AsArray().Select(name => (string)name!));
        (await server.Client.SendAsync("GET", "/health/live")).Ok();

        await postgres.RestartAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => (await server.Client.AsAsync("GET", $"/v1/uploads/{tag}")).Status == 200);
    }

    [Fact]
    public async Task StoreGone_Creation_IsUnavailable()
    {
        await using var server = await api.StartAnotherAsync(settings:
            [("Media:S3:Endpoint", "http://127.0.0.1:1"), ("Media:S3:MaxRetries", "0"), ("Media:Jobs:Concurrency", "0")]);
        var answer = await server.Client.AsAsync("POST", "/v1/uploads", Body(6 * MiB));
        answer.Problem(503, "object_store_unavailable");
        Assert.Equal("2", answer.Header("Retry-After"));
        // A database that a busy machine keeps from answering in time is not ready for a moment, either.
        await Eventually.TrueAsync(async () =>
        {
            var ready = (await server.Client.SendAsync("GET", "/health/ready")).Ok(503);
            Assert.Equal(["s3"], ready["notReady"]!.AsArray().Select(name => (string)name!));
            return true;
        });
    }

    [Fact]
    public async Task Logs_WhateverTheSettings_HaveTheTagAndNeverASecret()
    {
        await using var server = await api.StartAnotherAsync(settings:
        [
            ("Logging:LogLevel:Default", "Trace"), ("Logging:LogLevel:Microsoft.AspNetCore", "Trace"), ("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Information"),
        ]);
        var permission = await server.Client.PermissionAsync();
        var root = $"/companion/{permission}/s3/multipart";
        var created = (await server.Client.SendAsync("POST", root, """{"filename":"a.bin","type":"a/b"}""")).Ok();
        var (key, uploadId) = ((string)created["key"]!, Uri.EscapeDataString((string)created["uploadId"]!));
        var url = (string)(await server.Client.SendAsync("GET", $"{root}/{uploadId}/1?key={Uri.EscapeDataString(key)}")).Ok()["url"]!;
        await server.Client.SendAsync("GET", $"/companion/{permission}/nothing");
        await server.Client.SendAsync("POST", root, "nonsense");
        await server.Client.SendAsync("PATCH", root);
        await server.Client.SendAsync("GET", "/v1/uploads", bearer: ApiServer.ApiKey);
        await server.Client.SendAsync("POST", "/v1/permissions", new { password = "a wrong guess" });

        var text = string.Join('\n', server.Logs.Lines);
        Assert.Contains(key["upload/".Length..], text, StringComparison.Ordinal);
        var signature = url[(url.IndexOf("X-Amz-Signature=", StringComparison.Ordinal) + 16)..][..64];
        foreach (var secret in new[] { permission, permission[..60], signature, ApiServer.Password, ApiServer.ApiKey, "a wrong guess" })
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenApi_Document_DescribesEveryRoute()
    {
        var document = (await api.Client.SendAsync("GET", "/openapi/v1.json")).Json;
        var operations = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => (Path: path.Key, Method: operation.Key, operation.Value))).ToList();
        Assert.Superset(
            new HashSet<string>
            {
                "post /v1/permissions", "post /v1/uploads", "post /v1/uploads:batch", "post /v1/uploads:complete", "get /v1/uploads", "get /v1/uploads/{tag}", "delete /v1/uploads/{tag}", "post /v1/uploads/{tag}/urls",
                "get /v1/uploads/{tag}/parts", "post /v1/uploads/{tag}/lease", "delete /v1/uploads/{tag}/lease", "post /v1/uploads/{tag}/complete", "get /v1/uploads/{tag}/events",
                "post /companion/{permission}/s3/multipart", "get /companion/{permission}/s3/multipart/{uploadId}", "get /companion/{permission}/s3/multipart/{uploadId}/{partNumber}",
                "get /companion/{permission}/s3/multipart/{uploadId}/batch", "post /companion/{permission}/s3/multipart/{uploadId}/complete", "delete /companion/{permission}/s3/multipart/{uploadId}",
                "get /health/live", "get /health/ready",
            },
            operations.Select(o => $"{o.Method} {o.Path}").ToHashSet());
        Assert.Equal(operations.Count, operations.Select(o => (string)o.Value!["operationId"]!).Distinct().Count());
        foreach (var (path, method, operation) in operations)
        {
            Assert.False(string.IsNullOrEmpty((string?)operation!["summary"]), $"{method} {path}");
            var responses = operation["responses"]!.AsObject();
            Assert.Contains(responses, response => response.Key[0] == '2');
            foreach (var response in responses.Where(response => response.Key[0] is '4' or '5' && path.StartsWith("/v1", StringComparison.Ordinal)))
                Assert.EndsWith("/Problem", (string?)response.Value!["content"]!["application/problem+json"]!["schema"]!["$ref"], StringComparison.Ordinal);
            foreach (var name in path.Split('{').Skip(1).Select(rest => rest[..rest.IndexOf('}', StringComparison.Ordinal)]))
                Assert.Contains(operation["parameters"]!.AsArray(), parameter => (string?)parameter!["name"] == name && (string?)parameter["in"] == "path");
            if (path.StartsWith("/v1/uploads", StringComparison.Ordinal))
                Assert.NotEmpty(operation["security"]!.AsArray());
        }

        var create = document["paths"]!["/v1/uploads"]!["post"]!;
        Assert.EndsWith("/CreateUploadRequest", (string?)create["requestBody"]!["content"]!["application/json"]!["schema"]!["$ref"], StringComparison.Ordinal);
        Assert.EndsWith("/UploadAnswer", (string?)create["responses"]!["201"]!["content"]!["application/json"]!["schema"]!["$ref"], StringComparison.Ordinal);
        var schema = document["components"]!["schemas"]!["UploadAnswer"]!["properties"]!.AsObject();
        Assert.Superset(new HashSet<string> { "tag", "state", "size", "etag", "uploadId", "plan", "lease", "parts", "urls" }, schema.Select(property => property.Key).ToHashSet());
    }
}
