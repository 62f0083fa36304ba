using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.Embedded;

/// <summary>
/// One life of one grain: made, activated, called, deactivated. Calls that come while it is made or unmade wait; those that are left when it is gone
/// go, in their order, to the next activation, which doesn't start before this one has ended.
/// </summary>
internal sealed class Activation : TurnScheduler, IGrainContext
{
    private readonly TaskCompletionSource _deactivated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Call> _running = [];
    private readonly List<GrainTimer> _timers = [];
    private readonly GrainClass _class;
    private readonly Queue<Call> _waiting;
    private AsyncServiceScope? _scope;
    private Dictionary<Type, object>? _components;
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
        if (_waiting.Count > 0)
            StartActivating();
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

    public bool IsReentrant => _class.Reentrant;

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

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        lock (Gate)
        {
            if (_phase is Phase.Gone || _reason is not null)
                return;
            _reason = deactivationReason;
            if (_phase == Phase.Unborn)
                StartActivating();
            else if (_phase == Phase.Active)
                StartDeactivating();
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

    /// <summary>Ends everything where it stands, without <c>OnDeactivateAsync</c>, and fails the calls.</summary>
    public void Kill(Exception failure)
    {
        Call[] orphans;
        lock (Gate)
        {
            if (_phase == Phase.Gone)
                return;
            Halt();
            _phase = Phase.Gone;
            orphans = [.. _running, .. _waiting];
            Runtime.Remove(this);
        }

        StopTimers();
        foreach (var call in orphans)
            call.Settle(failure);
        _deactivated.TrySetResult();
    }

    public void SetComponent<TComponent>(TComponent? value)
        where TComponent : class
    {
        lock (Gate)
        {
            if (value is null)
                _components?.Remove(typeof(TComponent));
            else
                (_components ??= [])[typeof(TComponent)] = value;
        }
    }

    public TComponent? GetComponent<TComponent>()
        where TComponent : class
    {
        lock (Gate)
            return _components is not null && _components.TryGetValue(typeof(TComponent), out var value) ? (TComponent)value : null;
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

    private void StartActivating()
    {
        _phase = Phase.Activating;
        MakeReady((Func<Task>)RunActivation);
    }

    private void StartDeactivating()
    {
        _phase = Phase.Deactivating;
        if (_running.Count == 0)
            MakeReady((Func<Task>)RunDeactivation);
    }

    private async Task RunActivation()
    {
        Call? trigger;
        lock (Gate)
            _waiting.TryPeek(out trigger);
        var lifecycle = new LifecycleCall(GrainId, trigger, "OnActivateAsync");
        Call.Current = lifecycle;
        var admitted = false;
        try
        {
            await Runtime.Limit.Enter();
            admitted = true;
            using var timeout = new CancellationTokenSource(Runtime.Collection.ActivationTimeout, Runtime.Time);
            _scope = Runtime.ServiceProvider.GetRequiredService<IServiceScopeFactory>().CreateAsyncScope();
            var (grain, records) = _class.Create(this);
            GrainInstance = grain;
            foreach (var record in records)
                await record.ReadStateAsync(timeout.Token);
            await ((IGrainBase)grain).OnActivateAsync(timeout.Token);
        }
        catch (Exception e)
        {
            lifecycle.End();
            await FailActivation(e, admitted);
            return;
        }

        lifecycle.End();
        lock (Gate)
        {
            _phase = Phase.Active;
            Volatile.Write(ref _lastUsed, Runtime.Time.GetTimestamp());
            for (int left = _waiting.Count, kept = 0; left > 0; left--)
            {
                var call = _waiting.Dequeue();
                if (MayStart(call, first: kept == 0))
                {
                    Start(call);
                    continue;
                }

                _waiting.Enqueue(call);
                kept++;
            }

            // Asked for while activating: after the calls that were there first, so that a grain which always asks still serves.
            if (_reason is not null)
                StartDeactivating();
        }
    }

    private async Task FailActivation(Exception failure, bool admitted)
    {
        Log.ActivationFailed(Runtime.Logger, GrainId, failure);
        await Dismantle(admitted);
        Call[] waiting;
        lock (Gate)
        {
            waiting = [.. _waiting];
            _waiting.Clear();
            Runtime.Remove(this);
            _phase = Phase.Gone;
        }

        foreach (var call in waiting)
        {
            if (!call.TryAbandon())
                continue;
            Runtime.CallEnded(call);
            call.Settle(failure);
        }

        _deactivated.TrySetResult();
    }

    private async Task RunDeactivation()
    {
        var lifecycle = new LifecycleCall(GrainId, null, "OnDeactivateAsync");
        Call.Current = lifecycle;
        var reason = _reason!.Value;
        StopTimers();
        try
        {
            using var timeout = new CancellationTokenSource(Runtime.Collection.DeactivationTimeout, Runtime.Time);
            await ((IGrainBase)GrainInstance!).OnDeactivateAsync(reason, timeout.Token).WaitAsync(timeout.Token);
        }
        catch (Exception e)
        {
            Log.DeactivationFailed(Runtime.Logger, GrainId, e);
        }

        await Dismantle(admitted: true);
        lifecycle.End();
        lock (Gate)
        {
            for (var left = _waiting.Count; left > 0; left--)
            {
                if (_waiting.Dequeue() is { OutlivesActivation: true } call)
                    _waiting.Enqueue(call);
            }

            // The directory first: who finds this one gone must find the next one, behind the calls that were here before.
            if (_waiting.Count > 0)
                Runtime.Replace(this, new Activation(Runtime, GrainId, _class, _waiting));
            else
                Runtime.Remove(this);
            _phase = Phase.Gone;
        }

        Log.Deactivated(Runtime.Logger, GrainId, reason.ReasonCode, reason.Description);
        _deactivated.TrySetResult();
    }

    private void StopTimers()
    {
        GrainTimer[] timers;
        lock (Gate)
            timers = [.. _timers];
        foreach (var timer in timers)
            timer.Dispose();
    }

    private async Task Dismantle(bool admitted)
    {
        StopTimers();
        try
        {
            if (GrainInstance is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync();
            else
                (GrainInstance as IDisposable)?.Dispose();
            if (_scope is { } scope)
                await scope.DisposeAsync();
        }
        catch (Exception e)
        {
            Log.DeactivationFailed(Runtime.Logger, GrainId, e);
        }

        GrainInstance = null;
        if (admitted)
            Runtime.Limit.Leave();
    }
}
