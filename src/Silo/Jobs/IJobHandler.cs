namespace Media.Silo.Jobs;

/// <summary>Does one kind of job. A job may be run more than once, and begins again after a crash: every run has to end in the same state.</summary>
public interface IJobHandler
{
    /// <summary>Names the kind in the database; lower-case words with hyphens.</summary>
    string Kind { get; }

    /// <summary>How many jobs of this kind a process runs at once, at most: fewer than it runs in all, where they would keep the others waiting.</summary>
    int MostAtOnce => int.MaxValue;

    /// <summary>Whether a job that fails is never set aside, however often: <c>Media:Jobs:MaxAttempts</c> does not apply.</summary>
    bool IsTriedForEver => false;

    /// <summary>
    /// Does the job. It is done when the task completes, unless it was postponed by <see cref="JobContext.Postpone"/>; an exception has it tried again later.
    /// </summary>
    /// <param name="job">What to do, and how far an earlier run got.</param>
    /// <param name="cancellationToken">Cancelled when the process stops, or when the job's lease is lost and another process may be at it.</param>
    Task RunAsync(JobContext job, CancellationToken cancellationToken);
}

/// <summary>Does a job that comes back by itself: one in the database, however many processes there are.</summary>
public interface IRecurringJobHandler : IJobHandler
{
    /// <summary>From the end of one run to the start of the next.</summary>
    TimeSpan Period { get; }
}
