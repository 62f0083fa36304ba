using System.Buffers.Binary;
using System.Numerics;

namespace Media.DevStorage.Checksums;

/// <summary>
/// A bit-reflected cyclic redundancy check of 32 or 64 bits, eight bytes a step, and the arithmetic that gives the check of a
/// concatenation from the checks of its pieces.
/// </summary>
internal sealed class Crc
{
    /// <summary>CRC-32/ISO-HDLC, the one of zlib and Ethernet.</summary>
    public static readonly Crc Crc32 = new(0xEDB88320, 32);

    /// <summary>CRC-32/ISCSI (Castagnoli).</summary>
    public static readonly Crc Crc32C = new(0x82F63B78, 32);

    /// <summary>CRC-64/NVME.</summary>
    public static readonly Crc Crc64Nvme = new(0x9A6C9329AC4BC9B5, 64);

    private readonly ulong _polynomial;
    private readonly int _bits;
    private readonly ulong[] _tables = new ulong[8 * 256];

    private Crc(ulong reflectedPolynomial, int bits)
    {
        _polynomial = reflectedPolynomial;
        _bits = bits;
        for (var i = 0; i < 256; i++)
        {
            var crc = (ulong)i;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ _polynomial : crc >> 1;
            _tables[i] = crc;
        }

        for (var table = 1; table < 8; table++)
        {
            for (var i = 0; i < 256; i++)
            {
                var previous = _tables[((table - 1) * 256) + i];
                _tables[(table * 256) + i] = (previous >> 8) ^ _tables[previous & 0xff];
            }
        }
    }

    private ulong Mask => _bits == 64 ? ulong.MaxValue : (1UL << _bits) - 1;

    /// <summary>The check of the empty string with <paramref name="data"/> appended is <c>Append(0, data)</c>; and so on.</summary>
    public ulong Append(ulong crc, ReadOnlySpan<byte> data)
    {
        crc ^= Mask;
        if (ReferenceEquals(this, Crc32C))
        {
            var c = (uint)crc;
            for (; data.Length >= 8; data = data[8..])
                c = BitOperations.Crc32C(c, BinaryPrimitives.ReadUInt64LittleEndian(data));
            foreach (var b in data)
                c = BitOperations.Crc32C(c, b);
            return c ^ Mask;
        }

        ReadOnlySpan<ulong> t = _tables;
        for (; data.Length >= 8; data = data[8..])
        {
            var x = crc ^ BinaryPrimitives.ReadUInt64LittleEndian(data);
            crc = t[(7 * 256) + (int)(x & 0xff)] ^ t[(6 * 256) + (int)((x >> 8) & 0xff)]
                ^ t[(5 * 256) + (int)((x >> 16) & 0xff)] ^ t[(4 * 256) + (int)((x >> 24) & 0xff)]
                ^ t[(3 * 256) + (int)((x >> 32) & 0xff)] ^ t[(2 * 256) + (int)((x >> 40) & 0xff)]
                ^ t[256 + (int)((x >> 48) & 0xff)] ^ t[(int)(x >> 56)];
        }

        foreach (var b in data)
            crc = (crc >> 8) ^ t[(int)((crc ^ b) & 0xff)];
        return crc ^ Mask;
    }

    /// <summary>The check of A followed by B, from the checks of A and B and the length of B in bytes.</summary>
    public ulong Combine(ulong first, ulong second, long secondLength)
    {
        // Appending n zero bytes multiplies by x^8n modulo the polynomial; the initial and final inversions cancel out.
        var power = 1UL << (_bits - 1);
        var square = 1UL << (_bits - 9);
        for (var n = secondLength; n > 0; n >>= 1)
        {
            if ((n & 1) != 0)
                power = Multiply(power, square);
            square = Multiply(square, square);
        }

        return Multiply(power, first) ^ second;
    }

    // Polynomials are reflected: the highest bit is the coefficient of x^0.
    private ulong Multiply(ulong a, ulong b)
    {
        ulong product = 0;
        for (var bit = 1UL << (_bits - 1); bit != 0; bit >>= 1)
        {
            if ((a & bit) != 0)
                product ^= b;
            b = (b & 1) != 0 ? (b >> 1) ^ _polynomial : b >> 1;
        }

        return product;
    }
}
