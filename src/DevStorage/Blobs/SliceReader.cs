using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Media.DevStorage.Blobs;

/// <summary>Reads a stretch of bytes that lies across the slices of one or more parts, unsealing what is sealed.</summary>
internal sealed class SliceReader : IDisposable
{
    private readonly BlobStore _blobs;
    private readonly byte[]? _wrappingKey;
    private readonly IEnumerator<Slice> _slices;
    private long _skip;
    private long _left;
    private Slice? _slice;
    private long _inSlice;
    private SafeFileHandle? _file;
    private long _openBlob = -1;
    private SealedChunks? _chunks;
    private byte[]? _sealed;
    private byte[]? _plain;
    private long _plainNumber = -1;
    private int _plainLength;

    /// <param name="blobs">Where the blobs are.</param>
    /// <param name="parts">The object's parts, in order.</param>
    /// <param name="offset">The first byte wanted, counted over all parts.</param>
    /// <param name="length">How many bytes are wanted.</param>
    /// <param name="wrappingKey">The key that wrapped the data keys of sealed slices.</param>
    public SliceReader(BlobStore blobs, IReadOnlyList<ObjectPart> parts, long offset, long length, byte[]? wrappingKey)
    {
        _blobs = blobs;
        _wrappingKey = wrappingKey;
        _skip = offset;
        _left = length;
        _slices = SlicesOf(parts).GetEnumerator();
    }

    /// <summary>Reads at least one byte unless the end is reached, which gives 0.</summary>
    public int Read(Span<byte> buffer)
    {
        if (_left == 0 || buffer.IsEmpty)
            return 0;
        while (_slice is null || _inSlice == _slice.Length)
        {
            if (!_slices.MoveNext())
                throw new EndOfStreamException("the object's slices are shorter than the object");
            var next = _slices.Current;
            if (_skip >= next.Length)
            {
                _skip -= next.Length;
                continue;
            }

            _slice = next;
            _inSlice = _skip;
            _skip = 0;
            if (_openBlob != next.Blob)
                OpenBlob(next);
        }

        var want = (int)Math.Min(Math.Min(buffer.Length, _left), _slice.Length - _inSlice);
        var at = _slice.Offset + _inSlice;
        var read = _chunks is null ? RandomAccess.Read(_file!, buffer[..want], at) : ReadSealed(buffer[..want], at);
        if (read == 0)
            throw new EndOfStreamException("a blob is shorter than its slice");
        _inSlice += read;
        _left -= read;
        return read;
    }

    public void Dispose()
    {
        _slices.Dispose();
        CloseBlob();
        if (_sealed is not null)
            ArrayPool<byte>.Shared.Return(_sealed);
        if (_plain is not null)
            ArrayPool<byte>.Shared.Return(_plain, clearArray: true);
    }

    private int ReadSealed(Span<byte> buffer, long at)
    {
        var number = at / SealedChunks.ChunkLength;
        if (number != _plainNumber)
        {
            _sealed ??= ArrayPool<byte>.Shared.Rent(SealedChunks.SealedLength);
            _plain ??= ArrayPool<byte>.Shared.Rent(SealedChunks.ChunkLength);
            var input = _sealed.AsSpan(0, SealedChunks.SealedLength);
            var length = 0;
            for (int got; length < input.Length; length += got)
            {
                got = RandomAccess.Read(_file!, input[length..], (number * SealedChunks.SealedLength) + length);
                if (got == 0)
                    break;
            }

            if (length <= SealedChunks.TagLength)
                return 0;
            _chunks!.Open(number, input[..length], _plain);
            _plainNumber = number;
            _plainLength = length - SealedChunks.TagLength;
        }

        var from = (int)(at % SealedChunks.ChunkLength);
        var take = Math.Min(buffer.Length, _plainLength - from);
        if (take <= 0)
            return 0;
        _plain.AsSpan(from, take).CopyTo(buffer);
        return take;
    }

    private void OpenBlob(Slice slice)
    {
        CloseBlob();
        _file = _blobs.OpenRead(slice.Blob);
        _openBlob = slice.Blob;
        if (slice.Key is null)
            return;
        if (_wrappingKey is null)
            throw new CryptographicException("a sealed blob is read without a key");
        _chunks = new SealedChunks(DataKey.Unwrap(slice.Key, _wrappingKey));
    }

    private void CloseBlob()
    {
        _file?.Dispose();
        _chunks?.Dispose();
        _file = null;
        _chunks = null;
        _openBlob = -1;
        _plainNumber = -1;
    }

    private static IEnumerable<Slice> SlicesOf(IReadOnlyList<ObjectPart> parts)
    {
        foreach (var part in parts)
        {
            foreach (var slice in part.Slices)
                yield return slice;
        }
    }
}
