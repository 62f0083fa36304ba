using Media.Grains.Uploads;

namespace Media.Silo.Verification;

/// <summary>How far a verification has got; kept with its job.</summary>
internal sealed record VerificationCheckpoint
{
    /// <summary>Media type by the first bytes, once they were read.</summary>
    public string? DetectedType { get; init; }

    /// <summary>Tip hash, once it is known; the members above are then as well.</summary>
    public string? TipHash { get; init; }

    /// <summary>The pieces that are hashed, as <see cref="Fuji.PieceCheckpoint.ToBytes"/> writes them.</summary>
    public byte[]? Pieces { get; init; }

    /// <summary>What was found, once all is hashed: what remains is to act on it.</summary>
    public ActualContent? Actual { get; init; }

    /// <summary>What is wrong with it, where it is not what was promised.</summary>
    public string? Mismatch { get; init; }
}
