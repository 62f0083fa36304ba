using System.Text;

namespace Media.Silo.Thumbnails;

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">Its exit code; 128 and the signal's number where a signal ended it.</param>
/// <param name="Output">The beginning of what it printed.</param>
/// <param name="Error">The beginning of what it complained of.</param>
/// <param name="TimedOut">Whether it was killed because it took too long.</param>
internal sealed record ToolRun(int ExitCode, string Output, string Error, bool TimedOut)
{
    private const int LongestDetail = 300;
    private const int HungUp = 129;
    private const int Interrupted = 130;
    private const int KilledBySignal9 = 137;
    private const int Terminated = 143;
    private const int KilledForTime = 152;

    // In the words of libvips, GLib, libstdc++, the C library and its loader.
    private static readonly string[] OutOfMemoryWords =
    [
        "out of memory", "unable to allocate", "failed to allocate", "cannot allocate memory", "bad_alloc", "memory allocation", "failed to map segment", "insufficient memory",
    ];

    /// <summary>Whether it went well.</summary>
    public bool Succeeded => !TimedOut && ExitCode == 0;

    /// <summary>Whether a signal ended it that asks programs to stop. FFmpeg takes it, and says so.</summary>
    public bool WasStopped =>
        !TimedOut && (ExitCode is HungUp or Interrupted or Terminated || (ExitCode == 255 && Error.Contains("received signal", StringComparison.Ordinal)));

    /// <summary>Why it did not go well, in the words of the record.</summary>
    /// <param name="what">What the program was to do.</param>
    /// <param name="limits">What it was held to.</param>
    public ThumbnailFailure ToFailure(string what, ThumbnailOptions limits)
    {
        if (TimedOut || ExitCode == KilledForTime)
            return new ThumbnailFailure(ThumbnailFailureReasons.Timeout, $"{what} took longer than {limits.TimeLimit.TotalSeconds:0} s.");
        // Signal 9 that is not ours is the kernel's, whose memory ran out.
        if (ExitCode == KilledBySignal9 || Array.Exists(OutOfMemoryWords, word => Error.Contains(word, StringComparison.OrdinalIgnoreCase)))
            return new ThumbnailFailure(ThumbnailFailureReasons.OutOfMemory, $"{what} took more than {limits.MemoryLimit >> 20} MiB of memory.");
        var complaint = LastLine(Error);
        return new ThumbnailFailure(ThumbnailFailureReasons.Unreadable, complaint.Length == 0 ? $"{what} ended with code {ExitCode}." : $"{what} failed: {complaint}");
    }

    /// <summary>What a program complained of last, as one line that can be stored and shown.</summary>
    internal static string LastLine(string text)
    {
        var line = text.AsSpan().TrimEnd();
        line = line[(line.LastIndexOf('\n') + 1)..].Trim();
        var clean = new StringBuilder(LongestDetail);
        foreach (var rune in line.EnumerateRunes())
        {
            if (clean.Length + 2 > LongestDetail) break;
            clean.Append(Rune.IsControl(rune) || rune == Rune.ReplacementChar ? "?" : rune.ToString());
        }

        return clean.ToString();
    }
}
