using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Media.Client;

/// <summary>What a client asks for when it creates an upload.</summary>
/// <param name="FileName">The file's name, without folders.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Size">Its size in bytes; 0 is allowed.</param>
public sealed record NewUpload(string FileName, string ContentType, long Size)
{
    /// <summary>The file's tip hash, by which an upload in progress is found again; null for an empty file.</summary>
    public string? TipHash { get; init; }

    /// <summary>The file's piece hash, where it is known already.</summary>
    public string? PieceHash { get; init; }

    /// <summary>The wanted part size in bytes, a multiple of 4 MiB; the server chooses unless told.</summary>
    public long? PartSize { get; init; }

    /// <summary>Who will hold the lease: 1 to 128 characters of <c>!</c> to <c>~</c>.</summary>
    public string? ClientId { get; init; }
}

/// <summary>An upload, as the server tells it.</summary>
public sealed record Upload
{
    /// <summary>In the answer to a creation, <c>created</c>, <c>resumed</c>, <c>challenge</c>, <c>duplicate</c> or (in a batch) <c>failed</c>; else null.</summary>
    public string? Status { get; init; }

    /// <summary>The upload's name: 21 characters of <c>0-9A-Za-z</c>.</summary>
    public required string Tag { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required UploadState State { get; init; }

    /// <summary>The file's name, cleaned.</summary>
    public string? FileName { get; init; }

    /// <summary>The file's name as it was given.</summary>
    public string? OriginalFileName { get; init; }

    /// <summary>The media type.</summary>
    public string? ContentType { get; init; }

    /// <summary>Size in bytes; null where it was not announced and is not known yet.</summary>
    public long? Size { get; init; }

    /// <summary>The tip hash that was claimed; where none was, the one that verification found.</summary>
    public string? TipHash { get; init; }

    /// <summary>The piece hash that was claimed; where none was, the one that verification found.</summary>
    public string? PieceHash { get; init; }

    /// <summary>What verification found in the stored bytes; null before.</summary>
    public ActualContent? Actual { get; init; }

    /// <summary>The file's id in the catalog, once it is there.</summary>
    public string? FileId { get; init; }

    /// <summary>Why it ended as it did, in words, where it ended badly.</summary>
    public string? Reason { get; init; }

    /// <summary>The object's key in the bucket while it was uploaded.</summary>
    public string? Key { get; init; }

    /// <summary>The store's own id of the multipart upload; null for a single PUT.</summary>
    public string? UploadId { get; init; }

    /// <summary>How the file is cut.</summary>
    public required PartPlan Plan { get; init; }

    /// <summary>Who holds the upload; null where nobody does.</summary>
    public UploadLease? Lease { get; init; }

    /// <summary>When it was created.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When it expires unless it is touched.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was stored.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>The stored object's ETag, as the store has it.</summary>
    public string? Etag { get; init; }

    /// <summary>The stored object's version, in a bucket that keeps versions.</summary>
    public string? VersionId { get; init; }

    /// <summary>The parts that are there, in the answer to a creation.</summary>
    public IReadOnlyList<StoredPart>? Parts { get; init; }

    /// <summary>URLs of the first parts that are not, in the answer to a creation.</summary>
    public IReadOnlyList<PartUrl>? Urls { get; init; }

    /// <summary>In the answer to a creation: the content is stored already, and answering this spares sending it.</summary>
    public UploadChallenge? Challenge { get; init; }

    /// <summary>In the answer to a creation: a content of this size and tip hash is stored. Creating again with the piece hash may spare sending it.</summary>
    public bool? PossibleDuplicate { get; init; }
}

/// <summary>What verification found in the stored bytes.</summary>
/// <param name="TipHash">The tip hash; null for an empty file.</param>
/// <param name="PieceHash">The piece hash; null for an empty file, and where the object was replaced before it was read.</param>
/// <param name="DetectedType">The media type by the first bytes; null where they are of no known form.</param>
public sealed record ActualContent(string? TipHash, string? PieceHash, string? DetectedType);

/// <summary>
/// What only somebody who has the file can answer, by the base32 of the SHA-256 of the nonce's ASCII characters and then the bytes of the
/// ranges, in their order. See <see cref="Uploading.LocalFiles.AnswerAsync"/>.
/// </summary>
/// <param name="Nonce">Good for one answer.</param>
/// <param name="Ranges">Slices of the file.</param>
/// <param name="ExpiresAt">When it lapses, by the server's clock; creating the upload again gives another one.</param>
public sealed record UploadChallenge(string Nonce, IReadOnlyList<ByteRange> Ranges, DateTimeOffset ExpiresAt);

/// <summary>Bytes of a file, <c>[Start, End)</c>.</summary>
/// <param name="Start">The first byte.</param>
/// <param name="End">The byte after the last.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ByteRange(long Start, long End);

/// <summary>How a file is cut into parts; fixed at creation.</summary>
/// <param name="Strategy"><c>multipart</c>, <c>single</c> or <c>open</c>; see <see cref="PartStrategy"/>.</param>
/// <param name="PartSize">Size of every part but the last, in bytes; null where the client chooses.</param>
/// <param name="PartCount">How many parts there are; null where it is not known.</param>
public sealed record PartPlan(string Strategy, long? PartSize, int? PartCount);

/// <summary>The strategies of a <see cref="PartPlan"/>.</summary>
public static class PartStrategy
{
    /// <summary>Parts of equal size, put together at the end.</summary>
    public const string Multipart = "multipart";

    /// <summary>One PUT of the whole object, at the URL of part 1.</summary>
    [SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The API's own word.")]
    public const string Single = "single";

    /// <summary>The size was unknown at creation; the client chooses its parts.</summary>
    public const string Open = "open";
}

/// <summary>Who holds an upload.</summary>
/// <param name="ClientId">The holder.</param>
/// <param name="Epoch">Rises with each new holder.</param>
/// <param name="HeldSince">Since when.</param>
/// <param name="Until">When it lapses unless it is renewed.</param>
public sealed record UploadLease(string ClientId, long Epoch, DateTimeOffset HeldSince, DateTimeOffset Until);

/// <summary>A part that the store has.</summary>
/// <param name="Part">The part number, from 1.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Etag">Its ETag, as the store has it.</param>
public sealed record StoredPart(int Part, long Size, string? Etag);

/// <summary>A part's number and ETag, for completing.</summary>
/// <param name="Part">The part number, from 1.</param>
/// <param name="Etag">The ETag that the store gave for it.</param>
public sealed record PartTag(int Part, string Etag);

/// <summary>Where to PUT a part. The URL carries a signature: it is not for logs, and <see cref="ToString"/> leaves it out.</summary>
/// <param name="Part">The part number, from 1.</param>
/// <param name="Url">The presigned URL.</param>
/// <param name="ExpiresAt">When the store stops taking it, by the server's clock.</param>
/// <param name="Headers">Headers that must be sent with the PUT as they are.</param>
public sealed record PartUrl(int Part, Uri Url, DateTimeOffset ExpiresAt, IReadOnlyDictionary<string, string>? Headers)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"URL of part {Part}, until {ExpiresAt:O}");
}

/// <summary>A page of uploads, newest first.</summary>
/// <param name="Uploads">The uploads.</param>
/// <param name="Next">What to pass as <c>after</c> for the next page; null on the last.</param>
public sealed record UploadPage(IReadOnlyList<Upload> Uploads, string? Next);

/// <summary>One row's answer in a batch: either the upload or the problem.</summary>
/// <param name="Upload">The upload; null where the row failed.</param>
/// <param name="Problem">Why the row failed; else null.</param>
public sealed record BatchAnswer(Upload? Upload, MediaProblem? Problem);
