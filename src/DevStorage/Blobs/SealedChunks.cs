using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Media.DevStorage.Blobs;

/// <summary>
/// How an encrypted blob lies on disk: chunks of 64 KiB, each sealed with AES-256-GCM under the blob's own key with its number as the
/// nonce, so that a range is read without reading what is before it, and a changed byte is noticed.
/// </summary>
internal sealed class SealedChunks(DataKey key) : IDisposable
{
    public const int ChunkLength = 64 * 1024;
    public const int TagLength = 16;
    public const int SealedLength = ChunkLength + TagLength;

    private readonly AesGcm _aes = new(key.Secret, TagLength);

    /// <summary>Seals a chunk into <paramref name="output"/>, which is longer by the tag.</summary>
    public void Seal(long number, ReadOnlySpan<byte> plain, Span<byte> output)
    {
        Span<byte> nonce = stackalloc byte[12];
        nonce.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(nonce, number);
        _aes.Encrypt(nonce, plain, output[..plain.Length], output.Slice(plain.Length, TagLength));
    }

    /// <exception cref="CryptographicException">The bytes are not what was sealed.</exception>
    public void Open(long number, ReadOnlySpan<byte> input, Span<byte> plain)
    {
        Span<byte> nonce = stackalloc byte[12];
        nonce.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(nonce, number);
        _aes.Decrypt(nonce, input[..^TagLength], input[^TagLength..], plain[..(input.Length - TagLength)]);
    }

    public void Dispose() => _aes.Dispose();
}
