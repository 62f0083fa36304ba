using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Media.Silo.Outbox;

/// <summary>What requests to one receiver are signed with (https://www.standardwebhooks.com, symmetric signatures).</summary>
internal sealed class WebhookSecret
{
    /// <summary>What every secret begins with.</summary>
    public const string Prefix = "whsec_";

    private const string Version = "v1,";
    private const int ShortestKey = 24;
    private const int LongestKey = 64;

    private readonly byte[] _key;

    private WebhookSecret(byte[] key) => _key = key;

    /// <summary>Reads <see cref="Prefix"/> and base64.</summary>
    /// <returns>Null where the text is no secret.</returns>
    public static WebhookSecret? Parse(string? text)
    {
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var key = new byte[LongestKey + 1];
        return Convert.TryFromBase64String(text[Prefix.Length..], key, out var length) && length is >= ShortestKey and <= LongestKey
            ? new WebhookSecret(key[..length])
            : null;
    }

    /// <summary>Signs a message: <c>v1,</c> and the base64 of HMAC-SHA256 over id, time and body with points between.</summary>
    /// <param name="id">The message's id.</param>
    /// <param name="timestamp">Seconds since 1970.</param>
    /// <param name="body">As it is sent.</param>
    public string Sign(string id, long timestamp, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hmac.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")));
        hmac.AppendData(body);
        Span<byte> signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
        hmac.GetHashAndReset(signature);
        return Version + Convert.ToBase64String(signature);
    }
}
