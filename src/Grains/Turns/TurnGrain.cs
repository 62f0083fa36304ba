using Media.Grains.Ports;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Media.Grains.Turns;

/// <summary>
/// A grain whose every change goes through a state write that loses to a newer version, and is then done again on what is there. So a second activation
/// in another process makes it slower, never wrong. Nothing that a failed turn changed in memory is seen by the next one.
/// </summary>
internal abstract class TurnGrain<TState>(IPersistentState<TState> state, StateFreshness freshness) : Grain, IDisposable
{
    // Under contention one attempt of each round wins, so this is far more than is ever needed.
    private const int MaxAttempts = 20;

    // Reads may interleave with a turn that waits for the store; the gate keeps them from replacing the state under it.
    private readonly SemaphoreSlim gate = new(1, 1);
    private bool stale;

    /// <summary>The state, as this turn has read and changed it.</summary>
    protected TState State
    {
        get => state.State;
        set => state.State = value;
    }

    /// <summary>Whether the grain has ever been written.</summary>
    protected bool Exists => state.RecordExists;

    /// <summary>Whether a turn is under way.</summary>
    protected bool IsBusy => gate.CurrentCount == 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        gate.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Called when the state in memory is what is stored: after each read and write.</summary>
    protected virtual void OnStored()
    {
    }

    /// <summary>Has the next turn read the state again, whatever happened to it in memory.</summary>
    protected void Forget() => stale = true;

    /// <summary>Writes the state. Never cancelled: what led to the change has happened.</summary>
    protected async Task WriteAsync()
    {
        await state.WriteStateAsync(CancellationToken.None);
        OnStored();
    }

    /// <summary>Runs a turn on the state as it is now, and again from the start where another process wrote in between.</summary>
    protected async Task<T> InTurnAsync<T>(Func<Task<T>> turn, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                if (stale || freshness.ReadBeforeUse)
                {
                    await state.ReadStateAsync(cancellationToken);
                    OnStored();
                    stale = false;
                }

                try
                {
                    return await turn();
                }
                catch (InconsistentStateException) when (attempt < MaxAttempts)
                {
                    stale = true;
                }
                catch
                {
                    stale = true;
                    throw;
                }
            }
        }
        finally
        {
            gate.Release();
        }
    }
}
