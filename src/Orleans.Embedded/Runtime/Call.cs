using System.Text;
using Orleans.Runtime;

namespace Orleans.Embedded;

/// <summary>
/// A call that could only run after the call that waits for it: reported at once. The Orleans packages let it run into the response timeout,
/// hence the base type.
/// </summary>
public sealed class GrainDeadlockException : TimeoutException
{
    internal GrainDeadlockException(string message)
        : base(message)
    {
    }
}

/// <summary>One turn of an activation, and its place in the chain of calls that wait for each other.</summary>
internal abstract class Call(GrainId target, Call? parent)
{
    private static readonly AsyncLocal<Call?> Ambient = new();

    private int _fate;

    private enum Fate
    {
        Waiting,
        Begun,
        Abandoned,
    }

    /// <summary>The call whose turn (or what it started) runs here; null outside of grains and after that turn ended.</summary>
    public static Call? Current
    {
        get => Ambient.Value is { Ended: false } call ? call : null;
        set => Ambient.Value = value;
    }

    public GrainId Target { get; } = target;

    public Call? Parent { get; private set; } = parent;

    public bool ReadOnly { get; init; }

    public bool Interleaves { get; init; }

    /// <summary>Whether this turn counts as use of the activation.</summary>
    public bool KeepsAlive { get; init; } = true;

    /// <summary>A call up the chain is running on the same grain, so waiting for it would be a deadlock.</summary>
    public bool Reenters { get; set; }

    public bool Ended { get; private set; }

    /// <summary>Goes on to the next activation if this one ends first: not if the caller gave up, nor if it is a timer's.</summary>
    public virtual bool OutlivesActivation => _fate != (int)Fate.Abandoned;

    /// <summary>Whether a stopping silo waits for it.</summary>
    public virtual bool HoldsSilo => true;

    /// <summary>Index in the activation's list of running calls.</summary>
    public int RunningIndex { get; set; }

    public Dictionary<string, object>? Context { get; init; }

    public abstract string Name { get; }

    /// <summary>Runs on the activation's scheduler.</summary>
    public abstract Task Run(Activation activation);

    /// <summary>Tells the caller. Called once the activation's books are in order, so that the caller's next call finds them so.</summary>
    public abstract void Settle(Exception? failure);

    /// <summary>False if the caller gave up before the turn came.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _fate, (int)Fate.Begun, (int)Fate.Waiting) == (int)Fate.Waiting;

    /// <summary>False if the turn has begun already.</summary>
    public bool TryAbandon() => Interlocked.CompareExchange(ref _fate, (int)Fate.Abandoned, (int)Fate.Waiting) == (int)Fate.Waiting;

    /// <summary>Takes the call out of the chain, also for what it left running behind.</summary>
    public void End()
    {
        Ended = true;
        Parent = null;
    }

    public string Describe() => $"{Target} {Name}";

    /// <summary>Walks up the chain: null if this call can get its turn, else why not.</summary>
    public GrainDeadlockException? FindDeadlock(bool reentrant)
    {
        for (var above = Parent; above is { Ended: false }; above = above.Parent)
        {
            if (above.Target != Target)
                continue;
            Reenters = true;
            if (!above.Lets(this, reentrant))
                return new GrainDeadlockException(Explain(above));
        }

        return null;
    }

    protected virtual bool Lets(Call below, bool reentrant) =>
        reentrant || Interleaves || below.Interleaves || (ReadOnly && below.ReadOnly);

    private string Explain(Call above)
    {
        var text = new StringBuilder($"Deadlock: {Describe()} was called from {Parent!.Describe()}, but {Target} is busy with {above.Describe()}, ")
            .Append("which waits for it. Calls, the last one first: ").Append(Describe());
        for (var call = Parent; call is not null; call = call == above ? null : call.Parent)
            text.Append(" < ").Append(call.Describe());
        return text.Append(". Mark the class [Reentrant] or the method [AlwaysInterleave], or don't call back.").ToString();
    }
}

/// <summary>Activation and deactivation: in the chain like calls, and never interleaved with.</summary>
internal sealed class LifecycleCall(GrainId target, Call? parent, string name) : Call(target, parent)
{
    public override string Name => name;

    public override Task Run(Activation activation) => Task.CompletedTask;

    public override void Settle(Exception? failure) => End();

    protected override bool Lets(Call below, bool reentrant) => false;
}

/// <summary>A call through a grain reference.</summary>
internal sealed class GrainCall<T> : Call
{
    private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly EmbeddedSilo _silo;
    private readonly GrainMethod _method;
    private readonly object?[] _arguments;
    private CancellationTokenRegistration _cancellation;
    private Task? _turn;

    public GrainCall(EmbeddedSilo silo, GrainId target, GrainMethod method, object?[] arguments)
        : base(target, method.OneWay ? null : Current)
    {
        (_silo, _method, _arguments) = (silo, method, arguments);
        (ReadOnly, Interleaves, Context) = (method.ReadOnly, method.Interleaves, RequestContext.Snapshot);
    }

    public override string Name => _method.Name;

    public Task<T> Result => _result.Task;

    /// <summary>Sends the call, unless its token is cancelled already.</summary>
    public Task<T> Send()
    {
        var token = _method.TokenIndex >= 0 && _arguments[_method.TokenIndex] is CancellationToken given ? given : default;
        if (token.IsCancellationRequested)
            return Task.FromCanceled<T>(token);
        _silo.Send(this);
        if (token.CanBeCanceled && !Result.IsCompleted)
        {
            _cancellation = token.UnsafeRegister(static (self, token) => ((GrainCall<T>)self!).Cancel(token), this);
            if (Result.IsCompleted)
                _cancellation.Unregister();
        }

        return Result;
    }

    public override Task Run(Activation activation)
    {
        var grain = activation.GrainInstance!;
        if (_silo.Filters.Length == 0 && grain is not IIncomingGrainCallFilter)
            return _turn = _method.Invoke(grain, _arguments);
        return _turn = RunFiltered(new FilteredCall(this, _method, _arguments, activation, _silo.Filters));
    }

    public override void Settle(Exception? failure)
    {
        _cancellation.Unregister();
        if (failure is not null && _method.OneWay)
            Log.OneWayFailed(_silo.Logger, Target, Name, failure);
        if (failure is not null)
            _result.TrySetException(failure);
        else
            _result.TrySetResult(_turn is Task<T> turn ? turn.Result : default!);
    }

    private static async Task<T> RunFiltered(FilteredCall call)
    {
        await call.Invoke();
        return (T)call.Result!;
    }

    /// <summary>The caller hears at once; a turn that has begun sees its token and ends as it likes.</summary>
    private void Cancel(CancellationToken token)
    {
        if (TryAbandon())
            _silo.CallEnded(this);
        _result.TrySetCanceled(token);
    }
}
