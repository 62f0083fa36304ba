using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Media.DevStorage.Checksums;

/// <summary>One S3 checksum, computed as bytes go by.</summary>
internal sealed class Checksum(ChecksumAlgorithm algorithm) : IDisposable
{
    private readonly IncrementalHash? _hash = algorithm switch
    {
        ChecksumAlgorithm.SHA1 => IncrementalHash.CreateHash(HashAlgorithmName.SHA1),
        ChecksumAlgorithm.SHA256 => IncrementalHash.CreateHash(HashAlgorithmName.SHA256),
        _ => null,
    };

    private ulong _crc;

    public ChecksumAlgorithm Algorithm => algorithm;

    public void Append(ReadOnlySpan<byte> data)
    {
        if (_hash is null)
            _crc = CrcOf(algorithm).Append(_crc, data);
        else
            _hash.AppendData(data);
    }

    public byte[] Finish() => _hash?.GetHashAndReset() ?? BytesOf(algorithm, _crc);

    public void Dispose() => _hash?.Dispose();

    /// <summary>Base64 of the composite checksum: the checksum of the parts' checksums, and how many they were.</summary>
    public static string Composite(ChecksumAlgorithm algorithm, IEnumerable<string> partChecksums)
    {
        using var checksum = new Checksum(algorithm);
        var count = 0;
        foreach (var part in partChecksums)
        {
            checksum.Append(Convert.FromBase64String(part));
            count++;
        }

        return $"{Convert.ToBase64String(checksum.Finish())}-{count}";
    }

    /// <summary>Base64 of the checksum of the whole, from the parts' checksums and sizes. For the CRCs alone.</summary>
    public static string FullObject(ChecksumAlgorithm algorithm, IEnumerable<(string Checksum, long Size)> parts)
    {
        var crc = CrcOf(algorithm);
        ulong whole = 0;
        foreach (var (checksum, size) in parts)
        {
            var bytes = Convert.FromBase64String(checksum);
            var value = bytes.Length == 8 ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
            whole = crc.Combine(whole, value, size);
        }

        return Convert.ToBase64String(BytesOf(algorithm, whole));
    }

    private static Crc CrcOf(ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.CRC32 => Crc.Crc32,
        ChecksumAlgorithm.CRC32C => Crc.Crc32C,
        ChecksumAlgorithm.CRC64NVME => Crc.Crc64Nvme,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "not a CRC"),
    };

    private static byte[] BytesOf(ChecksumAlgorithm algorithm, ulong crc)
    {
        var bytes = new byte[algorithm.Length()];
        if (bytes.Length == 8)
            BinaryPrimitives.WriteUInt64BigEndian(bytes, crc);
        else
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)crc);
        return bytes;
    }
}
