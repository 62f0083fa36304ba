namespace Media.DevStorage.Metadata;

/// <summary>A multipart upload in progress. Its parts are kept beside it, in <see cref="UploadState"/>.</summary>
internal sealed record MultipartUpload
{
    public required string UploadId { get; init; }

    public required string Key { get; init; }

    /// <summary>Milliseconds since 1970.</summary>
    public long Initiated { get; init; }

    /// <summary>The access key that began it.</summary>
    public required string Initiator { get; init; }

    public ObjectProperties Properties { get; init; } = ObjectProperties.Empty;

    public ChecksumAlgorithm? ChecksumAlgorithm { get; init; }

    public ChecksumType ChecksumType { get; init; }
}

/// <summary>An upload and the parts it has so far, in order of their numbers.</summary>
internal sealed class UploadState(MultipartUpload upload)
{
    public MultipartUpload Upload { get; } = upload;

    public SortedList<int, ObjectPart> Parts { get; } = [];
}

/// <summary>
/// What a Complete answered, kept for a day so that the same Complete sent again, after a lost answer, is answered the same way.
/// </summary>
internal sealed record CompletedUpload
{
    public required string UploadId { get; init; }

    public required string Key { get; init; }

    public required string ETag { get; init; }

    public required string VersionId { get; init; }

    /// <summary>SHA-256 of the part numbers and ETags that were named, to tell the same Complete from another.</summary>
    public required string PartsDigest { get; init; }

    public ObjectChecksum? Checksum { get; init; }

    public Encryption Encryption { get; init; }

    /// <summary>Milliseconds since 1970.</summary>
    public long Completed { get; init; }
}
