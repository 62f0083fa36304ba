using System.Text.Json.Serialization;

namespace Media.DevStorage.Metadata;

/// <summary>A stretch of one blob. <see cref="Key"/> is the blob's wrapped data key, null when the blob is plain.</summary>
internal sealed record Slice(long Blob, long Offset, long Length, byte[]? Key = null);

/// <summary>One part of an object as it was uploaded; an object stored by a single PUT is one part numbered 0.</summary>
internal sealed record ObjectPart
{
    public int Number { get; init; }

    public long Size { get; init; }

    /// <summary>The MD5 of the part's bytes, in lower-case hex.</summary>
    public required string Md5 { get; init; }

    public ChecksumAlgorithm? ChecksumAlgorithm { get; init; }

    /// <summary>Base64 of the part's checksum.</summary>
    public string? Checksum { get; init; }

    public required IReadOnlyList<Slice> Slices { get; init; }

    /// <summary>Milliseconds since 1970.</summary>
    public long Modified { get; init; }
}

internal enum Encryption
{
    None,
    S3,
    Customer,
}

/// <summary>What is said about an object when it is created, by PUT, POST, copy or CreateMultipartUpload.</summary>
internal sealed record ObjectProperties
{
    public static readonly ObjectProperties Empty = new();

    public string? ContentType { get; init; }

    /// <summary>Cache-Control, Content-Disposition, Content-Encoding, Content-Language, Expires and the website redirect, as given.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>User metadata by lower-case name without <c>x-amz-meta-</c>.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    public string? StorageClass { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    public Encryption Encryption { get; init; }

    /// <summary>Base64 of the MD5 of the customer's key, which is echoed.</summary>
    public string? CustomerKeyMd5 { get; init; }

    /// <summary>A salted digest by which the customer's key is recognised without being kept.</summary>
    public byte[]? CustomerKeyProof { get; init; }
}

/// <summary>A version of an object, or a delete marker. Immutable: a change of tags makes a new one in its place.</summary>
internal sealed record ObjectVersion
{
    public const string NullId = "null";

    public required string Key { get; init; }

    public string VersionId { get; init; } = NullId;

    public bool DeleteMarker { get; init; }

    public long Size { get; init; }

    /// <summary>Without quotes.</summary>
    public string ETag { get; init; } = "";

    /// <summary>Milliseconds since 1970.</summary>
    public long Modified { get; init; }

    public ObjectProperties Properties { get; init; } = ObjectProperties.Empty;

    public ObjectChecksum? Checksum { get; init; }

    public IReadOnlyList<ObjectPart> Parts { get; init; } = [];

    /// <summary>Done when the version is safely in the journal; an answer that tells of the version waits for it.</summary>
    [JsonIgnore]
    public Task Durable { get; set; } = Task.CompletedTask;

    [JsonIgnore]
    public bool IsMultipart => Parts.Count > 0 && Parts[0].Number > 0;
}

/// <summary>The checksum of a whole object: base64, with <c>-N</c> appended when it is composite.</summary>
internal sealed record ObjectChecksum(ChecksumAlgorithm Algorithm, ChecksumType Type, string Value);
