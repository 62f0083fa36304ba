using Media.Fuji;

namespace Media.Client.Tests.Peer;

/// <summary>An upload of an <see cref="ApiPeer"/>.</summary>
internal sealed class PeerUpload
{
    public required string Tag { get; init; }

    public required string FileName { get; init; }

    public required string ContentType { get; init; }

    public required long Size { get; init; }

    public required long PartSize { get; init; }

    public required string? TipHash { get; init; }

    public required string? UploadId { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public string Key => "upload/" + Tag;

    public string State
    {
        get;
        set
        {
            field = value;
            History.Add(value);
        }
    } = "Uploading";

    /// <summary>Every state that was entered after the first two.</summary>
    public List<string> History { get; } = [];

    public string? PieceHash { get; set; }

    public PeerChallenge? Challenge { get; set; }

    public bool ChallengeSpent { get; set; }

    public FujiHashes? Actual { get; set; }

    public string? Reason { get; set; }

    public long Verified { get; set; }

    public string? Holder { get; set; }

    public long Epoch { get; set; }

    public int Renewals { get; set; }

    /// <summary>How often a client was told that the lease is another's.</summary>
    public int Refusals { get; set; }

    public DateTimeOffset HeldSince { get; set; }

    public DateTimeOffset Until { get; set; }

    public HashSet<string> Displaced { get; } = [];

    public bool IsFinal => State is "Verified" or "Duplicate" or "Mismatched" or "Aborted" or "Failed";

    public bool IsStored => State is "Stored" or "Verifying" or "Verified" or "Duplicate" or "Mismatched";

    public bool IsActive => State is "Created" or "Uploading" or "Completing";

    public int PartCount => UploadId is null ? 1 : (int)((Size - 1) / PartSize + 1);

    public object LeaseAnswer => new { clientId = Holder, epoch = Epoch, heldSince = HeldSince, until = Until };

    public long LengthOf(int part) => UploadId is null ? Size : Math.Min(PartSize, Size - (part - 1) * PartSize);
}

internal sealed record PeerChallenge(string Nonce, (long Start, long End)[] Ranges, DateTimeOffset Until);

/// <summary>A content that an <see cref="ApiPeer"/> has.</summary>
internal sealed record PeerContent(FujiHashes Hashes, byte[] Bytes);

/// <summary>A file in the catalog of an <see cref="ApiPeer"/>.</summary>
internal sealed record PeerFile(string Id, string FileName, string ContentType, FujiHashes? Hashes, byte[] Bytes, bool Duplicate);
