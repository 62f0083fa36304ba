using Microsoft.Win32.SafeHandles;

namespace Media.DevStorage.Blobs;

/// <summary>Fills one blob, sealing it when it has a key. Until the catalog refers to the blob, disposing of the writer removes it.</summary>
internal sealed class BlobWriter : IDisposable
{
    private readonly BlobStore _blobs;
    private readonly Disk _disk;
    private readonly Func<Task> _barrier;
    private readonly SafeFileHandle _file;
    private readonly DataKey? _key;
    private readonly SealedChunks? _chunks;
    private readonly byte[] _chunk = [];
    private readonly byte[] _sealed = [];
    private readonly long _blob;
    private int _inChunk;
    private long _chunkNumber;
    private long _position;

    /// <param name="barrier">Gives a task that is done when all changes of the catalog so far are durable.</param>
    /// <param name="sizeHint">The bytes to expect, so that the file system can lay them out together.</param>
    /// <param name="blobs">Where the blob is made.</param>
    /// <param name="disk">Flushes it.</param>
    /// <param name="key">Seals it; null for a plain blob.</param>
    public BlobWriter(BlobStore blobs, Disk disk, Func<Task> barrier, long sizeHint, DataKey? key)
    {
        _blobs = blobs;
        _disk = disk;
        _barrier = barrier;
        _key = key;
        if (key is not null)
        {
            _chunks = new SealedChunks(key);
            _chunk = new byte[SealedChunks.ChunkLength];
            _sealed = new byte[SealedChunks.SealedLength];
        }

        (_blob, _file) = blobs.Create(key is null ? sizeHint : 0);
    }

    /// <summary>Bytes written so far, before sealing.</summary>
    public long Length { get; private set; }

    /// <summary>A reference to all that was written.</summary>
    public Slice Slice => new(_blob, 0, Length, _key?.Wrapped);

    public void Write(ReadOnlySpan<byte> data)
    {
        Length += data.Length;
        if (_chunks is null)
        {
            RandomAccess.Write(_file, data, _position);
            _position += data.Length;
            return;
        }

        while (!data.IsEmpty)
        {
            var take = Math.Min(data.Length, _chunk.Length - _inChunk);
            data[..take].CopyTo(_chunk.AsSpan(_inChunk));
            _inChunk += take;
            data = data[take..];
            if (_inChunk == _chunk.Length)
                WriteChunk();
        }
    }

    /// <summary>Done when the bytes would survive a power cut.</summary>
    public Task FlushAsync()
    {
        if (_inChunk > 0)
            WriteChunk();
        return _disk.FlushAsync(_file);
    }

    /// <summary>Overwrites one byte on disk behind the back of every hash, as a failing disk would.</summary>
    public void Corrupt(long offset)
    {
        Span<byte> one = stackalloc byte[1];
        if (RandomAccess.Read(_file, one, offset) != 1)
            return;
        one[0] ^= 0xff;
        RandomAccess.Write(_file, one, offset);
    }

    public void Dispose()
    {
        _file.Dispose();
        _chunks?.Dispose();
        _blobs.Release([_blob], _barrier());
    }

    private void WriteChunk()
    {
        var length = _inChunk + SealedChunks.TagLength;
        _chunks!.Seal(_chunkNumber++, _chunk.AsSpan(0, _inChunk), _sealed.AsSpan(0, length));
        RandomAccess.Write(_file, _sealed.AsSpan(0, length), _position);
        _position += length;
        _inChunk = 0;
    }
}
