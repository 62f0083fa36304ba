using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Media.Grains.Uploads;

namespace Media.Api.Delivery;

/// <summary>Signs query strings that let their bearer read what lies under one folder of the bucket until a set time. docs/delivery.md has the form.</summary>
internal sealed class DeliverySigner(ITagSource seeds, TimeProvider time)
{
    /// <summary>Bytes of a secret.</summary>
    public const int SecretLength = 32;

    /// <summary>Signs with a new seed.</summary>
    /// <param name="secret">32 bytes.</param>
    /// <param name="folder">Starts and ends with a slash; seen from the bucket's root; not encoded.</param>
    /// <param name="lifetime">How long the link is good for.</param>
    public SignedFolder Sign(byte[] secret, string folder, TimeSpan lifetime)
    {
        var expiresAt = DateTimeOffset.FromUnixTimeMilliseconds((time.GetUtcNow() + lifetime).ToUnixTimeMilliseconds());
        return new SignedFolder(Sign(secret, folder, expiresAt, seeds.Next()), expiresAt);
    }

    /// <summary>Signs; the same input has the same signature.</summary>
    /// <exception cref="ArgumentException">The folder does not start and end with a slash, or is no text.</exception>
    public static string Sign(byte[] secret, string folder, DateTimeOffset expiresAt, string seed)
    {
        if (!folder.StartsWith('/') || !folder.EndsWith('/'))
            throw new ArgumentException("A folder starts and ends with a slash.", nameof(folder));
        var message = string.Create(CultureInfo.InvariantCulture, $"path={UriComponent.Encode(folder)}&tick={expiresAt.ToUnixTimeMilliseconds()}&seed={seed}");
        return $"{message}&hash={UriComponent.Encode(HashOf(secret, message))}";
    }

    /// <summary>The hash of a message: HMAC-SHA-256 in base64.</summary>
    public static string HashOf(byte[] secret, string message) => Convert.ToBase64String(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(message)));
}

/// <summary>A signed folder.</summary>
/// <param name="Query">The query string, without the question mark.</param>
/// <param name="ExpiresAt">Until when it is good; whole milliseconds.</param>
internal sealed record SignedFolder(string Query, DateTimeOffset ExpiresAt);
