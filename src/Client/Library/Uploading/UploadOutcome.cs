namespace Media.Client.Uploading;

/// <summary>What became of a file that was uploaded.</summary>
public enum UploadStatus
{
    /// <summary>It is in the store, and the server has yet to verify it.</summary>
    Stored,

    /// <summary>The server has read it back, and it is the file.</summary>
    Verified,

    /// <summary>It is the file, and its content was there already; where that was known early enough, nothing was sent.</summary>
    Duplicate,

    /// <summary>What the server has is not this file.</summary>
    Mismatched,
}

/// <summary>What became of a file.</summary>
/// <param name="Upload">The upload as the server told it last.</param>
/// <param name="Status">What became of it.</param>
/// <param name="Resumed">Whether an earlier try was gone on with.</param>
/// <param name="BytesSent">How many bytes of the object were sent this time.</param>
public sealed record UploadOutcome(Upload Upload, UploadStatus Status, bool Resumed, long BytesSent)
{
    /// <summary>The file's tip hash, as this client computed it; null for an empty file.</summary>
    public string? TipHash { get; init; }

    /// <summary>The file's piece hash, as this client computed it; null for an empty file.</summary>
    public string? PieceHash { get; init; }

    /// <summary>Why it is <see cref="UploadStatus.Mismatched"/>, in words; else null.</summary>
    public string? Reason { get; init; }

    /// <summary>Its id in the catalog; null before it is verified, and where it is not this file.</summary>
    public string? FileId => Status is UploadStatus.Verified or UploadStatus.Duplicate ? Upload.FileId : null;

    /// <summary>A link to it; null where none was asked for, or none was to be had.</summary>
    public MediaLink? Link { get; init; }

    /// <summary>Why there is no link though one was asked for. <see cref="MediaErrors.DeliveryNotConfigured"/>: this server signs none.</summary>
    public MediaException? LinkFailure { get; init; }
}
