using Orleans;

namespace Media.Grains.Uploads;

/// <summary>How the bytes come.</summary>
[GenerateSerializer, Alias("media.upload-strategy")]
public enum UploadStrategy
{
    /// <summary>S3 multipart upload, all parts of one size but the last.</summary>
    Multipart,

    /// <summary>One PUT of the whole object.</summary>
    Single,

    /// <summary>S3 multipart upload of a size that was not announced; the client chooses its parts.</summary>
    Open,

    /// <summary>One POST of a form with the whole object, of a size that was not announced. Nobody says when it is done: the bucket is looked at.</summary>
    Form,
}

/// <summary>A checksum that comes with every part, so that the store refuses one that was damaged on its way.</summary>
[GenerateSerializer, Alias("media.part-checksum")]
public enum PartChecksum
{
    /// <summary>Parts come without one.</summary>
    None,

    /// <summary>SHA-256 of the part's bytes, in base64.</summary>
    Sha256,
}

/// <summary>How a file is cut into parts. Fixed when the upload is created and checked when it is resumed and completed.</summary>
/// <param name="Strategy">How the bytes come.</param>
/// <param name="PartSize">Bytes in every part but the last; 0 where the client chooses.</param>
/// <param name="PartCount">Number of parts, at most 10 000; 0 where the client chooses.</param>
[GenerateSerializer, Immutable, Alias("media.upload-plan")]
public sealed record UploadPlan(UploadStrategy Strategy, long PartSize, int PartCount)
{
    /// <summary>What the store holds every part against.</summary>
    [Id(0)]
    public PartChecksum Checksum { get; init; }

    /// <summary>Largest part number that the plan knows.</summary>
    public int LastPart => Strategy == UploadStrategy.Open ? PartPlanner.MaxParts : PartCount;

    /// <summary>Bytes in a part.</summary>
    /// <param name="part">Part number, from 1.</param>
    /// <param name="size">Bytes in the whole file.</param>
    /// <returns>The size, or null where the client chooses.</returns>
    public long? SizeOf(int part, long? size) => size is not { } total || Strategy == UploadStrategy.Open
        ? null
        : part < PartCount ? PartSize : total - (PartSize * (PartCount - 1));
}
