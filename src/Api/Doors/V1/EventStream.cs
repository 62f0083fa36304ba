using System.Buffers;
using System.Globalization;

namespace Media.Api.Doors.V1;

/// <summary>Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).</summary>
internal static class EventStream
{
    /// <summary>Media type of server-sent events.</summary>
    public const string ContentType = "text/event-stream";

    /// <summary>How often something is sent at least, so that proxies keep the connection.</summary>
    public static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    /// <summary>Answers with a stream, which is open from then on.</summary>
    public static Task StartAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        return response.StartAsync(cancellationToken);
    }

    /// <summary>Writes one event.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="name">Its name.</param>
    /// <param name="id">What a client that comes back names as the last it had; null for an event that leaves that as it was.</param>
    /// <param name="data">JSON, in one line.</param>
    public static void Write(IBufferWriter<byte> writer, ReadOnlySpan<byte> name, int? id, ReadOnlySpan<byte> data)
    {
        writer.Write("event: "u8);
        writer.Write(name);
        if (id is { } number)
        {
            writer.Write("\nid: "u8);
            Span<byte> digits = stackalloc byte[11];
            number.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
            writer.Write(digits[..length]);
        }

        writer.Write("\ndata: "u8);
        writer.Write(data);
        writer.Write("\n\n"u8);
    }

    /// <summary>Writes what no client looks at.</summary>
    public static void WriteKeepAlive(IBufferWriter<byte> writer) => writer.Write(": keep-alive\n\n"u8);
}
