using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Media.DevStorage.Http;

/// <summary>
/// The blocks that the server reads sockets into: 64 KiB instead of the usual 4, so that an 8 MiB part is some hundred reads, not two
/// thousand. Blocks are kept for the next request up to a limit.
/// </summary>
internal sealed class LargeBlockPool : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int BlockSize = 64 * 1024;
    private const int MostKept = 256;

    private readonly ConcurrentQueue<byte[]> _blocks = new();

    public override int MaxBufferSize => BlockSize;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
        return new Block(this, _blocks.TryDequeue(out var block) ? block : GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true));
    }

    protected override void Dispose(bool disposing)
    {
        // Shared by all connections: the server's end is the end of the process, or of a test that lets everything go.
    }

    private void Return(byte[] block)
    {
        if (_blocks.Count < MostKept)
            _blocks.Enqueue(block);
    }

    private sealed class Block(LargeBlockPool pool, byte[] bytes) : IMemoryOwner<byte>
    {
        private byte[]? _bytes = bytes;

        public Memory<byte> Memory => _bytes;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, null) is { } block)
                pool.Return(block);
        }
    }
}
