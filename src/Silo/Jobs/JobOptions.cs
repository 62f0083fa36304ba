using System.ComponentModel.DataAnnotations;

namespace Media.Silo.Jobs;

/// <summary>Settings of background jobs, <c>Media:Jobs</c>.</summary>
public sealed class JobOptions
{
    /// <summary>Where the settings are.</summary>
    public const string Section = "Media:Jobs";

    /// <summary>How many jobs this process runs at once. 0: none, where other processes do the background work.</summary>
    [Range(0, 256, ErrorMessage = "Media:Jobs:Concurrency has to be 0 to 256.")]
    public int Concurrency { get; set; } = 4;

    /// <summary>How long a job stays with a process that gives no sign of life. Shorter picks up a crashed one's work sooner, and writes more often.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00", ErrorMessage = "Media:Jobs:LeaseDuration has to be 0.1 s to 1 h.")]
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often to look for due jobs unasked. New jobs wake the worker by themselves; this is for notifications that were lost.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00", ErrorMessage = "Media:Jobs:PollInterval has to be 10 ms to 10 min.")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a job is tried before it is set aside as failed. Recurring ones never are, nor those that hold what somebody waits for.</summary>
    [Range(1, 1_000, ErrorMessage = "Media:Jobs:MaxAttempts has to be 1 to 1000.")]
    public int MaxAttempts { get; set; } = 12;

    /// <summary>The pause after a first failure; it doubles with each further one.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00", ErrorMessage = "Media:Jobs:FirstPause has to be 1 ms to 1 h.")]
    public TimeSpan FirstPause { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest pause after a failure.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00", ErrorMessage = "Media:Jobs:LongestPause has to be 1 ms to 1 day.")]
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromMinutes(10);
}
