using System.Buffers;
using System.Security.Cryptography;

namespace Media.Fuji;

/// <summary>
/// One pass over a stream: pieces are read one after another into a ring of buffers, and hashed on other threads while the next ones
/// are read. The digests go into the piece hash in file order, so nothing grows with the size.
/// </summary>
internal sealed class StreamPass : IDisposable
{
    private readonly Stream _content;
    private readonly long _size;
    private readonly Slot[] _ring;
    private readonly int _unit;
    private readonly TipCollector _tip;
    private readonly TitledHash _pieces;
    private readonly IProgress<long>? _progress;
    private long _hashed;

    public StreamPass(Stream content, long size, FujiOptions options, IProgress<long>? progress)
    {
        _content = content;
        _size = size;
        _progress = progress;
        _unit = options.Protocol.PieceUnit;
        var count = options.Protocol.PieceCount(size);
        _ring = new Slot[Math.Min(count, Math.Max(1, options.Parallelism) + 1)];
        for (var i = 0; i < _ring.Length; i++)
            _ring[i] = new Slot(ArrayPool<byte>.Shared.Rent((int)Math.Min(_unit, size)));
        _tip = new TipCollector(options.Protocol, size);
        _pieces = new TitledHash(options.Protocol.PieceTitle, size);
    }

    public async Task<FujiHashes> RunAsync(CancellationToken cancellationToken)
    {
        var at = 0;
        try
        {
            for (long offset = 0; offset < _size;)
            {
                var slot = _ring[at];
                await TakeAsync(slot);
                slot.Length = (int)Math.Min(_unit, _size - offset);
                var read = await _content.ReadAtLeastAsync(slot.Buffer.AsMemory(0, slot.Length), slot.Length, throwOnEndOfStream: false, cancellationToken);
                if (read < slot.Length)
                    throw FujiException.TooShort(_size, offset + read);
                _tip.Append(offset, slot.Buffer.AsSpan(0, slot.Length));
                offset += slot.Length;
                slot.Hash(alone: _ring.Length == 1);
                at = (at + 1) % _ring.Length;
            }

            for (var i = 0; i < _ring.Length; i++)
                await TakeAsync(_ring[(at + i) % _ring.Length]);
            if (await _content.ReadAsync(_ring[0].Buffer.AsMemory(0, 1), cancellationToken) != 0)
                throw FujiException.TooLong(_size);
            return new FujiHashes(_size, _tip.Finish(), _pieces.Finish());
        }
        finally
        {
            // No buffer goes back to the pool while a thread still reads it.
            foreach (var slot in _ring)
                await slot.Work;
        }
    }

    public void Dispose()
    {
        foreach (var slot in _ring)
            ArrayPool<byte>.Shared.Return(slot.Buffer);
        _tip.Dispose();
        _pieces.Dispose();
    }

    private async ValueTask TakeAsync(Slot slot)
    {
        if (slot.Length == 0)
            return;
        await slot.Work;
        _pieces.Append(slot.Digest);
        _hashed += slot.Length;
        slot.Length = 0;
        _progress?.Report(_hashed);
    }

    private sealed class Slot(byte[] buffer)
    {
        public byte[] Buffer { get; } = buffer;

        public byte[] Digest { get; } = new byte[SHA256.HashSizeInBytes];

        public int Length { get; set; }

        public Task Work { get; private set; } = Task.CompletedTask;

        public void Hash(bool alone)
        {
            if (alone)
                SHA256.HashData(Buffer.AsSpan(0, Length), Digest);
            else
                Work = Task.Run(() => SHA256.HashData(Buffer.AsSpan(0, Length), Digest));
        }
    }
}
