using System.Collections.Immutable;
using Orleans;

namespace Media.Grains.Uploads;

/// <summary>An upload session as its owner sees it.</summary>
/// <param name="Tag">21 random characters of <c>0-9A-Za-z</c>; the session's name.</param>
/// <param name="User">Its owner.</param>
/// <param name="State">Where it is.</param>
/// <param name="FileName">The name, made safe to use as a file name.</param>
/// <param name="OriginalFileName">The name as it was given.</param>
/// <param name="ContentType">The media type as claimed.</param>
/// <param name="Size">Bytes, or null where they are not known yet.</param>
/// <param name="TipHash">The tip hash as claimed.</param>
/// <param name="PieceHash">The piece hash as claimed.</param>
/// <param name="Key">The object's key while uploading.</param>
/// <param name="UploadId">The store's multipart upload id, or null for a single PUT.</param>
/// <param name="Plan">How the file is cut.</param>
/// <param name="Lease">Who holds it now, or null.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="ExpiresAt">When it is given up unless it is touched.</param>
/// <param name="CompletedAt">When the object was found whole in the bucket.</param>
/// <param name="ETag">The object's ETag, with its quotes.</param>
/// <param name="VersionId">The object's version in a versioned bucket.</param>
/// <param name="History">Every change of state, oldest first.</param>
[GenerateSerializer, Immutable, Alias("media.upload")]
public sealed record Upload(
    string Tag,
    string User,
    UploadState State,
    string FileName,
    string OriginalFileName,
    string ContentType,
    long? Size,
    string? TipHash,
    string? PieceHash,
    string Key,
    string? UploadId,
    UploadPlan Plan,
    Lease? Lease,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    DateTimeOffset? CompletedAt,
    string? ETag,
    string? VersionId,
    ImmutableArray<StateChange> History)
{
    /// <summary>What was found in the object, once it was read back; for a file that needed no upload, what its content is.</summary>
    [Id(0)]
    public ActualContent? Actual { get; init; }

    /// <summary>Why it ended as it did, in words, where it ended badly.</summary>
    [Id(1)]
    public string? Reason { get; init; }

    /// <summary>When the store says that the object was last modified, as it was found whole; by its clock, where <see cref="CompletedAt"/> is by ours.</summary>
    [Id(2)]
    public DateTimeOffset? LastModified { get; init; }
}

/// <summary>What was found in an object's bytes.</summary>
/// <param name="TipHash">Its tip hash; null for an empty file.</param>
/// <param name="PieceHash">Its piece hash; null for an empty file, and where the object was replaced before it was read.</param>
/// <param name="DetectedType">Media type by its first bytes, or null where they are of no known form.</param>
[GenerateSerializer, Immutable, Alias("media.actual-content")]
public sealed record ActualContent(string? TipHash, string? PieceHash, string? DetectedType);

/// <summary>One change of state.</summary>
/// <param name="Sequence">1 for the first of a session, then one more each time.</param>
/// <param name="State">The state that was entered.</param>
/// <param name="At">When.</param>
[GenerateSerializer, Immutable, Alias("media.state-change")]
public sealed record StateChange(int Sequence, UploadState State, DateTimeOffset At);
