using System.Security.Cryptography;

namespace Media.DevStorage.Blobs;

/// <summary>
/// The key that one blob is sealed with: random, and kept only wrapped by the key of the store (SSE-S3) or of the customer (SSE-C).
/// </summary>
internal sealed class DataKey
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    private DataKey(byte[] secret, byte[] wrapped)
    {
        Secret = secret;
        Wrapped = wrapped;
    }

    public byte[] Secret { get; }

    /// <summary>Nonce, ciphertext and tag of the secret under the wrapping key, AES-256-GCM.</summary>
    public byte[] Wrapped { get; }

    public static DataKey Create(ReadOnlySpan<byte> wrappingKey)
    {
        var secret = RandomNumberGenerator.GetBytes(32);
        var wrapped = new byte[NonceLength + secret.Length + TagLength];
        RandomNumberGenerator.Fill(wrapped.AsSpan(0, NonceLength));
        using var aes = new AesGcm(wrappingKey, TagLength);
        aes.Encrypt(wrapped.AsSpan(0, NonceLength), secret, wrapped.AsSpan(NonceLength, secret.Length), wrapped.AsSpan(NonceLength + secret.Length));
        return new DataKey(secret, wrapped);
    }

    /// <exception cref="CryptographicException">The wrapping key is not the one it was wrapped with.</exception>
    public static DataKey Unwrap(byte[] wrapped, ReadOnlySpan<byte> wrappingKey)
    {
        var secret = new byte[wrapped.Length - NonceLength - TagLength];
        using var aes = new AesGcm(wrappingKey, TagLength);
        aes.Decrypt(wrapped.AsSpan(0, NonceLength), wrapped.AsSpan(NonceLength, secret.Length), wrapped.AsSpan(NonceLength + secret.Length), secret);
        return new DataKey(secret, wrapped);
    }
}
