using System.Text.Json.Nodes;
using Media.Api.Tests.Support;
using static Media.Api.Tests.Support.Samples;

namespace Media.Api.Tests.Doors.V1;

public sealed class BatchAndListTests(ApiFixture api)
{
    private ApiClient Client => api.Client;

    [Fact]
    public async Task Batch_SomeRowsBad_AnswersEachInOrder()
    {
        var hash = NewHash();
        var client = NewClientId();
        var resumable = (await Client.AsAsync("POST", "/v1/uploads", Body(20 * MiB, hash, client))).Ok(201);
        var good = Body(6 * MiB, fileName: "good").ToJsonString();
        var rows = $$"""
            [{{good}}, {}, null, 7, {"fileName":"x","contentType":"a/b","size":"1","clientId":"c"}, {"fileName":"x","fileName":"y","contentType":"a/b","size":1,"clientId":"c"},
             {{Body(20 * MiB, hash, client).ToJsonString()}}, {{Body(20 * MiB, hash).ToJsonString()}}, {{Body((5L << 40) + 1).ToJsonString()}}, {{good}}]
            """;
        var answers = (await Client.AsAsync("POST", "/v1/uploads:batch", rows)).Ok().AsArray();
        Assert.Equal(
            ["created", "failed", "failed", "failed", "failed", "failed", "resumed", "failed", "failed", "created"],
            answers.Select(answer => (string)answer!["status"]!));
        Assert.Equal(
            ["invalid_request", "invalid_request", "invalid_request", "invalid_request", "invalid_request", "upload_locked", "file_too_large"],
            answers.Where(answer => answer!["problem"] is not null).Select(answer => (string)answer!["problem"]!["code"]!));
        Assert.Equal((string?)resumable["tag"], (string?)answers[6]!["tag"]);
        Assert.NotEqual((string?)answers[0]!["tag"], (string?)answers[9]!["tag"]);
        Assert.NotEmpty(answers[0]!["urls"]!.AsArray());
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("[{]")]
    public async Task Batch_NoRows_IsRefused(string body) => (await Client.AsAsync("POST", "/v1/uploads:batch", body)).Problem(400, "invalid_request");

    [Fact]
    public async Task Batch_AtAndOverAThousandRows_IsTakenAndRefused()
    {
        var rows = new JsonArray([.. Enumerable.Range(0, 1_000).Select(_ => (JsonNode)new JsonObject())]);
        Assert.Equal(1_000, (await Client.AsAsync("POST", "/v1/uploads:batch", rows.ToJsonString())).Ok().AsArray().Count);
        rows.Add(new JsonObject());
        (await Client.AsAsync("POST", "/v1/uploads:batch", rows.ToJsonString())).Problem(400, "invalid_request");
    }

    [Fact]
    public async Task Complete_SomeRowsBad_AnswersEachInOrder()
    {
        var client = NewClientId();
        var bytes = Bytes(1_000);
        var whole = (await Client.AsAsync("POST", "/v1/uploads", Body(bytes.Length))).Ok(201);
        await PutAsync(Client, whole, bytes);
        var wrong = (await Client.AsAsync("POST", "/v1/uploads", Body(bytes.Length))).Ok(201);
        await PutAsync(Client, wrong, bytes);
        var empty = (await Client.AsAsync("POST", "/v1/uploads", Body(20 * MiB))).Ok(201);
        var held = (await Client.AsAsync("POST", "/v1/uploads", Body(20 * MiB, clientId: client))).Ok(201);
        var somebodyElses = (await Client.AsUserAsync(ApiServer.OtherPassword, "POST", "/v1/uploads", Body(9, contentType: "image/png"))).Ok(201);
        var rows = $$"""
            [{"tag":"{{whole["tag"]}}"}, {"tag":"{{wrong["tag"]}}","pieceHash":"{{NewHash()}}"}, {"tag":"{{empty["tag"]}}"}, {"tag":"{{held["tag"]}}","clientId":"{{NewClientId()}}"},
             {"tag":"{{somebodyElses["tag"]}}"}, {"tag":"{{new string('a', 21)}}"}, {"tag":"../x"}, {"tag":7}, {}, null, {"tag":"{{whole["tag"]}}","pieceHash":"short"},
             {"tag":"{{whole["tag"]}}","clientId":"a b"}, {"tag":"{{empty["tag"]}}","parts":[]}, {"tag":"{{whole["tag"]}}"}]
            """;
        var answers = (await Client.AsAsync("POST", "/v1/uploads:complete", rows)).Ok().AsArray();

        Assert.Equal(
            [
                null, null, "parts_missing", "upload_locked", "not_your_upload", "upload_not_found", "upload_not_found", "invalid_request", "invalid_request", "invalid_request",
                "invalid_request", "invalid_request", "invalid_request", null,
            ],
            answers.Select(answer => (string?)answer!["problem"]?["code"]));
        Assert.All(answers, answer => Assert.Equal(answer!["problem"] is null ? null : "failed", (string?)answer["status"]));
        Assert.Equal((string?)whole["tag"], (string?)answers[0]!["tag"]);
        Assert.Equal((string?)whole["tag"], (string?)answers[^1]!["tag"]);
        Assert.Equal(409, (int)answers[2]!["problem"]!["status"]!);
        Assert.Equal([1], answers[2]!["problem"]!["missing"]!.AsArray().Take(1).Select(part => (int)part!));
        Assert.Equal("Verified", (string?)(await UntilEndedAsync(Client, (string)whole["tag"]!))["state"]);
        Assert.Equal("Mismatched", (string?)(await UntilEndedAsync(Client, (string)wrong["tag"]!))["state"]);
        Assert.Equal("Uploading", (string?)(await Client.AsAsync("GET", $"/v1/uploads/{held["tag"]}")).Ok()["state"]);
    }

    [Theory]
    [InlineData(1, 200)]
    [InlineData(1_000, 200)]
    [InlineData(1_001, 400)]
    [InlineData(0, 400)]
    public async Task Complete_AroundTheMostRows_IsTakenOrRefused(int count, int status)
    {
        var rows = new JsonArray([.. Enumerable.Range(0, count).Select(_ => (JsonNode)new JsonObject { ["tag"] = new string('a', 21) })]);

        var answer = await Client.AsAsync("POST", "/v1/uploads:complete", rows.ToJsonString());

        Assert.Equal(status, answer.Status);
        if (status == 200)
            Assert.Equal(count, answer.Json.AsArray().Count(row => (string?)row!["problem"]!["code"] == "upload_not_found"));
        else
            answer.Problem(400, "invalid_request");
    }

    [Fact]
    public async Task Complete_ManyAtOnce_AreAllStored()
    {
        var bytes = Enumerable.Range(0, 40).Select(i => Bytes(200 + i)).ToArray();
        var created = await Task.WhenAll(bytes.Select(async one =>
        {
            var upload = (await Client.AsAsync("POST", "/v1/uploads", Body(one.Length))).Ok(201);
            await PutAsync(Client, upload, one);
            return upload;
        }));

        var answers = (await Client.AsAsync("POST", "/v1/uploads:complete", new JsonArray([.. created.Select(upload => (JsonNode)new JsonObject { ["tag"] = (string?)upload["tag"] })]))).Ok();

        Assert.Equal(created.Select(upload => (string?)upload["tag"]), answers.AsArray().Select(answer => (string?)answer!["tag"]));
        foreach (var upload in created)
            Assert.Equal("Verified", (string?)(await UntilEndedAsync(Client, (string)upload["tag"]!))["state"]);
    }

    [Fact]
    public async Task List_Paged_HasEveryUploadOnceNewestFirst()
    {
        await using var server = await api.StartAnotherAsync(settings: [("Media:Accounts:2:User", "lister"), ("Media:Accounts:2:Password", "lister's password")]);
        var client = server.Client;
        var tags = new List<string>();
        for (var i = 0; i < 5; i++)
            tags.Add((string)(await client.AsUserAsync("lister's password", "POST", "/v1/uploads", Body(6 * MiB))).Ok(201)["tag"]!);
        Assert.Equal(204, (await client.AsUserAsync("lister's password", "DELETE", $"/v1/uploads/{tags[2]}")).Status);

        var seen = new List<string>();
        string? next = null;
        do
        {
            var page = (await client.AsUserAsync("lister's password", "GET", $"/v1/uploads?limit=2{(next is null ? "" : "&after=" + Uri.EscapeDataString(next))}")).Ok();
            seen.AddRange(page["uploads"]!.AsArray().Select(upload => (string)upload!["tag"]!));
            next = (string?)page["next"];
        }
        while (next is not null && seen.Count < 20);
        Assert.Equal(Enumerable.Reverse(tags), seen);

        Assert.Equal(4, await CountAsync("active"));
        Assert.Equal(1, await CountAsync("Aborted"));
        Assert.Equal(0, await CountAsync("done"));

        async Task<int> CountAsync(string state) =>
            (await client.AsUserAsync("lister's password", "GET", $"/v1/uploads?state={state}")).Ok()["uploads"]!.AsArray().Count;
    }
}
