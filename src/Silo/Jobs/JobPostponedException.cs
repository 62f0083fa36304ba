namespace Media.Silo.Jobs;

/// <summary>Thrown by a handler for which it is too early: the job runs again after a pause, and this run does not count as a failed one.</summary>
public sealed class JobPostponedException : Exception
{
    /// <summary>For a second.</summary>
    public JobPostponedException()
        : this(TimeSpan.FromSeconds(1))
    {
    }

    /// <summary>For a second, with words.</summary>
    public JobPostponedException(string message)
        : base(message) => Pause = TimeSpan.FromSeconds(1);

    /// <summary>For a second, with words and the cause.</summary>
    public JobPostponedException(string message, Exception? innerException)
        : base(message, innerException) => Pause = TimeSpan.FromSeconds(1);

    /// <summary>For as long as is said.</summary>
    public JobPostponedException(TimeSpan pause)
        : base($"The job is put off for {pause}.") => Pause = pause;

    /// <summary>How long.</summary>
    public TimeSpan Pause { get; }
}
