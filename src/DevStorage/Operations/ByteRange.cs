using System.Globalization;

namespace Media.DevStorage.Operations;

/// <summary>Byte ranges of RFC 9110 section 14, as far as S3 takes them: one range; several, or what is no range, mean the whole.</summary>
internal static class ByteRange
{
    /// <returns>Null for the whole.</returns>
    /// <exception cref="S3Exception"><c>InvalidRange</c></exception>
    public static (long Offset, long Length)? Parse(string header, long size)
    {
        const string unit = "bytes=";
        if (!header.StartsWith(unit, StringComparison.OrdinalIgnoreCase))
            return null;
        var range = header.AsSpan(unit.Length).Trim();
        var dash = range.IndexOf('-');
        if (dash < 0 || range.Contains(','))
            return null;
        var first = range[..dash].Trim();
        var last = range[(dash + 1)..].Trim();
        if (first.IsEmpty)
        {
            if (!TryNumber(last, out var suffix))
                return null;
            if (suffix == 0 || size == 0)
                throw S3Error.InvalidRange(size, header);
            return (Math.Max(0, size - suffix), Math.Min(size, suffix));
        }

        if (!TryNumber(first, out var from))
            return null;
        var to = size - 1;
        if (!last.IsEmpty)
        {
            if (!TryNumber(last, out var given) || given < from)
                return null;
            to = Math.Min(to, given);
        }

        return from < size ? (from, to - from + 1) : throw S3Error.InvalidRange(size, header);
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
