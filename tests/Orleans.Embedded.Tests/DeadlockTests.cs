namespace Orleans.Embedded.Tests;

public sealed class DeadlockTests : IAsyncLifetime
{
    private Cluster _cluster = null!;

    public async ValueTask InitializeAsync() =>
        _cluster = await Cluster.Start(ShortResponseTimeout.Configure);

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Call_FromInsideToItself_IsReported()
    {
        var grain = _cluster.Grain<IProbe>("self");
        var failure = await Assert.ThrowsAnyAsync<TimeoutException>(grain.CallSelf);
        DeadlockReport.Names(failure, "probe/self IProbeCalls.Next", "probe/self IProbeCalls.CallSelf");
        Assert.Equal("self", await grain.Ping());
    }

    [Fact]
    public async Task Call_FromInsideToItselfThroughAnother_IsReported()
    {
        var failure = await Assert.ThrowsAnyAsync<TimeoutException>(() => _cluster.Grain<IProbe>("a").CallBackThrough("b"));
        DeadlockReport.Names(failure, "probe/a IProbeCalls.Next", "probe/b IProbeCalls.Recall", "probe/a IProbeCalls.CallBackThrough");
    }

    [Fact]
    public async Task Call_FromInsideToItselfWhenReentrant_Works()
    {
        var grain = _cluster.Grain<IReentrantProbe>("free");
        await grain.CallSelf();
        await grain.CallBackThrough("other");
        Assert.Equal(3, await grain.Next());
    }

    [Fact]
    public async Task Call_FromInsideToItselfAlwaysInterleaving_Works() =>
        await _cluster.Grain<IProbe>("c").CallBackAs(_cluster.Grain<IProbe>("d"), interleaving: true);

    [Fact]
    public async Task Call_BackToAGrainThatIsLeaving_IsLetIn()
    {
        var grain = _cluster.Grain<IReentrantProbe>("leaver");
        await grain.Leave();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => i % 3 == 0 ? grain.Leave() : grain.CallSelf()));
    }
}
