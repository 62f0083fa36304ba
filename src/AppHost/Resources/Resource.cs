using Media.AppHost.Processes;

namespace Media.AppHost.Resources;

/// <summary>One thing that the host starts, watches and stops.</summary>
internal abstract class Resource
{
    /// <summary>Its name, also its log file's.</summary>
    public required string Name { get; init; }

    /// <summary>Where it answers, for people; without any secret.</summary>
    public string? Endpoint { get; init; }

    /// <summary>What must be ready before it is started.</summary>
    public IReadOnlyList<Resource> WaitFor { get; init; } = [];

    /// <summary>When it is started again after it ended.</summary>
    public RestartPolicy Restart { get; init; } = new();
}

/// <summary>A child process that runs for as long as the host does.</summary>
internal sealed class ProcessResource : Resource
{
    /// <summary>Says what to start; asked before every start, and free to prepare what the process needs.</summary>
    public required Func<CancellationToken, Task<ChildProcessOptions>> Prepare { get; init; }

    /// <summary>Whether the process does its work: null when it does, or what is amiss. It may throw, which is also an answer.</summary>
    public required Func<ChildProcess, CancellationToken, Task<string?>> Probe { get; init; }

    /// <summary>How long a start may take before it counts as failed.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How long it is given to stop before it is killed.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(15);
}

/// <summary>Something that is done once, and is then ready for good.</summary>
internal sealed class TaskResource : Resource
{
    /// <summary>Does it. Must be repeatable: it is tried again when it throws.</summary>
    public required Func<CancellationToken, Task> Run { get; init; }
}
