using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Media.Client;

/// <summary>
/// Reads an upload's server-sent events. The server says something at least every 15 s, if only a comment: silence means that the line is
/// dead, or that something between holds the events back.
/// </summary>
internal static class EventStream
{
    public static async IAsyncEnumerable<UploadEvent> ReadAsync(
        HttpResponseMessage response, TimeSpan silence, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var lively = new LivelyStream(body, silence, time);
        await foreach (var item in SseParser.Create(lively, Parse).EnumerateAsync(cancellationToken))
        {
            if (item.Data is { } news)
                yield return news;
        }
    }

    private static UploadEvent? Parse(string type, ReadOnlySpan<byte> data)
    {
        try
        {
            return type switch
            {
                "state" => JsonSerializer.Deserialize(data, MediaJson.Default.UploadStateEvent),
                "progress" => JsonSerializer.Deserialize(data, MediaJson.Default.UploadProgressEvent),
                _ => null,
            };
        }
        catch (JsonException e)
        {
            throw new MediaException(MediaErrors.UnexpectedAnswer, "The server's event is not one.", innerException: e);
        }
    }

    /// <summary>Turns a line that breaks, or falls silent, into an error of this client's.</summary>
    private sealed class LivelyStream(Stream inner, TimeSpan silence, TimeProvider time) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            using var silent = new CancellationTokenSource(silence, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silent.Token);
            try
            {
                return await inner.ReadAsync(buffer, either.Token);
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                throw Broken("nothing came for too long", e);
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                throw Broken(e.Message, e);
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private static MediaException Broken(string why, Exception cause) =>
            new(MediaErrors.ServerUnreachable, $"The server's events broke off: {why}", innerException: cause);
    }
}
