using Media.Grains.Results;

namespace Media.Grains.Uploads;

/// <summary>
/// Who may work on an upload. Rules over the state alone: nothing is kept in memory, so that any process that has read the state decides the same.
/// </summary>
internal static class LeaseRules
{
    // As many displaced clients as one could reasonably see wake up again.
    private const int RememberedDisplaced = 32;

    /// <summary>Lets a request on the upload through, renewing or granting the lease along the way.</summary>
    /// <returns>Null to go on, or the refusal. Whether the state changed is for the caller to see by <paramref name="changed"/>.</returns>
    public static Refusal? Admit(UploadSessionState state, string tag, Caller caller, DateTimeOffset now, TimeSpan duration, out bool changed)
    {
        changed = false;
        if (caller.ClientId is not { } client)
            return null;
        if (caller.Epoch is { } epoch && epoch != state.LeaseEpoch)
            return Lost(state, tag);

        if (Live(state, now) is { } live)
        {
            if (live.ClientId != client)
                return state.Displaced.Contains(client) ? Lost(state, tag) : Locked(live, tag);

            // Renewed by half at the latest: a busy client costs a write now and then, not one a request.
            if (live.Until - now >= duration / 2)
                return null;
        }
        else if (state.Displaced.Contains(client))
        {
            // It has to say that it wants the upload back, not slip in when the one that took over pauses.
            return Lost(state, tag);
        }

        Grant(state, client, now, duration);
        changed = true;
        return null;
    }

    /// <summary>Takes, renews or, where asked to, takes over the lease.</summary>
    public static Result<Lease> Take(UploadSessionState state, string tag, string client, bool takeOver, DateTimeOffset now, TimeSpan duration)
    {
        if (Live(state, now) is { } live && live.ClientId != client && !takeOver)
            return state.Displaced.Contains(client) ? Lost(state, tag) : Locked(live, tag);
        return Grant(state, client, now, duration);
    }

    /// <summary>Gives the lease back where the client holds it.</summary>
    /// <returns>Whether the state changed.</returns>
    public static bool Release(UploadSessionState state, string client)
    {
        if (state.Lease?.ClientId != client)
            return false;
        state.Lease = null;
        return true;
    }

    private static Lease? Live(UploadSessionState state, DateTimeOffset now) => state.Lease is { } lease && lease.Until > now ? lease : null;

    private static Lease Grant(UploadSessionState state, string client, DateTimeOffset now, TimeSpan duration)
    {
        var before = state.Lease;
        if (before?.ClientId == client)
            return state.Lease = before with { Until = now + duration };

        state.Displaced = state.Displaced.Remove(client);
        if (before is not null)
        {
            state.Displaced = state.Displaced.Remove(before.ClientId).Add(before.ClientId);
            if (state.Displaced.Length > RememberedDisplaced)
                state.Displaced = state.Displaced.RemoveAt(0);
        }

        return state.Lease = new Lease(client, ++state.LeaseEpoch, now, now + duration);
    }

    private static Refusal Locked(Lease lease, string tag) =>
        new(RefusalCode.UploadLocked, "Another client is working on this upload.") { Lease = lease, Tag = tag };

    private static Refusal Lost(UploadSessionState state, string tag) =>
        new(RefusalCode.LeaseLost, "Another client has taken this upload over.") { Lease = state.Lease, Tag = tag };
}
