namespace Media.Client.Uploading;

/// <summary>What an upload is at.</summary>
public enum UploadPhase
{
    /// <summary>Hashing the tip and asking the server.</summary>
    Starting,

    /// <summary>The file is read for its piece hash, which may spare sending it.</summary>
    Hashing,

    /// <summary>Another client holds the upload.</summary>
    Waiting,

    /// <summary>Parts are on their way.</summary>
    Uploading,

    /// <summary>The store puts the parts together.</summary>
    Completing,

    /// <summary>The object is stored, and the server reads it back.</summary>
    Verifying,

    /// <summary>All that was asked for is done.</summary>
    Done,
}

/// <summary>How far an upload is.</summary>
public sealed record UploadProgress
{
    /// <summary>What it is at.</summary>
    public required UploadPhase Phase { get; init; }

    /// <summary>The file's size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Bytes that are there or on their way. It falls when a part has to be sent again.</summary>
    public long BytesDone { get; init; }

    /// <summary>Of those, bytes that were there from an earlier try.</summary>
    public long BytesResumed { get; init; }

    /// <summary>Bytes that the file was read for its piece hash, apart from those that were hashed as they were sent.</summary>
    public long BytesHashed { get; init; }

    /// <summary>Bytes that the server has read back, as it told last.</summary>
    public long BytesVerified { get; init; }

    /// <summary>Bytes a second over the last seconds, of what the phase is about; null before there is anything to measure.</summary>
    public double? BytesPerSecond { get; init; }

    /// <summary>Time left at that rate; null where there is no telling.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>The upload's tag, once the server gave it.</summary>
    public string? Tag { get; init; }

    /// <summary>The object's key, once the server gave it.</summary>
    public string? Key { get; init; }

    /// <summary>Whether an earlier try is gone on with.</summary>
    public bool Resumed { get; init; }

    /// <summary>What holds it up at the moment, in words; null when nothing does.</summary>
    public string? Note { get; init; }
}
