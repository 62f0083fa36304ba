namespace Media.Client.Downloading;

/// <summary>What a download is at.</summary>
public enum DownloadPhase
{
    /// <summary>Bytes are on their way.</summary>
    Downloading,

    /// <summary>What came is compared with the catalog's hash.</summary>
    Verifying,

    /// <summary>The file is there.</summary>
    Done,
}

/// <summary>How far a download is.</summary>
public sealed record DownloadProgress
{
    /// <summary>What it is at.</summary>
    public required DownloadPhase Phase { get; init; }

    /// <summary>The file's size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Bytes that are here.</summary>
    public long BytesDone { get; init; }

    /// <summary>Bytes a second over the last seconds; null before there is anything to measure.</summary>
    public double? BytesPerSecond { get; init; }

    /// <summary>Time left at that rate; null where there is no telling.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>What holds it up at the moment, in words; null when nothing does.</summary>
    public string? Note { get; init; }
}

/// <summary>A file that was downloaded.</summary>
/// <param name="File">The file, as the catalog has it.</param>
/// <param name="Path">Where it is now; null where it was written to a stream.</param>
/// <param name="BytesReceived">How many of its bytes came over the line this time.</param>
/// <param name="Resumed">Whether an earlier try was gone on with.</param>
/// <param name="Verified">Whether its hash was compared with the catalog's.</param>
public sealed record DownloadOutcome(CatalogFile File, string? Path, long BytesReceived, bool Resumed, bool Verified);
