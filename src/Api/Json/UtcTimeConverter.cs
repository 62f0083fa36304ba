using System.Text.Json;
using System.Text.Json.Serialization;

namespace Media.Api.Json;

/// <summary>
/// Writes times in UTC with a <c>Z</c> (RFC 3339), in milliseconds: that is what is kept of them, so an answer before and after a restart is the same.
/// </summary>
internal sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => 
        writer.WriteStringValue(value.UtcDateTime.AddTicks(-(value.Ticks % TimeSpan.TicksPerMillisecond)));
}
