using System.Collections.Immutable;
using Media.Grains.Ports;
using Orleans;

namespace Media.Grains.Uploads;

/// <summary>
/// What is kept of a session: everything that the store cannot tell. Members are indexed by name in the database (user, size, tipHash, pieceHash,
/// uploadId, state, createdAt, expiresAt), so renaming one takes a migration. Times are written as milliseconds since 1970, states by name.
/// </summary>
[GenerateSerializer, Alias("media.upload-session-state")]
public sealed class UploadSessionState : IStateEffects
{
    // Goes with one write, and neither over the wire nor into the database.
    [NonSerialized]
    private StateEffects effects = StateEffects.None;

    /// <summary>The owner.</summary>
    [Id(0)]
    public string User { get; set; } = "";

    /// <summary>Where it is.</summary>
    [Id(1)]
    public UploadState State { get; set; }

    /// <summary>The cleaned file name.</summary>
    [Id(2)]
    public string FileName { get; set; } = "";

    /// <summary>The name as given, percent-encoded: it may hold what the database cannot, a NUL for one.</summary>
    [Id(3)]
    public string EncodedFileName { get; set; } = "";

    /// <summary>Media type.</summary>
    [Id(4)]
    public string ContentType { get; set; } = "";

    /// <summary>Bytes, or null while unknown.</summary>
    [Id(5)]
    public long? Size { get; set; }

    /// <summary>Tip hash as claimed.</summary>
    [Id(6)]
    public string? TipHash { get; set; }

    /// <summary>Piece hash as claimed.</summary>
    [Id(7)]
    public string? PieceHash { get; set; }

    /// <summary>How the file is cut.</summary>
    [Id(8)]
    public UploadPlan Plan { get; set; } = PartPlanner.Open;

    /// <summary>The store's upload id.</summary>
    [Id(9)]
    public string? UploadId { get; set; }

    /// <summary>The object's key.</summary>
    [Id(10)]
    public string Key { get; set; } = "";

    /// <summary>Who holds it, or held it last.</summary>
    [Id(11)]
    public Lease? Lease { get; set; }

    /// <summary>The last epoch given out.</summary>
    [Id(12)]
    public long LeaseEpoch { get; set; }

    /// <summary>Clients that were displaced by takeovers, the latest last.</summary>
    [Id(13)]
    public ImmutableArray<string> Displaced { get; set; } = [];

    /// <summary>The permission that it was last opened with.</summary>
    [Id(14)]
    public Permission? Permission { get; set; }

    /// <summary>When it was created.</summary>
    [Id(15)]
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When the sweeper looks at it.</summary>
    [Id(16)]
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>When the object was found whole.</summary>
    [Id(17)]
    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>The object's ETag.</summary>
    [Id(18)]
    public string? ETag { get; set; }

    /// <summary>The object's version.</summary>
    [Id(19)]
    public string? VersionId { get; set; }

    /// <summary>Every change of state.</summary>
    [Id(20)]
    public ImmutableArray<StateChange> History { get; set; } = [];

    /// <summary>What the door's contract carried beside.</summary>
    [Id(21)]
    public ImmutableDictionary<string, string> Metadata { get; set; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>What was found in the object, once it was read back; for a file that needed no upload, what its content is.</summary>
    [Id(22)]
    public ActualContent? Actual { get; set; }

    /// <summary>Why it ended as it did, in words, where it ended badly.</summary>
    [Id(23)]
    public string? Reason { get; set; }

    /// <summary>What the client may answer to have the upload spared.</summary>
    [Id(24)]
    public Challenge? Challenge { get; set; }

    /// <summary>Whether a challenge was turned down or answered wrongly; there is no second one.</summary>
    [Id(25)]
    public bool ChallengeSpent { get; set; }

    /// <summary>When the store says that the object was last modified, as it was found whole.</summary>
    [Id(26)]
    public DateTimeOffset? LastModified { get; set; }

    /// <summary>Numbers of the parts that are being put together, where the client cut the file itself: a completion that was cut off goes on with them.</summary>
    [Id(27)]
    public ImmutableArray<int> Chosen { get; set; } = [];

    /// <inheritdoc/>
    public StateEffects GetEffects() => effects;

    /// <summary>Says what the next write brings about.</summary>
    public void SetEffects(StateEffects value) => effects = value;

    /// <summary>The session as its owner sees it.</summary>
    /// <param name="tag">Its tag.</param>
    /// <param name="now">Decides whether the lease has lapsed.</param>
    public Upload ToUpload(string tag, DateTimeOffset now) => new(
        tag,
        User,
        State,
        FileName,
        Uri.UnescapeDataString(EncodedFileName),
        ContentType,
        Size,
        TipHash,
        PieceHash,
        Key,
        UploadId,
        Plan,
        Lease is { } lease && lease.Until > now ? lease : null,
        CreatedAt,
        ExpiresAt,
        CompletedAt,
        ETag,
        VersionId,
        History)
    {
        Actual = Actual,
        Reason = Reason,
        LastModified = LastModified,
    };
}
