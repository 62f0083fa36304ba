using System.Buffers;
using System.Net;
using Media.Client.Hashing;

namespace Media.Client.Uploading;

/// <summary>A range of the file as a request's body: its length is announced, only a small buffer of it is in memory, and it is hashed as it goes.</summary>
internal sealed class FilePartContent(SourceFile source, PieceTally? tally, long offset, long length, Action<int> moved, Action sent) : HttpContent
{
    private const int BufferLength = 256 * 1024;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(BufferLength, Math.Max(1, length)));
        // Each time anew: a request whose connection was closed before it was answered is sent twice.
        using var feed = tally?.Feed(offset);
        try
        {
            for (long done = 0; done < length;)
            {
                var read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - done)), offset + done, cancellationToken);
                feed?.Append(buffer.AsSpan(0, read));
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                done += read;
                moved(read);
            }

            sent();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override bool TryComputeLength(out long computed)
    {
        computed = length;
        return true;
    }
}
