using System.Text.Json;
using System.Text.Json.Serialization;

namespace Media.Api.Json;

/// <summary>Reads part numbers: anything but a whole number that fits is <see cref="PartNumberException"/>. Whether the plan has it is the grain's to say.</summary>
internal sealed class PartNumberConverter : JsonConverter<int>
{
    /// <inheritdoc/>
    public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var part)
            ? part
            : throw new PartNumberException();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}

/// <summary>A part number is not a whole number.</summary>
internal sealed class PartNumberException() : JsonException("A part number is a whole number.");

/// <summary>Reads an array of part numbers.</summary>
internal sealed class PartNumbersConverter : JsonConverter<int[]>
{
    private static readonly PartNumberConverter Number = new();

    /// <inheritdoc/>
    public override int[]? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException();
        var parts = new List<int>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            parts.Add(Number.Read(ref reader, typeof(int), options));
        return [.. parts];
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, int[] value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var part in value)
            writer.WriteNumberValue(part);
        writer.WriteEndArray();
    }
}
