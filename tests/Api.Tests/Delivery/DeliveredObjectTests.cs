using Media.Api.Delivery;
using Media.Grains.Ports;
using Microsoft.AspNetCore.Http;

namespace Media.Api.Tests.Delivery;

public sealed class DeliveredObjectTests
{
    [Fact]
    public async Task Write_ReaderThatStops_LeavesTheRestInTheBucket()
    {
        const long size = 1L << 40;
        var (source, target) = (new EndlessSource(size), new StoppingTarget(1 << 20));
        var context = new DefaultHttpContext { Request = { Method = "GET" }, Response = { Body = target } };
        var found = new StoredObject(size, "\"e\"", null, "video/mp4", DateTimeOffset.UnixEpoch);
        await Assert.ThrowsAsync<IOException>(() => new DeliveredObject("k", "n", found).WriteAsync(context, source));
        Assert.Equal(size, context.Response.ContentLength);
        Assert.InRange(source.Taken, 1 << 20, (1 << 20) + (256 << 10));
        Assert.InRange(source.Largest, 1, 256 << 10);
        Assert.True(source.Closed);
    }

    private sealed class EndlessSource(long size) : Stream, IObjectReader
    {
        public long Taken { get; private set; }

        public int Largest { get; private set; }

        public bool Closed { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => size;

        public override long Position { get => Taken; set => throw new NotSupportedException(); }

        public Task<Stream> OpenAsync(string key, StoredObject found, long offset, long length, CancellationToken cancellationToken) => Task.FromResult<Stream>(this);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Taken += buffer.Length;
            Largest = Math.Max(Largest, buffer.Length);
            return new(buffer.Length);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override ValueTask DisposeAsync()
        {
            Closed = true;
            return base.DisposeAsync();
        }
    }

    private sealed class StoppingTarget(long limit) : MemoryStream
    {
        private long _written;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            (_written += buffer.Length) > limit ? throw new IOException("The reader is gone.") : ValueTask.CompletedTask;
    }
}
