using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Orleans.Embedded;

/// <content>How an activation comes and goes.</content>
internal sealed partial class Activation
{
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
        Activation? next = null;
        lock (Gate)
        {
            for (var left = _waiting.Count; left > 0; left--)
            {
                if (_waiting.Dequeue() is { OutlivesActivation: true } call)
                    _waiting.Enqueue(call);
            }

            // The directory first: who finds this one gone must find the next one, behind the calls that were here before.
            if (_waiting.Count > 0)
                Runtime.Replace(this, next = new Activation(Runtime, GrainId, _class, _waiting));
            else
                Runtime.Remove(this);
            _phase = Phase.Gone;
        }

        // Only now: it could end, and leave the directory, before it had entered it.
        next?.StartOnInherited();

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
