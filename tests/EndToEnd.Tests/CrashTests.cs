using Media.AppHost.Processes;
using Media.EndToEnd.Tests.Support;
using Media.Tests.Support;

namespace Media.EndToEnd.Tests;

/// <summary>What dies in the middle of an upload comes back, and the same command ends it with the right object.</summary>
public sealed class CrashTests : IAsyncLifetime
{
    private const long MiB = 1L << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly TemporaryFolder folder = new();
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private TestPostgres postgres = null!;
    private TestStorage storage = null!;
    private StoreProxy proxy = null!;
    private ApiProcess api = null!;
    private TestFile file = null!;

    public async ValueTask InitializeAsync()
    {
        postgres = await TestPostgres.StartAsync(cancel);
        storage = await TestStorage.StartAsync(cancel);
        proxy = await StoreProxy.StartAsync(storage.Endpoint, cancel);
        using (var client = storage.CreateClient())
            await client.PutBucketAsync("media", cancel);
        api = await ApiProcess.StartAsync(await postgres.CreateDatabaseAsync(cancellationToken: cancel), proxy.Endpoint, "media", cancel);
        file = await TestFile.CreateAsync(folder.Path("big file.bin"), 64 * MiB, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        await proxy.DisposeAsync();
        await storage.DisposeAsync();
        await postgres.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Upload_ApiKilledInTheMiddle_SameCommandFinishesIt()
    {
        var middle = AtPart(4);
        await using var upload = await UploadAsync();
        await middle.Reached;
        await api.KillAsync();
        middle.Release();
        await api.RestartAsync(cancel);

        await AssertVerifiedAsync(upload);
    }

    [Fact]
    public async Task Upload_StoreKilledInTheMiddleOfAPart_SameCommandFinishesIt()
    {
        var middle = AtPart(4);
        await using var upload = await UploadAsync();
        await middle.Reached;
        await storage.KillAsync();
        middle.Release();
        await storage.RestartAsync(cancel);

        await AssertVerifiedAsync(upload);
    }

    [Fact]
    public async Task Upload_DatabaseKilledBetweenCompleteAndItsRecord_SameCommandFinishesIt()
    {
        var killed = 0;
        proxy.After = async request =>
        {
            if (StoreProxy.IsComplete(request) && Interlocked.Exchange(ref killed, 1) == 0)
                await postgres.KillAsync();
        };
        await using var upload = await UploadAsync();
        await Eventually.TrueAsync(() => Task.FromResult(Volatile.Read(ref killed) == 1), Patience);
        await postgres.RestartAsync(cancel);

        await AssertVerifiedAsync(upload);
    }

    [Fact]
    public async Task Upload_DatabaseKilledInTheMiddle_SameCommandFinishesIt()
    {
        var middle = AtPart(4);
        await using var upload = await UploadAsync();
        await middle.Reached;
        await postgres.KillAsync();
        middle.Release();
        using (var client = api.CreateClient())
        {
            using var answer = await client.GetAsync("/v1/uploads", cancel);
            Assert.Equal(503, (int)answer.StatusCode);
            Assert.Contains("storage_unavailable", await answer.Content.ReadAsStringAsync(cancel), StringComparison.Ordinal);
        }

        await postgres.RestartAsync(cancel);

        await AssertVerifiedAsync(upload);
    }

    [Fact]
    public async Task Upload_CommandKilledInTheMiddle_RunAgainSendsOnlyTheRest()
    {
        var middle = AtPart(4);
        await using (var first = await UploadAsync())
        {
            await middle.Reached;
            await first.KillAsync();
        }

        middle.Release();
        var sent = 0;
        proxy.Before = request =>
        {
            if (StoreProxy.IsPart(request))
                Interlocked.Increment(ref sent);
            return Task.CompletedTask;
        };
        await using var second = await UploadAsync();

        await AssertVerifiedAsync(second);
        Assert.InRange(sent, 1, 5);
    }

    private Task<ChildProcess> UploadAsync() => CommandLine.StartAsync(api.Address, cancel, "upload", file.Path, "--json", "--part-size", "8388608", "--parallel", "2");

    private async Task AssertVerifiedAsync(ChildProcess upload)
    {
        var result = await CommandLine.ResultAsync(upload, Patience);
        using var http = api.CreateClient();
        var ended = await http.UntilEndedAsync(result.GetProperty("tag").GetString()!, Patience);
        Assert.Equal("Verified", ended.GetProperty("state").GetString());
        using var client = storage.CreateClient();
        Assert.Equal(file.Sha256, await TestFile.HashObjectAsync(client, "media", $"hash/{ended.GetProperty("pieceHash").GetString()}", cancel));
        Assert.Empty((await client.ListMultipartUploadsAsync("media", cancel)).MultipartUploads ?? []);
    }

    /// <summary>Lets parts through until the given number have been, and holds the next one half-way until it is released.</summary>
    private Moment AtPart(int number)
    {
        var moment = new Moment();
        var parts = 0;
        proxy.Before = async request =>
        {
            if (StoreProxy.IsPart(request) && Interlocked.Increment(ref parts) > number)
            {
                moment.Reach();
                await moment.Released;
            }
        };
        return moment;
    }

    private sealed class Moment
    {
        private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => reached.Task.WaitAsync(Patience);

        public Task Released => released.Task;

        public void Reach() => reached.TrySetResult();

        public void Release() => released.TrySetResult();
    }
}
