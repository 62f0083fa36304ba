using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.Embedded.Tests;

[Alias("tests.IClock")]
public interface IClock : IGrainWithStringKey
{
    Task Start(int periodMilliseconds, bool interleave, bool keepAlive);

    Task StartFailing();

    Task Stop();

    Task Hold(string gate);

    Task DelayLeaving(TimeSpan span);
}

public sealed class ClockGrain(Witness witness) : Grain, IClock
{
    private IGrainTimer? _timer;

    private string Key => this.GetPrimaryKeyString();

    public Task Start(int periodMilliseconds, bool interleave, bool keepAlive)
    {
        var period = TimeSpan.FromMilliseconds(periodMilliseconds);
        _timer = this.RegisterGrainTimer(
            Tick, "tick", new GrainTimerCreationOptions(TimeSpan.Zero, period) { Interleave = interleave, KeepAlive = keepAlive });
        return Task.CompletedTask;
    }

    public Task StartFailing()
    {
        _timer = this.RegisterGrainTimer(
            () =>
            {
                witness.Note($"failing {Key}");
                throw new InvalidOperationException("a tick failed");
            },
            TimeSpan.Zero,
            TimeSpan.FromMilliseconds(5));
        return Task.CompletedTask;
    }

    public Task Stop()
    {
        _timer!.Dispose();
        return Task.CompletedTask;
    }

    public async Task Hold(string gate)
    {
        witness.Note($"in {gate}");
        await witness.At(gate);
    }

    public Task DelayLeaving(TimeSpan span)
    {
        DelayDeactivation(span);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        witness.Note($"left {Key}");
        return Task.CompletedTask;
    }

    private async Task Tick(string word, CancellationToken cancellationToken)
    {
        await Task.Yield();
        witness.Note($"{word} {Key}");
    }
}

public sealed class TimerTests
{
    private static readonly Action<ISiloBuilder> CollectSoon = static silo => silo.Configure<GrainCollectionOptions>(static o =>
        (o.CollectionQuantum, o.CollectionAge) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(8)));

    [Fact]
    public async Task Timer_WhileATurnAwaits_WaitsForItUnlessItInterleaves()
    {
        await using var cluster = await Cluster.Start();
        var (queued, interleaving) = (cluster.Grain<IClock>("queued"), cluster.Grain<IClock>("interleaving"));
        await queued.Start(5, interleave: false, keepAlive: false);
        await interleaving.Start(5, interleave: true, keepAlive: false);
        await cluster.Witness.Noted("tick queued", 2);
        var held = new[] { queued.Hold("q"), interleaving.Hold("i") };
        await cluster.Witness.Noted("in q");
        await cluster.Witness.Noted("in i");
        var (before, interleaved) = (cluster.Witness.Count("tick queued"), cluster.Witness.Count("tick interleaving"));
        await cluster.Witness.Noted("tick interleaving", interleaved + 5);
        Assert.Equal(before, cluster.Witness.Count("tick queued"));
        cluster.Witness.Open("q");
        cluster.Witness.Open("i");
        await Task.WhenAll(held);
        await cluster.Witness.Noted("tick queued", before + 2);
    }

    [Fact]
    public async Task Timer_CallbackThrows_GoesOnUntilDisposed()
    {
        await using var cluster = await Cluster.Start();
        var grain = cluster.Grain<IClock>("t");
        await grain.StartFailing();
        await cluster.Witness.Noted("failing t", 3);
        await grain.Stop();
        var count = cluster.Witness.Count("failing t");
        await grain.Start(5, interleave: false, keepAlive: false);
        await cluster.Witness.Noted("tick t", 10);
        Assert.Equal(count, cluster.Witness.Count("failing t"));
    }

    [Fact]
    public async Task Timer_KeepAlive_HoldsItsActivationAndAnotherTimerDoesNot()
    {
        await using var cluster = await Cluster.Start(CollectSoon);
        await cluster.Grain<IClock>("kept").Start(20, interleave: false, keepAlive: true);
        await cluster.Grain<IClock>("not-kept").Start(20, interleave: false, keepAlive: false);
        await cluster.Witness.Noted("left not-kept");
        var ticks = cluster.Witness.Count("tick not-kept");
        await cluster.Witness.Noted("tick kept", cluster.Witness.Count("tick kept") + 20);
        Assert.Equal(0, cluster.Witness.Count("left kept"));
        Assert.Equal(ticks, cluster.Witness.Count("tick not-kept"));
    }

    [Fact]
    public async Task DelayDeactivation_UntilTakenBack_HoldsTheActivation()
    {
        await using var cluster = await Cluster.Start(CollectSoon);
        await cluster.Grain<IClock>("delayed").DelayLeaving(TimeSpan.FromHours(1));
        await cluster.Grain<IClock>("plain").DelayLeaving(TimeSpan.Zero);
        await cluster.Witness.Noted("left plain");
        Assert.Equal(0, cluster.Witness.Count("left delayed"));
        await cluster.Grain<IClock>("delayed").DelayLeaving(TimeSpan.FromSeconds(-1));
        await cluster.Witness.Noted("left delayed");
    }
}
