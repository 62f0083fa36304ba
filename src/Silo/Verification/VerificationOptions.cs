using System.ComponentModel.DataAnnotations;

namespace Media.Silo.Verification;

/// <summary>Settings of verification, <c>Media:Verification</c>.</summary>
public sealed class VerificationOptions
{
    /// <summary>Where the settings are.</summary>
    public const string Section = "Media:Verification";

    /// <summary>
    /// How many slices of one object are read at once; 0 for two for each processor, so that one is hashed while another comes. More helps where the store is
    /// far away.
    /// </summary>
    [Range(0, 64, ErrorMessage = "Media:Verification:Parallelism has to be 0 to 64.")]
    public int Parallelism { get; set; }

    /// <summary>How often finished pieces are recorded at most. What was hashed since the last time is hashed again after a crash.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00", ErrorMessage = "Media:Verification:CheckpointInterval has to be 10 ms to 1 h.")]
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often progress is told at most.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00", ErrorMessage = "Media:Verification:ProgressInterval has to be 10 ms to 10 min.")]
    public TimeSpan ProgressInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the store may send nothing in the middle of a slice before that is asked for again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00", ErrorMessage = "Media:Verification:Patience has to be 0.1 s to 1 h.")]
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often slices that failed are asked for again before the whole job pauses. Slices that come through in between start the count anew.</summary>
    [Range(0, 100, ErrorMessage = "Media:Verification:QuickRetries has to be 0 to 100.")]
    public int QuickRetries { get; set; } = 5;
}
