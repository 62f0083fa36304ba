using System.Text.Json;
using System.Text.Json.Serialization;

namespace Media.Api.Doors.Companion;

/// <summary>
/// Reads a page's metadata as text by name. Uppy sends whatever its page has: text, numbers, objects, and nulls for what is not known, which are left out.
/// </summary>
internal sealed class CompanionMetadataConverter : JsonConverter<Dictionary<string, string>>
{
    /// <inheritdoc/>
    public override Dictionary<string, string>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
                metadata[name] = reader.GetString()!;
            else if (reader.TokenType != JsonTokenType.Null)
                metadata[name] = JsonElement.ParseValue(ref reader).GetRawText();
        }

        return metadata;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Dictionary<string, string> value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (name, text) in value)
            writer.WriteString(name, text);
        writer.WriteEndObject();
    }
}
