using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Media.Fuji;

/// <summary>
/// The pieces of one file that are hashed so far. Hashing that is given a checkpoint skips them; written out with
/// <see cref="ToBytes"/> now and then, it lets interrupted hashing go on elsewhere. 32 bytes are held for each piece (8 MB for a TiB).
/// Safe to use from several threads, also while hashing is under way.
/// </summary>
/// <remarks>
/// Written form: <c>FJP1</c>, size and unit as little-endian 64- and 32-bit numbers, a bitmap of the finished pieces (lowest bit
/// first), the digests of those in order, and the SHA-256 of all that.
/// </remarks>
public sealed class PieceCheckpoint
{
    private const int DigestLength = SHA256.HashSizeInBytes;
    private const int HeaderLength = 4 + 8 + 4;

    private readonly Lock _gate = new();
    private readonly FujiProtocol _protocol;
    private readonly byte[] _bitmap;
    private readonly byte[][] _blocks;
    private long _finished;

    // Digests live in blocks of this many pieces: an array for 5 TiB stays far below .NET's limit, and small files stay small.
    private const int BlockPieces = 4096;

    /// <summary>An empty checkpoint of a file of <paramref name="size"/> bytes.</summary>
    /// <exception cref="FujiException"><see cref="FujiError.Empty"/>: the size is below 1.</exception>
    public PieceCheckpoint(long size, FujiProtocol? protocol = null)
    {
        _protocol = protocol ?? FujiProtocol.Default;
        Size = size;
        PieceCount = _protocol.PieceCount(size);
        _bitmap = new byte[(PieceCount + 7) / 8];
        _blocks = new byte[(PieceCount - 1) / BlockPieces + 1][];
    }

    /// <summary>The file's size in bytes.</summary>
    public long Size { get; }

    /// <summary>How many pieces the file has.</summary>
    public long PieceCount { get; }

    /// <summary>How many of them are hashed.</summary>
    public long FinishedCount
    {
        get
        {
            lock (_gate)
                return _finished;
        }
    }

    /// <summary>Whether every piece is hashed.</summary>
    public bool IsComplete => FinishedCount == PieceCount;

    /// <summary>How many bytes the finished pieces have.</summary>
    public long FinishedBytes
    {
        get
        {
            lock (_gate)
            {
                var bytes = _finished * _protocol.PieceUnit;
                return Has(PieceCount - 1) ? bytes - _protocol.PieceUnit + LengthOf(PieceCount - 1) : bytes;
            }
        }
    }

    internal FujiProtocol Protocol => _protocol;

    /// <summary>Whether the piece is hashed.</summary>
    /// <param name="piece">The piece's index, from 0.</param>
    public bool IsFinished(long piece)
    {
        CheckIndex(piece);
        lock (_gate)
            return Has(piece);
    }

    /// <summary>Records a piece's digest. A piece that is already there is replaced.</summary>
    /// <param name="piece">The piece's index, from 0.</param>
    /// <param name="digest">The SHA-256 of the piece's bytes, 32 bytes.</param>
    public void Record(long piece, ReadOnlySpan<byte> digest)
    {
        CheckIndex(piece);
        if (digest.Length != DigestLength)
            throw new ArgumentException("A piece's digest is a SHA-256 of 32 bytes.", nameof(digest));
        lock (_gate)
        {
            digest.CopyTo(DigestOf(piece));
            if (Has(piece))
                return;
            _bitmap[piece / 8] |= (byte)(1 << (int)(piece % 8));
            _finished++;
        }
    }

    /// <summary>The file's piece hash.</summary>
    /// <exception cref="InvalidOperationException">Pieces are missing.</exception>
    public string PieceHash()
    {
        lock (_gate)
        {
            if (_finished != PieceCount)
                throw new InvalidOperationException("There is no piece hash before every piece is hashed.");
            using var hash = new TitledHash(_protocol.PieceTitle, Size);
            for (long piece = 0; piece < PieceCount; piece++)
                hash.Append(DigestOf(piece));
            return hash.Finish();
        }
    }

    /// <summary>Writes the checkpoint out; <see cref="FromBytes"/> reads it.</summary>
    public byte[] ToBytes()
    {
        lock (_gate)
        {
            var bytes = new byte[HeaderLength + _bitmap.Length + _finished * DigestLength + DigestLength];
            "FJP1"u8.CopyTo(bytes);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4), Size);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), _protocol.PieceUnit);
            _bitmap.CopyTo(bytes, HeaderLength);
            var at = HeaderLength + _bitmap.Length;
            for (long piece = 0; piece < PieceCount; piece++)
            {
                if (!Has(piece))
                    continue;
                DigestOf(piece).CopyTo(bytes.AsSpan(at));
                at += DigestLength;
            }

            SHA256.HashData(bytes.AsSpan(0, at), bytes.AsSpan(at));
            return bytes;
        }
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="bytes">What <see cref="ToBytes"/> wrote.</param>
    /// <param name="size">The size of the file it is to go on with.</param>
    /// <param name="protocol">The protocol it is to go on with.</param>
    /// <exception cref="FujiException"><see cref="FujiError.BadCheckpoint"/>: it is damaged, or of another size or unit.</exception>
    public static PieceCheckpoint FromBytes(ReadOnlySpan<byte> bytes, long size, FujiProtocol? protocol = null)
    {
        var checkpoint = new PieceCheckpoint(size, protocol);
        if (bytes.Length < HeaderLength + checkpoint._bitmap.Length + DigestLength || !bytes.StartsWith("FJP1"u8))
            throw Bad("These bytes are not a checkpoint of this file.");
        if (BinaryPrimitives.ReadInt64LittleEndian(bytes[4..]) != size || BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]) != checkpoint._protocol.PieceUnit)
            throw Bad("The checkpoint belongs to a file of another size, or to another unit.");
        if (!SHA256.HashData(bytes[..^DigestLength]).AsSpan().SequenceEqual(bytes[^DigestLength..]))
            throw Bad("The checkpoint is damaged.");

        var bitmap = bytes.Slice(HeaderLength, checkpoint._bitmap.Length);
        var digests = bytes[(HeaderLength + bitmap.Length)..^DigestLength];
        for (long piece = 0; piece < bitmap.Length * 8L; piece++)
        {
            if ((bitmap[(int)(piece / 8)] & 1 << (int)(piece % 8)) == 0)
                continue;
            if (piece >= checkpoint.PieceCount || digests.Length < DigestLength)
                throw Bad("The checkpoint's bitmap does not fit its digests.");
            checkpoint.Record(piece, digests[..DigestLength]);
            digests = digests[DigestLength..];
        }

        return digests.IsEmpty ? checkpoint : throw Bad("The checkpoint's bitmap does not fit its digests.");
    }

    internal int LengthOf(long piece) => (int)Math.Min(_protocol.PieceUnit, Size - piece * _protocol.PieceUnit);

    private static FujiException Bad(string message) => new(FujiError.BadCheckpoint, message);

    private bool Has(long piece) => (_bitmap[piece / 8] & 1 << (int)(piece % 8)) != 0;

    private Span<byte> DigestOf(long piece)
    {
        ref var block = ref _blocks[piece / BlockPieces];
        block ??= new byte[Math.Min(BlockPieces, PieceCount - piece / BlockPieces * BlockPieces) * DigestLength];
        return block.AsSpan((int)(piece % BlockPieces) * DigestLength, DigestLength);
    }

    private void CheckIndex(long piece)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(piece);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(piece, PieceCount);
    }
}
