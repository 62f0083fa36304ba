using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Media.Api.Permissions;

/// <summary>
/// What a password is compared with. A client that has the password stretches it to a key, with PBKDF2-SHA-256 (RFC 8018) by <see cref="Derivation"/>; the
/// settings have the SHA-256 of that key, as SCRAM's StoredKey (RFC 5802): who reads them can neither sign in with it nor find the password fast.
/// </summary>
internal sealed class PasswordDigest
{
    /// <summary>Longest password, in characters. Hashing more would only serve an attacker.</summary>
    public const int MaxPasswordLength = 1024;

    /// <summary>Bytes of a key.</summary>
    public const int KeyLength = 32;

    private const string Scheme = "pbkdf2-sha256-sha256";
    private const int MaxIterations = 10_000_000;

    // Whoever reads a password in the settings needs no attack on this.
    private const int IterationsOfPlain = 10_000;

    private readonly byte[] storedKey;

    private PasswordDigest(PasswordDerivation derivation, byte[] storedKey)
    {
        Derivation = derivation;
        this.storedKey = storedKey;
    }

    /// <summary>How the key is made of the password.</summary>
    public PasswordDerivation Derivation { get; }

    /// <summary>Of a password that the settings have as it is. All processes come to the same, so that a page may ask one and sign in with another.</summary>
    public static PasswordDigest OfPlain(string user, string password)
    {
        var salt = SHA256.HashData(Encoding.UTF8.GetBytes("media.account:" + user)).AsSpan(0, 16);
        var derivation = new PasswordDerivation(IterationsOfPlain, Convert.ToBase64String(salt));
        return new PasswordDigest(derivation, SHA256.HashData(derivation.KeyOf(password)));
    }

    /// <summary>Of <c>pbkdf2-sha256-sha256$iterations$salt$SHA-256 of the key</c>, as <c>media password-hash</c> prints it.</summary>
    public static PasswordDigest Parse(string text) => TryParse(text) ?? throw new FormatException("The password hash is not well-formed.");

    /// <summary>Whether <see cref="Parse"/> takes it.</summary>
    public static bool IsWellFormed(string text) => TryParse(text) is not null;

    /// <summary>Compares, in a time that does not depend on where they differ.</summary>
    public bool Matches(ReadOnlySpan<byte> key)
    {
        Span<byte> candidate = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, candidate);
        return CryptographicOperations.FixedTimeEquals(candidate, storedKey);
    }

    private static PasswordDigest? TryParse(string text)
    {
        var fields = text.Split('$');
        if (fields.Length != 4 || fields[0] != Scheme
            || !int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var iterations) || iterations is < 1 or > MaxIterations)
        {
            return null;
        }

        return Decode(fields[2]) is { Length: >= 8 and <= 64 } && Decode(fields[3]) is { Length: SHA256.HashSizeInBytes } storedKey
            ? new PasswordDigest(new PasswordDerivation(iterations, fields[2]), storedKey)
            : null;
    }

    private static byte[]? Decode(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length] : null;
    }
}
