using System.Text.Json.Serialization;
using Media.Api.Json;

namespace Media.Api.Doors.V1;

/// <summary>Asks for an upload.</summary>
public sealed record CreateUploadRequest
{
    /// <summary>As the client has it, at most 1 024 characters.</summary>
    public string? FileName { get; init; }

    /// <summary>Media type; empty where the client does not know it.</summary>
    public string? ContentType { get; init; }

    /// <summary>Bytes.</summary>
    public long? Size { get; init; }

    /// <summary>Tip hash, 52 characters of base32. With it an upload in progress of the same content is resumed.</summary>
    public string? TipHash { get; init; }

    /// <summary>Piece hash, 52 characters of base32.</summary>
    public string? PieceHash { get; init; }

    /// <summary>A part size the client would like, in bytes; it is rounded up to what is possible.</summary>
    public long? PartSize { get; init; }

    /// <summary>The client instance that is to hold the lease.</summary>
    public string? ClientId { get; init; }

    /// <summary>Whether the client would rather POST a form, where the file is small enough to go in one piece: browsers send no preflight for it.</summary>
    public bool? Form { get; init; }

    /// <summary><c>sha256</c>: the client can send one with every part. Whether the store takes it is in the plan.</summary>
    public string? Checksum { get; init; }
}

/// <summary>Asks for a form.</summary>
public sealed record FormRequest
{
    /// <summary>The client instance that asks.</summary>
    public string? ClientId { get; init; }

    /// <summary>The lease epoch that it was given.</summary>
    public long? Epoch { get; init; }
}

/// <summary>
/// Asks for URLs of parts: <see cref="Parts"/>, or <see cref="From"/> and <see cref="To"/>, or, of an upload whose plan has checksums,
/// <see cref="Checksums"/>; at most 1 000.
/// </summary>
public sealed record UrlsRequest
{
    /// <summary>Part numbers.</summary>
    [JsonConverter(typeof(PartNumbersConverter))]
    public int[]? Parts { get; init; }

    /// <summary>First part number.</summary>
    [JsonConverter(typeof(PartNumberConverter))]
    public int? From { get; init; }

    /// <summary>Last part number.</summary>
    [JsonConverter(typeof(PartNumberConverter))]
    public int? To { get; init; }

    /// <summary>SHA-256 by part number, in base64.</summary>
    public Dictionary<string, string>? Checksums { get; init; }

    /// <summary>The client instance that asks.</summary>
    public string? ClientId { get; init; }

    /// <summary>The lease epoch that it was given.</summary>
    public long? Epoch { get; init; }
}

/// <summary>Answers a challenge.</summary>
public sealed record ChallengeRequest
{
    /// <summary>Base32 of the SHA-256; absent to turn the challenge down and upload the file.</summary>
    public string? Digest { get; init; }

    /// <summary>The client instance that asks.</summary>
    public string? ClientId { get; init; }

    /// <summary>The lease epoch that it was given.</summary>
    public long? Epoch { get; init; }
}

/// <summary>Takes, renews or takes over the lease.</summary>
public sealed record LeaseRequest
{
    /// <summary>The client instance.</summary>
    public string? ClientId { get; init; }

    /// <summary>Whether to displace another holder.</summary>
    public bool? TakeOver { get; init; }
}

/// <summary>Completes an upload.</summary>
public record CompleteRequest
{
    /// <summary>The parts as the client knows them, in any order; without them the server goes by what the store has.</summary>
    public CompletePart[]? Parts { get; init; }

    /// <summary>Piece hash, 52 characters of base32, by a client that computed it while it uploaded.</summary>
    public string? PieceHash { get; init; }

    /// <summary>The client instance that asks.</summary>
    public string? ClientId { get; init; }

    /// <summary>The lease epoch that it was given.</summary>
    public long? Epoch { get; init; }
}

/// <summary>Completes one of several uploads.</summary>
public sealed record CompleteRow : CompleteRequest
{
    /// <summary>The upload.</summary>
    public string? Tag { get; init; }
}

/// <summary>A part as the client knows it.</summary>
public sealed record CompletePart
{
    /// <summary>Part number.</summary>
    [JsonConverter(typeof(PartNumberConverter))]
    public int? Part { get; init; }

    /// <summary>The ETag that the store answered with, with or without its quotes.</summary>
    [JsonPropertyName("etag")]
    public string? ETag { get; init; }
}
