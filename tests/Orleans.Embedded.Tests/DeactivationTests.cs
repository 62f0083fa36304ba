using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.Embedded.Tests;

[Alias("tests.ITally")]
public interface ITally : IGrainWithStringKey
{
    Task Add(int number);

    Task Leave();
}

/// <summary>Counts what it was given where deactivation can't lose it.</summary>
public sealed class TallyGrain(Witness witness) : Grain, ITally
{
    private bool _over;

    public async Task Add(int number)
    {
        await Task.Yield();
        if (_over)
            witness.Note("late");
        witness.Note($"{this.GetPrimaryKeyString()} {number}");
    }

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (witness.Count($"alive {this.GetPrimaryKeyString()}") != witness.Count($"dead {this.GetPrimaryKeyString()}"))
            witness.Note("two alive");
        witness.Note($"alive {this.GetPrimaryKeyString()}");
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        _over = true;
        witness.Note($"dead {this.GetPrimaryKeyString()}");
    }
}

[Alias("tests.IFleeting")]
public interface IFleeting : IGrainWithStringKey
{
    Task Leave();
}

/// <summary>Lives for one call, so that every call that waits is handed on.</summary>
public sealed class FleetingGrain : Grain, IFleeting
{
    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}

[Alias("tests.IFragile")]
public interface IFragile : IGrainWithStringKey
{
    Task<int> Works();
}

/// <summary>Fails to activate for as long as the test says.</summary>
public sealed class FragileGrain(Witness witness) : Grain, IFragile
{
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        witness.Note("trying");
        if (witness.Count("mended") == 0)
        {
            await witness.At("fail");
            throw new NotSupportedException("not yet");
        }
    }

    public Task<int> Works() => Task.FromResult(1);
}

public sealed class DeactivationTests : IAsyncLifetime
{
    private Cluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await Cluster.Start();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task DeactivateOnIdle_CallsKeepArriving_NoneIsLostOrRunTwice()
    {
        const int Callers = 4, Each = 1000;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var grain = _cluster.Grain<ITally>("tally");
            var calls = new List<Task>();
            for (var i = 0; i < Each; i++)
            {
                calls.Add(grain.Add((caller * Each) + i));
                if (i % 25 == caller)
                    calls.Add(grain.Leave());
                if (i % 100 == 0)
                    await calls[^1];
            }

            await Task.WhenAll(calls);
        })));
        var numbers = _cluster.Witness.Journal.Where(static e => e.StartsWith("tally ", StringComparison.Ordinal))
            .Select(static e => int.Parse(e.AsSpan(6), System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(Callers * Each, numbers.Length);
        Assert.Equal(Enumerable.Range(0, Callers * Each), numbers.Order());
        for (var caller = 0; caller < Callers; caller++)
            Assert.Equal(Enumerable.Range(caller * Each, Each), numbers.Where(n => n / Each == caller));
        Assert.Equal(0, _cluster.Witness.Count("late"));
        Assert.Equal(0, _cluster.Witness.Count("two alive"));
        Assert.True(_cluster.Witness.Count("dead tally") > 10, "It hardly ever deactivated.");
    }

    [Fact]
    public async Task DeactivateOnIdle_EveryCall_HandsTheOthersOnTensOfThousandsOfTimes()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var grain = _cluster.Grain<IFleeting>("fleeting");
            for (var i = 0; i < 200; i++)
                await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => grain.Leave()));
        }))).WaitAsync(TimeSpan.FromSeconds(60));
        await _cluster.Inner.DeactivateAsync(_cluster.Grain<IFleeting>("fleeting"));
    }

    [Fact]
    public async Task DeactivateOnIdle_InATurn_LetsItEndAndStartsAfresh()
    {
        var grain = _cluster.Grain<IProbe>("leaves");
        Assert.Equal(1, await grain.Next());
        var held = grain.LeaveThenHold("leaving-gate");
        await _cluster.Witness.Noted("in leaving-gate");
        var next = grain.Next();
        _cluster.Witness.Open("leaving-gate");
        Assert.Equal("done", await held);
        Assert.Equal(1, await next);
        Assert.Equal(1, _cluster.Witness.Count("left leaves"));
        Assert.Equal(2, _cluster.Witness.Count("active leaves"));
    }

    [Fact]
    public async Task Call_WhileTheOldActivationLeaves_WaitsUntilItIsGone()
    {
        var grain = _cluster.Grain<IProbe>("slow-end");
        await grain.Next();
        await grain.Leave();
        await _cluster.Witness.Noted("leaving slow-end");
        var calls = Enumerable.Range(0, 20).Select(_ => grain.Next()).ToArray();
        Assert.Equal(1, _cluster.Witness.Count("activating slow-end"));
        _cluster.Witness.Open("end slow-end");
        Assert.Equal(Enumerable.Range(1, 20), await Task.WhenAll(calls));
        var journal = _cluster.Witness.Journal.Where(static e => e.EndsWith(" slow-end", StringComparison.Ordinal)).Take(5);
        Assert.Equal(["activating slow-end", "active slow-end", "leaving slow-end", "left slow-end", "activating slow-end"], journal);
    }

    [Fact]
    public async Task DeactivateAsync_GrainInMemory_EndsWhenItHasLeft()
    {
        var grain = _cluster.Grain<IProbe>("asked");
        await grain.Next();
        await _cluster.Inner.DeactivateAsync(grain);
        Assert.Equal(1, _cluster.Witness.Count("left asked"));
        Assert.True(_cluster.Inner.WaitForDeactivationAsync(grain).IsCompleted);
        Assert.Equal(1, await grain.Next());
    }

    [Fact]
    public async Task Call_ManyWhileActivating_AllRunOnTheOneActivation()
    {
        var grain = _cluster.Grain<IProbe>("slow-start");
        var calls = Enumerable.Range(0, 100).Select(_ => Task.Run(grain.Next)).ToArray();
        await _cluster.Witness.Noted("activating slow-start");
        _cluster.Witness.Open("start slow-start");
        Assert.Equal(Enumerable.Range(1, 100), (await Task.WhenAll(calls)).Order());
        Assert.Equal(1, _cluster.Witness.Count("active slow-start"));
    }

    [Fact]
    public async Task Call_ActivationFails_AllThatWaitFailAndTheNextTriesAgain()
    {
        var grain = _cluster.Grain<IFragile>("fragile");
        var calls = Enumerable.Range(0, 20).Select(_ => grain.Works()).ToArray();
        await _cluster.Witness.Noted("trying");
        _cluster.Witness.Open("fail");
        foreach (var call in calls)
            await Assert.ThrowsAsync<NotSupportedException>(() => call);
        Assert.Equal(1, _cluster.Witness.Count("trying"));
        _cluster.Witness.Note("mended");
        Assert.Equal(1, await grain.Works());
        Assert.Equal(2, _cluster.Witness.Count("trying"));
    }
}

public sealed class CollectionTests
{
    [Fact]
    public async Task Activation_NotCalledForItsAge_IsCollectedAndOthersAreNot()
    {
        await using var cluster = await Cluster.Start(silo => silo.Configure<GrainCollectionOptions>(o =>
        {
            o.CollectionQuantum = TimeSpan.FromMilliseconds(50);
            o.CollectionAge = TimeSpan.FromMilliseconds(300);
            o.ClassSpecificCollectionAge[typeof(ReentrantProbeGrain).FullName!] = TimeSpan.FromHours(1);
        }));
        var held = cluster.Grain<IProbe>("busy").Hold("busy-gate");
        await cluster.Grain<IReentrantProbe>("kept").Next();
        await cluster.Grain<IProbe>("idle").Next();
        await cluster.Witness.Noted("left idle");
        Assert.Equal(0, cluster.Witness.Count("left busy"));
        Assert.Equal(0, cluster.Witness.Count("left kept"));
        Assert.Equal(2, await cluster.Grain<IReentrantProbe>("kept").Next());
        Assert.Equal(1, await cluster.Grain<IProbe>("idle").Next());
        cluster.Witness.Open("busy-gate");
        await held;
        await cluster.Witness.Noted("left busy");
    }
}
