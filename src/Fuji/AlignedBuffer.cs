using System.Buffers;
using System.Runtime.InteropServices;

namespace Media.Fuji;

/// <summary>
/// A pooled buffer that begins at a cache line. Copies into one that does not, as an array's bytes never do, take up to twice as long,
/// be it the kernel's out of the page cache or a stream's own.
/// </summary>
internal sealed class AlignedBuffer : IDisposable
{
    private const int CacheLine = 64;

    private readonly byte[] _array;
    private GCHandle _pin;

    public AlignedBuffer(int length)
    {
        _array = ArrayPool<byte>.Shared.Rent(length + CacheLine - 1);
        // What moves does not stay aligned.
        _pin = GCHandle.Alloc(_array, GCHandleType.Pinned);
        Memory = _array.AsMemory((int)(-_pin.AddrOfPinnedObject() & (CacheLine - 1)), length);
    }

    public Memory<byte> Memory { get; }

    public Span<byte> Span => Memory.Span;

    public void Dispose()
    {
        if (!_pin.IsAllocated)
            return;
        _pin.Free();
        ArrayPool<byte>.Shared.Return(_array);
    }
}
