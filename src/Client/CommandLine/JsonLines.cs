using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Media.CommandLine;

/// <summary>One JSON object a line on standard output, in UTF-8 whatever the terminal's encoding. Safe from several threads.</summary>
internal static class JsonLines
{
    private static readonly Lock Gate = new();
    private static readonly Stream Output = Console.OpenStandardOutput();

    /// <summary>How every line is written.</summary>
    public static JsonSerializerOptions Format { get; } = new(JsonSerializerDefaults.Web)
    {
        // For pipes and files, not for web pages: names stay legible.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NewLine = "\n",
    };

    private static readonly JsonSerializerOptions Sparse = new(Format) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static void Write<T>(T value, bool leaveNullsOut = false) => Write(JsonSerializer.SerializeToUtf8Bytes(value, leaveNullsOut ? Sparse : Format));

    /// <summary>The same for a type whose form was worked out at build time.</summary>
    public static void Write<T>(T value, JsonTypeInfo<T> form) => Write(JsonSerializer.SerializeToUtf8Bytes(value, form));

    private static void Write(byte[] json)
    {
        byte[] line = [.. json, (byte)'\n'];
        lock (Gate)
        {
            Output.Write(line);
            Output.Flush();
        }
    }
}
