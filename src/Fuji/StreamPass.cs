using System.Security.Cryptography;
using System.Threading.Tasks.Sources;

namespace Media.Fuji;

/// <summary>
/// One pass over a stream on several cores: pieces are read one after another into a ring of buffers, and hashed on other threads while the next ones
/// are read. The digests go into the piece hash in file order, so nothing grows with the size, not even what is allocated.
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
            _ring[i] = new Slot((int)Math.Min(_unit, size));
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
                await slot.FinishAsync();
                Take(slot);
                slot.Length = (int)Math.Min(_unit, _size - offset);
                var read = await _content.ReadAtLeastAsync(slot.Buffer.Memory[..slot.Length], slot.Length, throwOnEndOfStream: false, cancellationToken);
                if (read < slot.Length)
                    throw FujiException.TooShort(_size, offset + read);
                _tip.Append(offset, slot.Buffer.Span[..slot.Length]);
                offset += slot.Length;
                slot.Start();
                at = (at + 1) % _ring.Length;
            }

            for (var i = 0; i < _ring.Length; i++)
            {
                var slot = _ring[(at + i) % _ring.Length];
                await slot.FinishAsync();
                Take(slot);
            }

            if (await _content.ReadAsync(_ring[0].Buffer.Memory[..1], cancellationToken) != 0)
                throw FujiException.TooLong(_size);
            return new FujiHashes(_size, _tip.Finish(), _pieces.Finish());
        }
        finally
        {
            // No buffer goes back to the pool while a thread still reads it.
            foreach (var slot in _ring)
                await slot.FinishAsync();
        }
    }

    public void Dispose()
    {
        foreach (var slot in _ring)
            slot.Buffer.Dispose();
        _tip.Dispose();
        _pieces.Dispose();
    }

    private void Take(Slot slot)
    {
        if (slot.Length == 0)
            return;
        _pieces.Append(slot.Digest);
        _hashed += slot.Length;
        slot.Length = 0;
        _progress?.Report(_hashed);
    }

    /// <summary>A buffer and the hashing of what is in it, used again and again for piece after piece.</summary>
    private sealed class Slot(int length) : IThreadPoolWorkItem, IValueTaskSource
    {
        // Mutable: its methods change it.
        private ManualResetValueTaskSourceCore<bool> _done = new() { RunContinuationsAsynchronously = true };
        private bool _pending;

        public AlignedBuffer Buffer { get; } = new(length);

        public byte[] Digest { get; } = new byte[SHA256.HashSizeInBytes];

        public int Length { get; set; }

        public void Start()
        {
            _done.Reset();
            _pending = true;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        /// <summary>Ends when the piece is hashed; at once where none is. Awaited once for each start.</summary>
        public ValueTask FinishAsync()
        {
            if (!_pending)
                return ValueTask.CompletedTask;
            _pending = false;
            return new ValueTask(this, _done.Version);
        }

        public void Execute()
        {
            try
            {
                SHA256.HashData(Buffer.Span[..Length], Digest);
            }
#pragma warning disable CA1031 // Whatever it is comes out where the piece is waited for.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _done.SetException(e);
                return;
            }

            _done.SetResult(true);
        }

        public void GetResult(short token) => _done.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _done.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _done.OnCompleted(continuation, state, token, flags);
    }
}
