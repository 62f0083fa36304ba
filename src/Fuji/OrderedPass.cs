using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;

namespace Media.Fuji;

/// <summary>One pass on one core: the bytes are hashed as they come, before the next ones are asked for.</summary>
internal sealed class OrderedPass : IDisposable
{
    // Small enough to stay in the processor's own cache between the read and the hash.
    private const int ChunkLength = 256 * 1024;

    private readonly long _size;
    private readonly int _unit;
    private readonly IProgress<long>? _progress;
    private readonly TipCollector _tip;
    private readonly TitledHash _pieces;
    private readonly IncrementalHash _piece = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _hashed;

    public OrderedPass(long size, FujiProtocol protocol, IProgress<long>? progress)
    {
        _size = size;
        _unit = protocol.PieceUnit;
        _progress = progress;
        _tip = new TipCollector(protocol, size);
        _pieces = new TitledHash(protocol.PieceTitle, size);
    }

    public async Task<FujiHashes> StreamAsync(Stream content, CancellationToken cancellationToken)
    {
        using var buffer = new AlignedBuffer((int)Math.Min(ChunkLength, _size));
        while (_hashed < _size)
        {
            var read = await content.ReadAsync(buffer.Memory[..(int)Math.Min(buffer.Memory.Length, _size - _hashed)], cancellationToken);
            if (read == 0)
                throw FujiException.TooShort(_size, _hashed);
            Append(buffer.Span[..read]);
        }

        if (await content.ReadAsync(buffer.Memory[..1], cancellationToken) != 0)
            throw FujiException.TooLong(_size);
        return Finish();
    }

    /// <summary>The pipe's bytes are hashed where they are.</summary>
    public async Task<FujiHashes> PipeAsync(PipeReader content, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await content.ReadAsync(cancellationToken);
            var fits = _hashed + result.Buffer.Length <= _size;
            if (fits)
            {
                foreach (var segment in result.Buffer)
                    Append(segment.Span);
            }

            content.AdvanceTo(result.Buffer.End);
            if (!fits)
                throw FujiException.TooLong(_size);
            if (result.IsCanceled)
                throw new OperationCanceledException("The pipe's read was cancelled.");
            if (result.IsCompleted)
                return _hashed == _size ? Finish() : throw FujiException.TooShort(_size, _hashed);
        }
    }

    public void Dispose()
    {
        _tip.Dispose();
        _pieces.Dispose();
        _piece.Dispose();
    }

    // The caller has seen to it that there are no more than the size.
    private void Append(ReadOnlySpan<byte> bytes)
    {
        _tip.Append(_hashed, bytes);
        while (!bytes.IsEmpty)
        {
            var take = (int)Math.Min(bytes.Length, _unit - _hashed % _unit);
            _piece.AppendData(bytes[..take]);
            bytes = bytes[take..];
            _hashed += take;
            if (_hashed % _unit == 0 || _hashed == _size)
                FinishPiece();
        }
    }

    private void FinishPiece()
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        _piece.GetHashAndReset(digest);
        _pieces.Append(digest);
        _progress?.Report(_hashed);
    }

    private FujiHashes Finish() => new(_size, _tip.Finish(), _pieces.Finish());
}
