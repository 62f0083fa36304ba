using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Media.Api.Delivery;

/// <summary>
/// Percent-encoding exactly as JavaScript's <c>encodeURIComponent</c> and <c>decodeURIComponent</c> do it (ECMA-262, section 19.2.6). .NET's own differs:
/// it also escapes <c>! ' ( ) *</c>, and lets bad sequences through.
/// </summary>
internal static class UriComponent
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly SearchValues<byte> Unescaped = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()"u8);

    /// <summary>Encodes a text.</summary>
    /// <exception cref="ArgumentException">It has half a surrogate pair.</exception>
    public static string Encode(string text)
    {
        const string hex = "0123456789ABCDEF";
        var encoded = new StringBuilder(text.Length + 16);
        foreach (var octet in StrictUtf8.GetBytes(text))
        {
            if (Unescaped.Contains(octet))
                encoded.Append((char)octet);
            else
                encoded.Append('%').Append(hex[octet >> 4]).Append(hex[octet & 15]);
        }

        return encoded.ToString();
    }

    /// <summary>Decodes once.</summary>
    /// <returns>False where this is not visible ASCII, has a percent sign without two digits, or is not UTF-8 when decoded.</returns>
    public static bool TryDecode(string encoded, [NotNullWhen(true)] out string? text)
    {
        text = null;
        var octets = new byte[encoded.Length];
        var length = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            var character = encoded[i];
            if (character is <= ' ' or > '~')
                return false;
            if (character != '%')
            {
                octets[length++] = (byte)character;
                continue;
            }

            if (i + 2 >= encoded.Length || !char.IsAsciiHexDigit(encoded[i + 1]) || !char.IsAsciiHexDigit(encoded[i + 2]))
                return false;
            octets[length++] = (byte)((Convert.FromHexString(encoded.AsSpan(i + 1, 2)))[0]);
            i += 2;
        }

        try
        {
            text = StrictUtf8.GetString(octets, 0, length);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
