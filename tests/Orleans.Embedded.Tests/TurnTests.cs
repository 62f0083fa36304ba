using Orleans.Runtime;

namespace Orleans.Embedded.Tests;

public sealed class TurnTests : IAsyncLifetime
{
    private Cluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await Cluster.Start();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Call_AwaitsInside_OthersWaitForTheirTurn()
    {
        var grain = _cluster.Grain<IProbe>("turns");
        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(grain.NextSlowly)));
        Assert.Equal(Enumerable.Range(1, 200), results.Order());
        Assert.Equal(0, _cluster.Witness.Count("overlap"));
    }

    [Fact]
    public async Task Call_ReentrantClass_StartsWhileAnotherAwaitsButNeverInParallel()
    {
        var grain = _cluster.Grain<IReentrantProbe>("reentrant");
        var held = grain.Hold("reentrant-gate");
        await _cluster.Witness.Noted("in reentrant-gate");
        Assert.Equal(1, await grain.Next());
        var many = await Task.WhenAll(Enumerable.Range(0, 2000).Select(_ => Task.Run(grain.Next)));
        Assert.Equal(Enumerable.Range(2, 2000), many.Order());
        _cluster.Witness.Open("reentrant-gate");
        await held;
    }

    [Fact]
    public async Task Call_AlwaysInterleave_PassesTheCallThatAwaitsAndThoseThatWait()
    {
        var grain = _cluster.Grain<IProbe>("interleave");
        var held = grain.Hold("interleave-gate");
        await _cluster.Witness.Noted("in interleave-gate");
        var waiting = grain.Next();
        Assert.Equal("interleave", await grain.Ping());
        Assert.False(waiting.IsCompleted);
        _cluster.Witness.Open("interleave-gate");
        await held;
        Assert.Equal(1, await waiting);
    }

    [Fact]
    public async Task Call_ReadOnly_InterleavesWithReadOnlyAlone()
    {
        var grain = _cluster.Grain<IProbe>("readers");
        var witness = _cluster.Witness;
        var first = grain.Look("reader-1");
        var second = grain.Look("reader-2");
        await witness.Noted("in reader-1");
        await witness.Noted("in reader-2");
        var writer = grain.Hold("writer");
        witness.Open("reader-1");
        await first;
        Assert.Equal(0, witness.Count("in writer"));
        witness.Open("reader-2");
        await witness.Noted("in writer");
        var third = grain.Look("reader-3");
        Assert.Equal("readers", await grain.Ping());
        Assert.Equal(0, witness.Count("in reader-3"));
        witness.Open("writer");
        witness.Open("reader-3");
        await Task.WhenAll(second, writer, third);
        Assert.Equal(1, witness.Count("out reader-3"));
    }

    [Fact]
    public async Task Calls_OfOneCaller_ArriveInOrder()
    {
        var grain = _cluster.Grain<IProbe>("order");
        var calls = Enumerable.Range(0, 5000).Select(grain.Append).ToArray();
        await Task.WhenAll(calls);
        Assert.Equal(Enumerable.Range(0, 5000), await grain.Appended());
    }

    [Fact]
    public async Task Call_GrainThrows_CallerGetsTypeAndTheActivationLivesOn()
    {
        var grain = _cluster.Grain<IProbe>("throws");
        Assert.Equal(1, await grain.Next());
        var now = await Assert.ThrowsAsync<InvalidOperationException>(() => grain.Fail("no"));
        Assert.Equal("no", now.Message);
        await Assert.ThrowsAsync<KeyNotFoundException>(grain.FailUnexpectedly);
        Assert.Equal(2, await grain.Next());
        Assert.Equal(1, _cluster.Witness.Count("active throws"));
    }

    [Fact]
    public async Task Call_EveryKindOfResult_ComesBack()
    {
        var grain = _cluster.Grain<IProbe>("results");
        var parcel = new Parcel("p", [1, 2, 3]);
        var echo = await grain.Echo(parcel);
        Assert.Equal(parcel.Name, echo.Name);
        Assert.Equal(parcel.Items.AsEnumerable(), echo.Items);
        await grain.Nothing();
        grain.Tell("one way");
        await _cluster.Witness.Noted("one way");
    }

    [Fact]
    public async Task Await_InsideAGrain_ComesBackToTheActivation() =>
        Assert.True(await _cluster.Grain<IProbe>("scheduler").ComesBackToItsScheduler());

    [Fact]
    public async Task RequestContext_SetByCaller_ReachesTheGrainAndNeverComesBack()
    {
        var grain = _cluster.Grain<IProbe>("ambient");
        RequestContext.Set("tag", "from the caller");
        Assert.Equal("from the caller", await grain.Ambient("tag"));
        Assert.Equal("from the caller", RequestContext.Get("tag"));
        RequestContext.Clear();
        Assert.Null(await grain.Ambient("tag"));
    }

    [Fact]
    public async Task Grains_ThousandsAtOnce_EachHasOneActivation()
    {
        const int Grains = 5000;
        var calls = new List<Task<int>>();
        for (var round = 0; round < 3; round++)
            calls.AddRange(Enumerable.Range(0, Grains).Select(i => Task.Run(() => _cluster.Grain<IProbe>($"many-{i}").Next())));
        var results = await Task.WhenAll(calls);
        Assert.Equal(Grains * 6, results.Sum());
        var activated = _cluster.Witness.Journal.Where(static e => e.StartsWith("active many-", StringComparison.Ordinal)).ToArray();
        Assert.Equal(Grains, activated.Length);
        Assert.Equal(Grains, activated.Distinct().Count());
    }

    [Fact]
    public void GetGrain_SameKey_GivesEqualReferences()
    {
        Assert.Equal(_cluster.Grain<IProbe>("same"), _cluster.Grain<IProbe>("same"));
        Assert.NotEqual(_cluster.Grain<IProbe>("same"), _cluster.Grain<IProbe>("other"));
        Assert.Equal("same", _cluster.Grain<IProbe>("same").GetPrimaryKeyString());
        Assert.Equal(_cluster.Grain<IProbe>("same").GetGrainId(), _cluster.Grain<IProbe>("same").AsReference<IProbe>().GetGrainId());
    }
}
