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
