using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Media.Fuji;

/// <summary>A SHA-256 that begins with a protocol's title and the file's size, and is written in base32.</summary>
internal sealed class TitledHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public TitledHash(string title, long size) =>
        _hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{title}{size}.")));

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    public string Finish()
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(digest);
        return Base32.Encode(digest);
    }

    public void Dispose() => _hash.Dispose();
}
