using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Media.Silo.Outbox;

/// <summary>Events in the JSON format of CloudEvents 1.0 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md), whole: structured mode.</summary>
internal static class CloudEvent
{
    /// <summary>The media type of one event.</summary>
    public const string ContentType = "application/cloudevents+json; charset=utf-8";

    /// <summary>The version of the specification.</summary>
    public const string SpecVersion = "1.0";

    private const string DataContentType = "application/json";

    /// <summary>The event as it is sent.</summary>
    /// <param name="outgoing">What happened.</param>
    /// <param name="source">Where: a URI reference.</param>
    public static byte[] Write(OutgoingEvent outgoing, string source)
    {
        var buffer = new ArrayBufferWriter<byte>(512 + outgoing.Data.Length);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("specversion"u8, SpecVersion);
            writer.WriteString("id"u8, outgoing.Id);
            writer.WriteString("source"u8, source);
            writer.WriteString("type"u8, outgoing.Type);
            writer.WriteString("subject"u8, outgoing.Subject);
            writer.WriteString("time"u8, FormatTime(outgoing.Time));
            writer.WriteString("datacontenttype"u8, DataContentType);
            writer.WritePropertyName("data"u8);
            writer.WriteRawValue(outgoing.Data);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>A time as RFC 3339 has it, in UTC to the millisecond.</summary>
    public static string FormatTime(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
