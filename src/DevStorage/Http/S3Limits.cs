namespace Media.DevStorage.Http;

/// <summary>The limits of S3, from "Amazon S3 multipart upload limits" and the API reference. Sizes in bytes.</summary>
internal static class S3Limits
{
    public const long LargestPart = 5L << 30;
    public const long LargestPut = 5L << 30;
    public const long LargestObject = 5L << 40;
    public const long SmallestPart = 5L << 20;
    public const int MostParts = 10_000;
    public const int LongestKey = 1024;
    public const int MetadataSize = 2048;
    public const int PageSize = 1000;
    public const int MostDeletes = 1000;

    /// <summary>The longest XML document that is read: 10,000 parts with ETags and checksums fit several times over.</summary>
    public const int LargestDocument = 8 << 20;
}
