using System.Security.Cryptography;
using Media.Fuji;

namespace Media.Client.Hashing;

/// <summary>One run of a file's bytes, going by in their order.</summary>
internal sealed class PieceFeed(PieceCheckpoint checkpoint, long offset) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _at = offset;
    private bool _whole;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        long unit = FujiProtocol.Default.PieceUnit;
        while (!bytes.IsEmpty)
        {
            var (piece, into) = Math.DivRem(_at, unit);
            _whole |= into == 0;
            var end = Math.Min((piece + 1) * unit, checkpoint.Size);
            if (_at >= checkpoint.Size)
                throw new InvalidOperationException("More bytes went by than the file has.");
            var take = (int)Math.Min(bytes.Length, end - _at);
            if (_whole)
                _hash.AppendData(bytes[..take]);
            _at += take;
            bytes = bytes[take..];
            if (_at == end && _whole)
                Record(piece);
        }
    }

    public void Dispose() => _hash.Dispose();

    private void Record(long piece)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(digest);
        checkpoint.Record(piece, digest);
        _whole = false;
    }
}
