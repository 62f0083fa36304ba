using System.Collections.Immutable;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Orleans.Embedded.Tests;

/// <summary>An argument and result as grains have them.</summary>
[GenerateSerializer, Immutable, Alias("tests.parcel")]
public sealed record Parcel(string Name, ImmutableArray<int> Items);

[Alias("tests.IProbeCalls")]
public interface IProbeCalls : IGrainWithStringKey
{
    Task<int> Next();

    Task<int> NextSlowly();

    Task Append(int number);

    Task<ImmutableArray<int>> Appended();

    Task Hold(string gate);

    Task HoldUntilCancelled(CancellationToken cancellationToken);

    [ReadOnly]
    Task Look(string gate);

    [AlwaysInterleave]
    Task<string> Ping();

    Task Fail(string message);

    Task FailUnexpectedly();

    ValueTask<Parcel> Echo(Parcel parcel);

    ValueTask Nothing();

    void Tell(string entry);

    Task Leave();

    Task<string> LeaveThenHold(string gate);

    Task CallSelf();

    Task CallBackThrough(string other);

    Task CallBackAs(IProbeCalls other, bool interleaving);

    Task<string> Recall(IProbeCalls caller, bool interleaving);

    Task<bool> ComesBackToItsScheduler();

    Task<string?> Ambient(string name);
}

/// <summary>One turn at a time.</summary>
[Alias("tests.IProbe")]
public interface IProbe : IProbeCalls;

public sealed class ProbeGrain(Witness witness) : Probe(witness), IProbe;

/// <summary>The same, reentrant.</summary>
[Alias("tests.IReentrantProbe")]
public interface IReentrantProbe : IProbeCalls;

[Reentrant]
public sealed class ReentrantProbeGrain(Witness witness) : Probe(witness), IReentrantProbe;

public abstract class Probe(Witness witness) : Grain
{
    private readonly List<int> _appended = [];
    private int _count;
    private int _inTurn;

    private string Key => GrainContext.GrainId.Key.ToString()!;

    private IProbeCalls Self => (IProbeCalls)GrainContext.GrainInstance!;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        witness.Note($"activating {Key}");
        if (Key.StartsWith("slow-start", StringComparison.Ordinal))
            await witness.At($"start {Key}");
        await Task.Yield();
        witness.Note($"active {Key}");
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        witness.Note($"leaving {Key}");
        if (Key.StartsWith("slow-end", StringComparison.Ordinal))
            await witness.At($"end {Key}");
        await Task.Yield();
        witness.Note($"left {Key}");
    }

    public Task<int> Next() => Task.FromResult(++_count);

    public async Task<int> NextSlowly()
    {
        Interlocked.Increment(ref _inTurn);
        var read = _count;
        await Task.Yield();
        await Task.Delay(1);
        if (Interlocked.Decrement(ref _inTurn) != 0)
            witness.Note("overlap");
        return _count = read + 1;
    }

    public Task Append(int number)
    {
        _appended.Add(number);
        return Task.CompletedTask;
    }

    public Task<ImmutableArray<int>> Appended() => Task.FromResult(_appended.ToImmutableArray());

    public async Task Hold(string gate)
    {
        witness.Note($"in {gate}");
        await witness.At(gate);
        witness.Note($"out {gate}");
    }

    public async Task HoldUntilCancelled(CancellationToken cancellationToken)
    {
        witness.Note($"in {Key}");
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            witness.Note($"cancelled {Key}");
            throw;
        }
    }

    public Task Look(string gate) => Hold(gate);

    public Task<string> Ping() => Task.FromResult(Key);

    public Task Fail(string message) => throw new InvalidOperationException(message);

    public async Task FailUnexpectedly()
    {
        await Task.Yield();
        throw new KeyNotFoundException("later");
    }

    public ValueTask<Parcel> Echo(Parcel parcel) => new(parcel);

    public async ValueTask Nothing() => await Task.Yield();

    public void Tell(string entry) => witness.Note(entry);

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task<string> LeaveThenHold(string gate)
    {
        DeactivateOnIdle();
        await Hold(gate);
        return "done";
    }

    public async Task CallSelf() => await Self.AsReference<IProbeCalls>().Next();

    public async Task CallBackThrough(string other) =>
        await GrainFactory.GetGrain<IProbe>(other).Recall(Self.AsReference<IProbeCalls>(), interleaving: false);

    public async Task CallBackAs(IProbeCalls other, bool interleaving) => await other.Recall(Self.AsReference<IProbeCalls>(), interleaving);

    public async Task<string> Recall(IProbeCalls caller, bool interleaving)
    {
        if (interleaving)
            return await caller.Ping();
        await caller.Next();
        return "";
    }

    public async Task<bool> ComesBackToItsScheduler()
    {
        var before = TaskScheduler.Current;
        await Task.Run(static () => { });
        await Task.Delay(1);
        return before == TaskScheduler.Current && before != TaskScheduler.Default;
    }

    public async Task<string?> Ambient(string name)
    {
        await Task.Yield();
        var value = (string?)RequestContext.Get(name);
        RequestContext.Set(name, "from the grain");
        return value;
    }
}
