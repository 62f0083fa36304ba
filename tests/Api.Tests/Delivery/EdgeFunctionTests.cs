using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Media.Api.Delivery;

namespace Media.Api.Tests.Delivery;

/// <summary>The edge function, run by Node with what its runtime has.</summary>
public sealed class EdgeFunctionTests
{
    [Fact]
    public async Task Handler_EveryVector_AnswersAsTheVectorSays()
    {
        var lines = Vectors.Requests.Select(vector =>
        {
            var line = vector!.DeepClone().AsObject();
            line["now"] = Vectors.Now.ToUnixTimeMilliseconds();
            return line;
        });
        var answers = await RunAsync([.. lines]);
        foreach (var (vector, answer) in Vectors.Requests.Zip(answers))
        {
            var expected = (string)(vector!["edgeExpect"] ?? vector["expect"])!;
            Assert.True(expected == ((string?)answer["refused"] ?? "accept"), $"{vector["name"]}: {answer} instead of {expected}");
            if (answer["refused"] is not null)
            {
                Assert.Equal((403, "no-cache", "Forbidden\n"), ((int)answer["status"]!, (string)answer["cache"]!, (string)answer["body"]!));
                continue;
            }

            Assert.Equal((string?)(vector["edgeUri"] ?? vector["uri"]), (string?)answer["uri"]);
            Assert.Equal(0, (int)answer["queryLeft"]!);
        }
    }

    [Fact]
    public async Task Handler_TwentyThousandMutations_AgreesWithOurOwnGate()
    {
        var (mutations, _) = DeliveryRulesTests.Fuzz(2);
        var requests = Enumerable.Range(0, 20_000).Select(_ => mutations.Next()).ToArray();
        var answers = await RunAsync([.. requests.Select(request => Vectors.ToEdge(request, Vectors.Now))]);
        foreach (var (request, answer) in requests.Zip(answers))
        {
            var own = DeliveryRules.Check(request, Vectors.Secrets, Vectors.Origins, null, Vectors.Now).Failed;
            var expected = request.Method == "HEAD" ? "method" : Vectors.NameOf(own);
            Assert.True(expected == ((string?)answer["refused"] ?? "accept"), $"{answer} instead of {expected}: {request}");
        }
    }

    [Fact]
    public async Task Handler_NothingPutInPlace_RefusesEverything()
    {
        var vector = Vectors.Requests[0]!.DeepClone().AsObject();
        vector["now"] = Vectors.Now.ToUnixTimeMilliseconds();
        Assert.Equal("hash", (string?)(await RunAsync([vector], secrets: "@SECRETS@")).Single()["refused"]);
        Assert.Equal("hash", (string?)(await RunAsync([vector], secrets: "")).Single()["refused"]);
        Assert.Equal("referer", (string?)(await RunAsync([vector], origins: "")).Single()["refused"]);
    }

    [Fact]
    public async Task Handler_Responses_ShowsOnlyWhatCannotRun()
    {
        var types = new[] { "image/png", "video/mp4", "audio/ogg", "text/plain; charset=utf-8", "text/html", "image/svg+xml", "application/xml", "text/javascript", "application/pdf", "text/plain-ish", "" };
        var answers = await RunAsync([.. types.Select(type => new JsonObject
        {
            ["response"] = new JsonObject { ["statusCode"] = 200, ["headers"] = type.Length == 0 ? [] : new JsonObject { ["content-type"] = new JsonObject { ["value"] = type } } },
        })]);
        foreach (var (type, answer) in types.Zip(answers))
        {
            Assert.Equal("nosniff", (string?)answer["headers"]!["x-content-type-options"]!["value"]);
            Assert.Equal("sandbox", (string?)answer["headers"]!["content-security-policy"]!["value"]);
            Assert.Equal(DeliveredType.Of(type).MayShow ? "inline" : "attachment", (string?)answer["headers"]!["content-disposition"]!["value"]);
        }
    }

    private static async Task<JsonNode[]> RunAsync(IReadOnlyList<JsonObject> requests, string? secrets = null, string? origins = null)
    {
        using var node = Process.Start(new ProcessStartInfo("node")
        {
            ArgumentList =
            {
                Path.Combine(Vectors.Repository, "tests", "Delivery", "edge.mjs"), Path.Combine(Vectors.Folder, "gate.js"),
                secrets ?? string.Join(' ', Vectors.HexSecrets), origins ?? string.Join(' ', Vectors.Origins),
            },
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardInputEncoding = new UTF8Encoding(false),
        })!;
        var cancellationToken = TestContext.Current.CancellationToken;
        var output = node.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = node.StandardError.ReadToEndAsync(cancellationToken);
        foreach (var request in requests)
            await node.StandardInput.WriteAsync($"{request.ToJsonString()}\n");
        node.StandardInput.Close();
        await node.WaitForExitAsync(cancellationToken);
        Assert.True(node.ExitCode == 0, await errors);
        var answers = (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToArray();
        Assert.Equal(requests.Count, answers.Length);
        return answers;
    }
}
