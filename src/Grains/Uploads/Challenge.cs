using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Orleans;

namespace Media.Grains.Uploads;

/// <summary>
/// What only somebody who has the file can answer: the SHA-256, in base32, of the nonce's ASCII characters followed by the bytes of the ranges, in their
/// order. Knowing a hash is not owning the file.
/// </summary>
/// <param name="Nonce">52 random characters; bound to one session, and good for one answer.</param>
/// <param name="Ranges">Slices of the file.</param>
/// <param name="Until">When it lapses.</param>
[GenerateSerializer, Immutable, Alias("media.challenge")]
public sealed record Challenge(string Nonce, ImmutableArray<ByteRange> Ranges, DateTimeOffset Until)
{
    /// <summary>How many slices are asked for, of a file that is larger than all of them.</summary>
    public const int RangeCount = 16;

    /// <summary>Bytes in each slice.</summary>
    public const int RangeLength = 32 * 1024;

    /// <summary>Makes a challenge about a file.</summary>
    /// <param name="size">Bytes in the file.</param>
    /// <param name="until">When it lapses.</param>
    public static Challenge Create(long size, DateTimeOffset until)
    {
        var nonce = RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 52);
        if (size <= RangeCount * RangeLength)
            return new Challenge(nonce, [new ByteRange(0, size)], until);

        // One slice from each of as many equal stretches, so that no two overlap and no stretch goes unasked.
        var ranges = ImmutableArray.CreateBuilder<ByteRange>(RangeCount);
        for (var i = 0; i < RangeCount; i++)
        {
            var (from, to) = ((long)((Int128)size * i / RangeCount), (long)((Int128)size * (i + 1) / RangeCount));
            var start = from + RandomUpTo(to - from - RangeLength);
            ranges.Add(new ByteRange(start, start + RangeLength));
        }

        return new Challenge(nonce, ranges.MoveToImmutable(), until);
    }

    /// <summary>The hash to append the ranges' bytes to.</summary>
    public IncrementalHash Begin()
    {
        var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(Nonce));
        return hash;
    }

    // The generator's own method is limited to 31 bits.
    private static long RandomUpTo(long most)
    {
        Span<byte> random = stackalloc byte[8];
        RandomNumberGenerator.Fill(random);
        return (long)(BitConverter.ToUInt64(random) % ((ulong)most + 1));
    }
}

/// <summary>Bytes of a file: <c>[Start, End)</c>.</summary>
/// <param name="Start">The first byte.</param>
/// <param name="End">The byte after the last.</param>
[GenerateSerializer, Immutable, Alias("media.byte-range")]
public readonly record struct ByteRange(long Start, long End)
{
    /// <summary>How many bytes.</summary>
    public long Length => End - Start;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"[{Start}, {End})");
}
