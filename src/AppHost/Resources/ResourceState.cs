namespace Media.AppHost.Resources;

/// <summary>Where a resource is in its life.</summary>
internal enum ResourceState
{
    /// <summary>What it needs is not ready yet.</summary>
    Waiting,

    /// <summary>Started, and not ready yet.</summary>
    Starting,

    /// <summary>Its probe says so.</summary>
    Ready,

    /// <summary>It runs and was ready, and its probe says it is not now.</summary>
    Unhealthy,

    /// <summary>It ended, and starts again after a while.</summary>
    BackingOff,

    /// <summary>A task that ran to its end.</summary>
    Done,

    /// <summary>It was never ready, and is not tried again.</summary>
    Failed,

    /// <summary>Asked to stop.</summary>
    Stopping,

    /// <summary>Stopped.</summary>
    Stopped,
}

/// <summary>What can be told about a resource at one moment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="Detail">Why it is there, where there is something to say.</param>
/// <param name="Endpoint">Where it answers, without any secret.</param>
/// <param name="ProcessId">Its process, while it has one.</param>
/// <param name="StartedAt">When that process was started.</param>
/// <param name="Restarts">How often it was started again.</param>
/// <param name="Lines">The last lines of its output, oldest first.</param>
internal sealed record ResourceSnapshot(
    string Name,
    ResourceState State,
    string? Detail,
    string? Endpoint,
    int? ProcessId,
    DateTimeOffset? StartedAt,
    int Restarts,
    IReadOnlyList<string> Lines);
