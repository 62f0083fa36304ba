using Orleans.Runtime;

namespace Orleans.Embedded;

/// <summary>Holds the number of activations in memory: who wants in above the limit first waits for the longest unused one to leave.</summary>
internal sealed class ActivationLimit(int? most, IEnumerable<KeyValuePair<GrainId, Activation>> all)
{
    private static readonly DeactivationReason Reason = new(DeactivationReasonCode.HighMemoryPressure, "Above the limit of activations in memory.");

    private readonly Lock _gate = new();
    private readonly Queue<(Activation Activation, long LastUsed)> _oldest = new();
    private int _inside;

    public bool IsExceeded => _inside > most;

    /// <summary>Ends when there is room, or when there is none to be made because all are busy.</summary>
    public async ValueTask Enter()
    {
        while (!TryEnter())
        {
            if (EvictOne() is not { } victim)
            {
                Interlocked.Increment(ref _inside);
                return;
            }

            await victim.Deactivated;
        }
    }

    public void Leave() => Interlocked.Decrement(ref _inside);

    /// <summary>Ends the idle activation that was longest without use; null if all are busy.</summary>
    public Activation? EvictOne()
    {
        lock (_gate)
        {
            return Next() ?? (Rank() ? Next() : null);
        }
    }

    private bool TryEnter()
    {
        int inside;
        do
        {
            inside = Volatile.Read(ref _inside);
            if (inside >= most)
                return false;
        }
        while (Interlocked.CompareExchange(ref _inside, inside + 1, inside) != inside);
        return true;
    }

    private Activation? Next()
    {
        while (_oldest.TryDequeue(out var candidate))
        {
            if (candidate.Activation.TryCollect(candidate.LastUsed, overruleDelay: true, Reason))
                return candidate.Activation;
        }

        return null;
    }

    /// <summary>Ranks the oldest part of the idle ones at a time, so that one eviction doesn't look at all of them.</summary>
    private bool Rank()
    {
        var idle = new List<(Activation Activation, long LastUsed)>();
        foreach (var (_, activation) in all)
        {
            if (activation.IsIdle)
                idle.Add((activation, activation.LastUsed));
        }

        idle.Sort(static (a, b) => a.LastUsed.CompareTo(b.LastUsed));
        foreach (var candidate in idle.Take(Math.Max(16, idle.Count / 8)))
            _oldest.Enqueue(candidate);
        return idle.Count > 0;
    }
}
