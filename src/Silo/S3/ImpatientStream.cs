namespace Media.Silo.S3;

/// <summary>
/// An answer's body that may not fall silent: a read for which nothing comes in time fails. The HTTP client's own time limit ends
/// with the answer's head, so that a line that died without a word would be listened to for ever.
/// </summary>
internal sealed class ImpatientStream : Stream
{
    private readonly Stream _inner;
    private readonly TimeSpan _patience;
    // Never disposed of, for the timer may just be at it; without a timer of its own it holds nothing.
    private readonly CancellationTokenSource _silent = new();
    private readonly CancellationTokenSource _either;
    private readonly ITimer _timer;

    /// <param name="inner">The body; disposed of with this.</param>
    /// <param name="patience">How long a read may take.</param>
    /// <param name="time">Counts it.</param>
    /// <param name="cancellationToken">Stops every read; the tokens of single reads are not looked at.</param>
    public ImpatientStream(Stream inner, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        _inner = inner;
        _patience = patience;
        _either = CancellationTokenSource.CreateLinkedTokenSource(_silent.Token, cancellationToken);
        _timer = time.CreateTimer(static silent => ((CancellationTokenSource)silent!).Cancel(), _silent, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = _inner.ReadAsync(buffer, _either.Token);
        // What has arrived already needs no watch.
        return read.IsCompletedSuccessfully ? read : WatchAsync(read);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _inner.DisposeAsync();
        _either.Dispose();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _timer.Dispose();
            _inner.Dispose();
            _either.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> WatchAsync(ValueTask<int> read)
    {
        _timer.Change(_patience, Timeout.InfiniteTimeSpan);
        try
        {
            return await read;
        }
        catch (Exception e) when (_silent.IsCancellationRequested)
        {
            throw new IOException($"Nothing came from the object store for {_patience}.", e);
        }
        finally
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
