using System.Diagnostics.CodeAnalysis;

namespace Media.Fuji;

/// <summary>Base32 as Fuji hashes are written: the alphabet <c>A–Z2–7</c> of RFC 4648 section 6, upper case, without padding.</summary>
public static class Base32
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>Length of a written SHA-256: 52 characters.</summary>
    public const int HashLength = 52;

    /// <summary>Writes bytes as base32.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) =>
        string.Create((bytes.Length * 8 + 4) / 5, bytes, static (characters, source) =>
        {
            int bits = 0, held = 0, at = 0;
            foreach (var b in source)
            {
                held = (held << 8 | b) & 0xFFF;
                for (bits += 8; bits >= 5; bits -= 5)
                    characters[at++] = Alphabet[held >> (bits - 5) & 31];
            }

            if (bits > 0)
                characters[at] = Alphabet[held << (5 - bits) & 31];
        });

    /// <summary>Reads base32. Lower case, padding, characters outside the alphabet and loose trailing bits are refused, so one value has one spelling.</summary>
    /// <returns>Whether <paramref name="text"/> was well-formed.</returns>
    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        var result = new byte[text.Length * 5 / 8];
        int bits = 0, held = 0, at = 0;
        foreach (var c in text)
        {
            var value = c switch { >= 'A' and <= 'Z' => c - 'A', >= '2' and <= '7' => c - '2' + 26, _ => -1 };
            if (value < 0)
                return false;
            held = (held << 5 | value) & 0xFFF;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                result[at++] = (byte)(held >> bits);
            }
        }

        if (bits >= 5 || (held & ((1 << bits) - 1)) != 0)
            return false;
        bytes = result;
        return true;
    }

    /// <summary>Whether <paramref name="text"/> is a well-formed Fuji hash: 52 characters that stand for 32 bytes.</summary>
    public static bool IsHash(ReadOnlySpan<char> text) => text.Length == HashLength && TryDecode(text, out _);
}
