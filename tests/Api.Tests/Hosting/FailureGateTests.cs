using Media.Api.Problems;
using Media.Grains.Ports;
using Media.Grains.Results;
using Media.Grains.Uploads;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Media.Api.Tests.Hosting;

public sealed class FailureGateTests
{
    [Fact]
    public async Task Invoke_ABug_IsAnInternalErrorThatTellsNothing()
    {
        var (status, body) = await RunAsync(new InvalidOperationException("secret detail"));
        Assert.Equal(500, status);
        Assert.Contains("\"code\":\"internal_error\"", body, StringComparison.Ordinal);
        Assert.Contains("\"traceId\":\"", body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret detail", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_OutagesHoweverWrapped_AreUnavailable()
    {
        Assert.Equal(503, (await RunAsync(new StorageUnavailableException())).Status);
        Assert.Equal(503, (await RunAsync(new ObjectChangedException())).Status);
        var (status, body) = await RunAsync(new AggregateException(new InvalidOperationException("x", new StoreUnavailableException())));
        Assert.Equal(503, status);
        Assert.Contains("object_store_unavailable", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_ClientGone_IsQuiet()
    {
        var context = new DefaultHttpContext { RequestAborted = new CancellationToken(canceled: true) };
        await new FailureGate(_ => throw new OperationCanceledException(), NullLogger<FailureGate>.Instance).InvokeAsync(context);
        Assert.Equal(499, context.Response.StatusCode);
    }

    [Fact]
    public async Task Invoke_BadRequestOfTheServer_KeepsItsStatus() =>
        Assert.Equal(413, (await RunAsync(new BadHttpRequestException("too large", 413))).Status);

    [Fact]
    public void Catalog_EveryRefusal_HasAProblem()
    {
        var lease = new Lease("holder", 3, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddMinutes(1));
        foreach (var code in Enum.GetValues<RefusalCode>())
        {
            var problem = ProblemCatalog.Of(new Refusal(code, "detail") { Lease = lease, Tag = "tag", Parts = [1, 2] });
            Assert.InRange(problem.Status, 400, 599);
            Assert.Equal(("holder", "tag"), (problem.Holder, problem.Tag));
            Assert.NotNull(problem.Detail);
        }

        Assert.Equal([1, 2], ProblemCatalog.Of(new Refusal(RefusalCode.PartsMissing, "") { Parts = [1, 2] }).Missing!.Value);
        Assert.Equal([1, 2], ProblemCatalog.Of(new Refusal(RefusalCode.PartChanged, "") { Parts = [1, 2] }).Changed!.Value);
    }

    private static async Task<(int Status, string Body)> RunAsync(Exception exception)
    {
        using var body = new MemoryStream();
        var context = new DefaultHttpContext { Response = { Body = body } };
        await new FailureGate(_ => throw exception, NullLogger<FailureGate>.Instance).InvokeAsync(context);
        return (context.Response.StatusCode, System.Text.Encoding.UTF8.GetString(body.ToArray()));
    }
}
