namespace Media.Grains.Uploads;

/// <summary>
/// Cuts files into parts within the limits of S3 (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html), in multiples of 4 MiB so that
/// the pieces of the content hash nest in parts.
/// </summary>
public static class PartPlanner
{
    /// <summary>Most parts that one multipart upload can have.</summary>
    public const int MaxParts = 10_000;

    /// <summary>Fewest bytes in any part but the last: 5 MiB.</summary>
    public const long MinPartSize = 5L << 20;

    /// <summary>Most bytes in a part, and in a single PUT: 5 GiB.</summary>
    public const long MaxPartSize = 5L << 30;

    /// <summary>Part sizes are multiples of this: 4 MiB.</summary>
    public const long Grain = 4L << 20;

    /// <summary>Part size for files for which it gives at most <see cref="PreferredParts"/> parts: 8 MiB.</summary>
    public const long SmallPartSize = 8L << 20;

    /// <summary>Most bytes in a part that has a checksum, which a client computes over the whole part before it sends any of it: 64 MiB.</summary>
    public const long MaxCheckedPartSize = LargestPreferred;

    private const int PreferredParts = 1_000;
    private const long LargestPreferred = 64L << 20;

    /// <summary>Plans a file.</summary>
    /// <param name="size">Bytes in the file.</param>
    /// <param name="wish">A part size the client would like, <see cref="MinPartSize"/> to <see cref="MaxPartSize"/>; it is rounded up to what is possible.</param>
    /// <param name="singlePutMaxSize">Files up to this many bytes go by a single PUT; an empty one always does, as no part can be empty.</param>
    public static UploadPlan Plan(long size, long? wish, long singlePutMaxSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        if (size == 0 || size <= Math.Min(singlePutMaxSize, MaxPartSize))
            return new UploadPlan(UploadStrategy.Single, size, 1);

        var partSize = RoundUp(Math.Max(Math.Max(wish ?? Preferred(size), SmallPartSize), DivideUp(size, MaxParts)));
        return new UploadPlan(UploadStrategy.Multipart, partSize, (int)DivideUp(size, partSize));
    }

    /// <summary>A plan for a file whose size the client did not announce.</summary>
    public static UploadPlan Open { get; } = new(UploadStrategy.Open, 0, 0);

    /// <summary>A plan for a file that comes by a form.</summary>
    public static UploadPlan Form { get; } = new(UploadStrategy.Form, 0, 1);

    private static long Preferred(long size) => Math.Min(DivideUp(size, PreferredParts), LargestPreferred);

    private static long RoundUp(long bytes) => DivideUp(bytes, Grain) * Grain;

    private static long DivideUp(long value, long by) => (value / by) + (value % by == 0 ? 0 : 1);
}
