using System.Globalization;
using System.Security.Cryptography;

namespace Media.Api.Permissions;

/// <summary>What a password is compared with: PBKDF2-SHA-256 (RFC 8018) of it, or SHA-256 where the settings have the password itself.</summary>
internal sealed class PasswordDigest
{
    /// <summary>Longest password, in characters. Hashing more would only serve an attacker.</summary>
    public const int MaxPasswordLength = 1024;

    private const string Scheme = "pbkdf2-sha256";
    private const int MaxIterations = 10_000_000;

    private readonly int iterations;
    private readonly byte[] salt;
    private readonly byte[] hash;

    private PasswordDigest(int iterations, byte[] salt, byte[] hash)
    {
        this.iterations = iterations;
        this.salt = salt;
        this.hash = hash;
    }

    /// <summary>Of a password that the settings have as it is.</summary>
    public static PasswordDigest OfPlain(string password) => new(0, [], SecretDigest.Of(password));

    /// <summary>Of <c>pbkdf2-sha256$iterations$salt$hash</c>.</summary>
    public static PasswordDigest Parse(string text) => TryParse(text) ?? throw new FormatException("The password hash is not well-formed.");

    /// <summary>Whether <see cref="Parse"/> takes it.</summary>
    public static bool IsWellFormed(string text) => TryParse(text) is not null;

    /// <summary>Compares, in a time that does not depend on where they differ.</summary>
    public bool Matches(string password)
    {
        var candidate = iterations == 0
            ? SecretDigest.Of(password)
            : Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, hash.Length);
        return CryptographicOperations.FixedTimeEquals(candidate, hash);
    }

    private static PasswordDigest? TryParse(string text)
    {
        var fields = text.Split('$');
        if (fields.Length != 4 || fields[0] != Scheme
            || !int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var iterations) || iterations is < 1 or > MaxIterations)
        {
            return null;
        }

        return Decode(fields[2]) is { Length: >= 8 } salt && Decode(fields[3]) is { Length: >= 16 and <= 64 } hash
            ? new PasswordDigest(iterations, salt, hash)
            : null;
    }

    private static byte[]? Decode(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length] : null;
    }
}
