using System.Security.Cryptography;
using System.Text;

namespace Media.Api.Permissions;

/// <summary>SHA-256 of a secret: all are of one length, so that comparing takes the same time for all.</summary>
internal static class SecretDigest
{
    public static byte[] Of(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    public static bool IsWellFormed(string hex) => hex.Length == 2 * SHA256.HashSizeInBytes && hex.All(char.IsAsciiHexDigit);
}
