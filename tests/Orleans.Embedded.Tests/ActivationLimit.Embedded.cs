using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.Embedded.Tests;

[Alias("tests.IHeavy")]
public interface IHeavy : IGrainWithStringKey
{
    Task<int> Touch();

    Task Hold(string gate);
}

/// <summary>Counts how many of its kind are in memory.</summary>
public sealed class HeavyGrain(Witness witness) : Grain, IHeavy
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var alive = Interlocked.Increment(ref witness.Alive);
        for (int most; (most = Volatile.Read(ref witness.Most)) < alive;)
            Interlocked.CompareExchange(ref witness.Most, alive, most);
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        Interlocked.Decrement(ref witness.Alive);
        witness.Note($"left {this.GetPrimaryKeyString()} {reason.ReasonCode}");
    }

    public async Task<int> Touch()
    {
        await Task.Yield();
        return 1;
    }

    public async Task Hold(string gate)
    {
        witness.Note($"in {gate}");
        await witness.At(gate);
    }
}

public sealed class ActivationLimitTests : IAsyncLifetime
{
    private const int Limit = 50;
    private Cluster _cluster = null!;

    public async ValueTask InitializeAsync() =>
        _cluster = await Cluster.Start(silo => silo.Configure<EmbeddedActivationLimitOptions>(o => o.MaxActivations = Limit));

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Limit_ThousandsOfGrainsOneAfterAnother_NeverMoreInMemory()
    {
        for (var i = 0; i < 1000; i++)
            await _cluster.Grain<IHeavy>($"{i}").Touch();
        Assert.Equal(Limit, _cluster.Witness.Most);
        Assert.Equal(1, _cluster.Witness.Count("left 0 HighMemoryPressure"));
        Assert.Equal(0, _cluster.Witness.Count("left 999 HighMemoryPressure"));
    }

    [Fact]
    public async Task Limit_ThousandsOfGrainsAtOnce_AllAnswerAndTheLimitHoldsAgain()
    {
        var calls = Enumerable.Range(0, 4000).Select(i => Task.Run(() => _cluster.Grain<IHeavy>($"{i % 2000}").Touch()));
        Assert.Equal(4000, (await Task.WhenAll(calls)).Sum());
        await _cluster.Witness.Until(() => Volatile.Read(ref _cluster.Witness.Alive) <= Limit, "the limit");
    }

    [Fact]
    public async Task Limit_AllBusy_IsExceededUntilOneIsIdle()
    {
        var held = Enumerable.Range(0, Limit).Select(i => _cluster.Grain<IHeavy>($"{i}").Hold("all")).ToArray();
        await _cluster.Witness.Noted("in all", Limit);
        Assert.Equal(1, await _cluster.Grain<IHeavy>("one more").Touch());
        _cluster.Witness.Open("all");
        await Task.WhenAll(held);
        await _cluster.Witness.Until(() => Volatile.Read(ref _cluster.Witness.Alive) <= Limit, "the limit");
    }

    [Fact]
    public async Task Limit_GrainInUse_StaysWhileOthersLeave()
    {
        var used = _cluster.Grain<IHeavy>("used");
        for (var i = 0; i < 500; i++)
        {
            await used.Touch();
            await _cluster.Grain<IHeavy>($"{i}").Touch();
        }

        Assert.Equal(0, _cluster.Witness.Count("left used HighMemoryPressure"));
    }
}
