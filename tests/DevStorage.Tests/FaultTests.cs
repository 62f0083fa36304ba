using System.Net;
using System.Text;
using Media.DevStorage.Tests.Support;

namespace Media.DevStorage.Tests;

public sealed class FaultTests
{
    private static readonly byte[] Body = Enumerable.Repeat((byte)'x', 100_000).ToArray();

    [Fact]
    public async Task Admin_WithoutBeingAskedForOrWithoutToken_IsNotThere()
    {
        await using var off = await StorageServer.StartAsync();
        Assert.Equal(403, (await off.Raw.UnsignedAsync("GET", "/_admin/faults")).Status);
        await using var on = await StorageServer.StartAsync(o => o.AdminToken = "secret");
        Assert.Equal(403, (await on.Raw.UnsignedAsync("GET", "/_admin/faults")).Status);
        Assert.Equal(403, (await on.Raw.UnsignedAsync("GET", "/_admin/faults", null, ("authorization", "Bearer wrong"))).Status);
        Assert.Equal("[]", (await on.Raw.UnsignedAsync("GET", "/_admin/faults", null, ("authorization", "Bearer secret"))).Text);
        Assert.Equal(400, (await SetAsync(on, "[{\"unknown\":1}]")).Status);
    }

    [Fact]
    public async Task Faults_OfEveryKind_HappenToWhatTheyNameAndNothingElse()
    {
        await using var server = await StorageServer.StartAsync(o => o.AdminToken = "secret");
        var bucket = await server.NewBucketAsync();
        await server.PutAsync(bucket, "k", Body);

        await SetAsync(server, "[{\"operation\":\"GetObject\",\"key\":\"*/k\",\"status\":503,\"times\":1,\"skip\":1}]");
        int[] answers = [await GetAsync(server, bucket), await GetAsync(server, bucket), await GetAsync(server, bucket)];
        Assert.Equal([200, 503, 200], answers);

        await SetAsync(server, "[{\"operation\":\"PutObject\",\"loseAnswer\":true,\"times\":1}]");
        Assert.Equal(0, (await server.Raw.SendAsync("PUT", $"/{bucket}/lost", Body)).Status);
        Assert.Equal(Body, await server.GetAsync(bucket, "lost"));

        await SetAsync(server, "[{\"operation\":\"PutObject\",\"cutRequestAfter\":1000}]");
        Assert.Equal(0, (await server.Raw.SendAsync("PUT", $"/{bucket}/cut", Body)).Status);
        await StorageServer.RefusedAsync(() => server.GetAsync(bucket, "cut"), "NoSuchKey", HttpStatusCode.NotFound);

        await SetAsync(server, "[{\"operation\":\"GetObject\",\"cutResponseAfter\":1000}]");
        Assert.True((await server.Raw.SendAsync("GET", $"/{bucket}/k")).Body.Length <= 1000);

        await SetAsync(server, "[{\"operation\":\"GetObject\",\"corruptSentAt\":70000}]");
        var sent = (await server.Raw.SendAsync("GET", $"/{bucket}/k")).Body;
        Assert.Equal([70_000], Enumerable.Range(0, Body.Length).Where(i => sent[i] != Body[i]));

        await SetAsync(server, "[{\"operation\":\"PutObject\",\"corruptStoredAt\":3}]");
        Assert.Equal(200, (await server.Raw.SendAsync("PUT", $"/{bucket}/bad", Body)).Status);
        var stored = (await server.Raw.SendAsync("GET", $"/{bucket}/bad")).Body;
        Assert.Equal([3], Enumerable.Range(0, Body.Length).Where(i => stored[i] != Body[i]));

        await SetAsync(server, "[{\"operation\":\"HeadObject\",\"latencyMs\":300}]");
        var started = TimeProvider.System.GetTimestamp();
        await server.Raw.SendAsync("HEAD", $"/{bucket}/k");
        Assert.True(TimeProvider.System.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(290));

        await SetAsync(server, "[{\"operation\":\"GetObject\",\"bytesPerSecond\":250000}]");
        started = TimeProvider.System.GetTimestamp();
        Assert.Equal(Body, (await server.Raw.SendAsync("GET", $"/{bucket}/k")).Body);
        Assert.True(TimeProvider.System.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(300));

        await server.Raw.UnsignedAsync("DELETE", "/_admin/faults", null, ("authorization", "Bearer secret"));
        Assert.Equal(200, await GetAsync(server, bucket));
    }

    private static async Task<int> GetAsync(StorageServer server, string bucket) => (await server.Raw.SendAsync("GET", $"/{bucket}/k")).Status;

    private static Task<RawAnswer> SetAsync(StorageServer server, string rules) =>
        server.Raw.UnsignedAsync("PUT", "/_admin/faults", Encoding.UTF8.GetBytes(rules), ("authorization", "Bearer secret"));
}
