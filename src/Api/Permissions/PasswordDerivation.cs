using System.Security.Cryptography;

namespace Media.Api.Permissions;

/// <summary>How a password becomes the key that proves it. Nothing here is secret: a page gets it, so that the password never leaves it.</summary>
/// <param name="Iterations">Of PBKDF2-SHA-256.</param>
/// <param name="Salt">In base64.</param>
public sealed record PasswordDerivation(int Iterations, string Salt)
{
    /// <summary>
    /// PBKDF2 with HMAC-SHA-256 (RFC 8018, section 5.2), of the password in UTF-8, as it is: whoever types one brings it to Unicode's normalization form C.
    /// </summary>
    public string Scheme => "pbkdf2-sha256";

    /// <summary>The key. Slow on purpose.</summary>
    internal byte[] KeyOf(string password) =>
        Rfc2898DeriveBytes.Pbkdf2(password, Convert.FromBase64String(Salt), Iterations, HashAlgorithmName.SHA256, PasswordDigest.KeyLength);
}
