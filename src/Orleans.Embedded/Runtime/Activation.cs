using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.Embedded;

/// <summary>
/// One life of one grain: made, activated, called, deactivated. Calls that come while it is made or unmade wait; those that are left when it is gone
/// go, in their order, to the next activation, which doesn't start before this one has ended.
/// </summary>
internal sealed partial class Activation : TurnScheduler, IGrainContext
{
    private readonly TaskCompletionSource _deactivated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Call> _running = [];
    private readonly List<GrainTimer> _timers = [];
    private readonly GrainClass _class;
    private readonly Queue<Call> _waiting;
    private AsyncServiceScope? _scope;
    private Phase _phase;
    private DeactivationReason? _reason;
    private int _exclusive;
    private int _readers;
    private long _lastUsed;
    private long _keepUntil;

    public Activation(EmbeddedSilo runtime, GrainId grainId, GrainClass grainClass, Queue<Call>? inherited = null)
    {
        (Runtime, GrainId, _class, _waiting) = (runtime, grainId, grainClass, inherited ?? new());
        _lastUsed = runtime.Time.GetTimestamp();
    }

    private enum Phase
    {
        Unborn,
        Activating,
        Active,
        Deactivating,
        Gone,
    }

    /// <summary>The activation whose turn runs on this thread.</summary>
    public static Activation? Executing => OnThisThread as Activation;

    public EmbeddedSilo Runtime { get; }

    public GrainId GrainId { get; }

    public object? GrainInstance { get; private set; }

    public IServiceProvider ActivationServices => (_scope ?? throw new InvalidOperationException($"{GrainId} isn't active.")).ServiceProvider;

    public Task Deactivated => _deactivated.Task;

    public bool IsOnTurn => OnThisThread == this;

    /// <summary>Timestamp of the last use; grows with it.</summary>
    public long LastUsed => Volatile.Read(ref _lastUsed);

    /// <summary>False if the activation is gone; its successor is in the directory then, if there is one.</summary>
    public bool TryEnqueue(Call call)
    {
        lock (Gate)
        {
            if (_phase == Phase.Gone)
                return false;
            if (MayStart(call, first: _waiting.Count == 0))
                Start(call);
            else
                _waiting.Enqueue(call);
            if (_phase == Phase.Unborn)
                StartActivating();
            return true;
        }
    }

    /// <summary>Starts on the calls that were inherited, unless a call that came since has started it.</summary>
    public void StartOnInherited()
    {
        lock (Gate)
        {
            if (_phase == Phase.Unborn)
                StartActivating();
        }
    }

    public void DeactivateOnRequest() =>
        Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "The grain asked for it."));

    /// <summary>Ends the activation if it is idle: since <paramref name="before"/>, not since, and not held by a delay (unless that is overruled).</summary>
    public bool TryCollect(long before, bool overruleDelay, DeactivationReason reason)
    {
        lock (Gate)
        {
            if (!IsIdle || _lastUsed > before || (!overruleDelay && _keepUntil > Runtime.Time.GetTimestamp()))
                return false;
            Deactivate(reason);
            return true;
        }
    }

    /// <summary>Whether the collection age has passed without use.</summary>
    public bool IsOld(long now) =>
        _class.CollectionAge is { } age && Runtime.Time.GetElapsedTime(LastUsed, now) >= age;

    public bool IsIdle => _phase == Phase.Active && _running.Count == 0 && _waiting.Count == 0;

    public void DelayDeactivation(TimeSpan span)
    {
        var ticks = span.TotalSeconds * Runtime.Time.TimestampFrequency;
        lock (Gate)
            _keepUntil = ticks >= long.MaxValue / 2d ? long.MaxValue : ticks <= 0 ? 0 : Runtime.Time.GetTimestamp() + (long)ticks;
    }

    public IGrainTimer StartTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        var timer = new GrainTimer(this, callback, options);
        lock (Gate)
            _timers.Add(timer);
        timer.Change(options.DueTime, options.Period);
        return timer;
    }

    public void Forget(GrainTimer timer)
    {
        lock (Gate)
            _timers.Remove(timer);
    }

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => GrainId.GetHashCode();

    protected override void Begin(object work) => _ = work is Call call ? RunTurn(call) : ((Func<Task>)work)();

    private async Task RunTurn(Call call)
    {
        Exception? failure = null;
        var begun = call.TryBegin();
        if (begun)
        {
            // Set inside this async method, so that they are gone when it returns.
            Call.Current = call;
            if (call.Context is not null)
                RequestContext.Snapshot = call.Context;
            try
            {
                await call.Run(this);
            }
            catch (Exception e)
            {
                failure = e;
            }

            if (failure is InconsistentStateException { IsSourceActivation: true } lost)
            {
                // Before the caller hears of it, so that its next call reads afresh.
                lost.IsSourceActivation = false;
                Log.LostWrite(Runtime.Logger, GrainId, call.Name);
                Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationError, lost, "A state write lost to a newer version."));
            }
        }

        call.End();
        EndTurn(call);
        if (begun)
        {
            Runtime.CallEnded(call);
            call.Settle(failure);
        }
    }

    private bool MayStart(Call call, bool first)
    {
        // A call from up its own chain is let in while that one runs: it couldn't end otherwise.
        var open = _phase == Phase.Active || (_phase == Phase.Deactivating && call.Reenters && _running.Count > 0);
        if (!open)
            return false;
        if (_class.Reentrant || call.Interleaves)
            return true;
        if (_exclusive > 0)
            return false;
        return call.ReadOnly ? first || call.Reenters : _readers == 0 && first;
    }

    private void Start(Call call)
    {
        call.RunningIndex = _running.Count;
        _running.Add(call);
        if (!call.Interleaves)
            _ = call.ReadOnly ? _readers++ : _exclusive++;
        MakeReady(call);
    }

    private void EndTurn(Call call)
    {
        bool idle;
        lock (Gate)
        {
            var last = _running[^1];
            _running[call.RunningIndex] = last;
            last.RunningIndex = call.RunningIndex;
            _running.RemoveAt(_running.Count - 1);
            if (!call.Interleaves)
                _ = call.ReadOnly ? _readers-- : _exclusive--;
            if (call.KeepsAlive)
                Volatile.Write(ref _lastUsed, Runtime.Time.GetTimestamp());
            if (_phase == Phase.Deactivating && _running.Count == 0)
                MakeReady((Func<Task>)RunDeactivation);
            while (_waiting.TryPeek(out var next) && MayStart(next, first: true))
                Start(_waiting.Dequeue());
            idle = IsIdle;
        }

        if (idle && Runtime.Limit.IsExceeded)
            Runtime.Limit.EvictOne();
    }
}
