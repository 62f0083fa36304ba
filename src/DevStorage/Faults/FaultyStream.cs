namespace Media.DevStorage.Faults;

/// <summary>A body that is slow, is cut, or has a wrong byte.</summary>
internal sealed class FaultyStream(Stream inner, HttpContext http, TimeProvider time, long? bytesPerSecond, long? cutAfter, long? corruptAt) : Stream
{
    private const int Step = 16 * 1024;

    private readonly long _started = time.GetTimestamp();
    private long _count;

    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer[..Math.Min(buffer.Length, Step)], cancellationToken);
        _count += read;
        if (cutAfter <= _count && read > 0)
            Cut();
        await PaceAsync(cancellationToken);
        return read;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            var step = buffer[..Math.Min(buffer.Length, Step)];
            buffer = buffer[step.Length..];
            if (_count + step.Length > cutAfter)
                step = step[..(int)Math.Max(0, cutAfter.Value - _count)];
            if (corruptAt is { } at && at >= _count && at < _count + step.Length)
            {
                var copy = step.ToArray();
                copy[at - _count] ^= 0xff;
                step = copy;
            }

            await inner.WriteAsync(step, cancellationToken);
            _count += step.Length;
            if (_count >= cutAfter)
            {
                await inner.FlushAsync(cancellationToken);
                Cut();
            }

            await PaceAsync(cancellationToken);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private async Task PaceAsync(CancellationToken cancellationToken)
    {
        if (bytesPerSecond is not > 0)
            return;
        var due = TimeSpan.FromSeconds((double)_count / bytesPerSecond.Value) - time.GetElapsedTime(_started);
        if (due > TimeSpan.Zero)
            await Task.Delay(due, time, cancellationToken);
    }

    private void Cut()
    {
        http.Abort();
        throw new OperationCanceledException("the connection is cut, as a fault asked");
    }
}
