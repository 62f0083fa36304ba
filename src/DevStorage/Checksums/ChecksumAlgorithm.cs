namespace Media.DevStorage.Checksums;

/// <summary>The five checksums of S3, named as its headers and XML name them.</summary>
internal enum ChecksumAlgorithm
{
    CRC32 = 1,
    CRC32C,
    CRC64NVME,
    SHA1,
    SHA256,
}

internal enum ChecksumType
{
    COMPOSITE = 1,
    FULL_OBJECT,
}

internal static class ChecksumNames
{
    public static readonly ChecksumAlgorithm[] All = Enum.GetValues<ChecksumAlgorithm>();

    public static string HeaderName(this ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.CRC32 => "x-amz-checksum-crc32",
        ChecksumAlgorithm.CRC32C => "x-amz-checksum-crc32c",
        ChecksumAlgorithm.CRC64NVME => "x-amz-checksum-crc64nvme",
        ChecksumAlgorithm.SHA1 => "x-amz-checksum-sha1",
        _ => "x-amz-checksum-sha256",
    };

    public static string ElementName(this ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.CRC32 => "ChecksumCRC32",
        ChecksumAlgorithm.CRC32C => "ChecksumCRC32C",
        ChecksumAlgorithm.CRC64NVME => "ChecksumCRC64NVME",
        ChecksumAlgorithm.SHA1 => "ChecksumSHA1",
        _ => "ChecksumSHA256",
    };

    /// <summary>The checksum's length in bytes.</summary>
    public static int Length(this ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.CRC32 or ChecksumAlgorithm.CRC32C => 4,
        ChecksumAlgorithm.CRC64NVME => 8,
        ChecksumAlgorithm.SHA1 => 20,
        _ => 32,
    };

    public static bool TryParse(string? name, out ChecksumAlgorithm algorithm)
    {
        foreach (var candidate in All)
        {
            if (string.Equals(candidate.ToString(), name, StringComparison.OrdinalIgnoreCase))
            {
                algorithm = candidate;
                return true;
            }
        }

        algorithm = default;
        return false;
    }
}
