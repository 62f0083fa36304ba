namespace Orleans.Embedded.Tests;

public sealed class CancellationTests : IAsyncLifetime
{
    private Cluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await Cluster.Start();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Call_TokenCancelledBefore_NeverRuns()
    {
        var grain = _cluster.Grain<IProbe>("before");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => grain.HoldUntilCancelled(new CancellationToken(canceled: true)));
        await grain.Next();
        Assert.Equal(0, _cluster.Witness.Count("in before"));
    }

    [Fact]
    public async Task Call_CancelledWhileItWaits_FailsAtOnceAndNeverRuns()
    {
        var grain = _cluster.Grain<IProbe>("waits");
        using var cancellation = new CancellationTokenSource();
        var held = grain.Hold("waits-gate");
        await _cluster.Witness.Noted("in waits-gate");
        var waiting = grain.HoldUntilCancelled(cancellation.Token);
        var behind = grain.Next();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.False(held.IsCompleted);
        _cluster.Witness.Open("waits-gate");
        await held;
        Assert.Equal(1, await behind);
        Assert.Equal(0, _cluster.Witness.Count("in waits"));
    }

    [Fact]
    public async Task Call_CancelledInItsTurn_GrainSeesItAndLivesOn()
    {
        var grain = _cluster.Grain<IProbe>("during");
        using var cancellation = new CancellationTokenSource();
        var call = grain.HoldUntilCancelled(cancellation.Token);
        await _cluster.Witness.Noted("in during");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await _cluster.Witness.Noted("cancelled during");
        Assert.Equal(1, await grain.Next());
        Assert.Equal(1, _cluster.Witness.Count("active during"));
    }

    [Fact]
    public async Task Call_CancelledWhileRacingWithItsTurn_EitherRunsOrDoesNot()
    {
        var grain = _cluster.Grain<IProbe>("race");
        for (var i = 0; i < 500; i++)
        {
            using var cancellation = new CancellationTokenSource();
            var call = grain.HoldUntilCancelled(cancellation.Token);
            var cancel = Task.Run(cancellation.Cancel);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
            await cancel;
        }

        Assert.Equal(1, await grain.Next());
        Assert.Equal(_cluster.Witness.Count("in race"), _cluster.Witness.Count("cancelled race"));
    }
}
