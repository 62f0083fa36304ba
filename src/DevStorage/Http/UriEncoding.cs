using System.Buffers;
using System.Text;

namespace Media.DevStorage.Http;

/// <summary>Percent-encoding as SigV4 wants it: every byte but the unreserved ones, upper-case hex.</summary>
internal static class UriEncoding
{
    private static readonly SearchValues<char> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Decodes percent-escapes to bytes.</summary>
    /// <exception cref="S3Exception"><c>InvalidURI</c>: an escape is malformed.</exception>
    public static byte[] DecodeBytes(ReadOnlySpan<char> text, bool plusIsSpace)
    {
        var bytes = new byte[text.Length];
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '%')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                    throw S3Error.InvalidUri();
                bytes[count++] = (byte)((Hex(text[i + 1]) << 4) | Hex(text[i + 2]));
                i += 2;
            }
            else if (c > 0xff)
            {
                throw S3Error.InvalidUri();
            }
            else
            {
                bytes[count++] = c == '+' && plusIsSpace ? (byte)' ' : (byte)c;
            }
        }

        return count == bytes.Length ? bytes : bytes[..count];
    }

    /// <exception cref="S3Exception"><c>InvalidURI</c>: an escape is malformed, or the bytes are not UTF-8.</exception>
    public static string Decode(ReadOnlySpan<char> text, bool plusIsSpace)
    {
        try
        {
            return StrictUtf8.GetString(DecodeBytes(text, plusIsSpace));
        }
        catch (DecoderFallbackException)
        {
            throw S3Error.InvalidUri();
        }
    }

    public static string Encode(string text, bool keepSlash = false)
    {
        if (!text.AsSpan().ContainsAnyExcept(Unreserved))
            return text;
        return Encode(Encoding.UTF8.GetBytes(text), keepSlash);
    }

    public static string Encode(ReadOnlySpan<byte> bytes, bool keepSlash = false)
    {
        var result = new StringBuilder(bytes.Length + 16);
        foreach (var b in bytes)
        {
            var c = (char)b;
            if (Unreserved.Contains(c) || (c == '/' && keepSlash))
                result.Append(c);
            else
                result.Append('%').Append("0123456789ABCDEF"[b >> 4]).Append("0123456789ABCDEF"[b & 15]);
        }

        return result.ToString();
    }

    private static int Hex(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}
