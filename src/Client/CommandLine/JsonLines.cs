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

    /// <summary>What can be written.</summary>
    public static OutputJson Forms { get; } = Of(JsonIgnoreCondition.Never);

    /// <summary>The same, but what is null is left out.</summary>
    public static OutputJson SparseForms { get; } = Of(JsonIgnoreCondition.WhenWritingNull);

    /// <param name="form">one of <see cref="Forms"/> or <see cref="SparseForms"/></param>
    public static void Write<T>(T value, JsonTypeInfo<T> form)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(value, form), (byte)'\n'];
        lock (Gate)
        {
            Output.Write(line);
            Output.Flush();
        }
    }

    private static OutputJson Of(JsonIgnoreCondition left) => new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        // For pipes and files, not for web pages: names stay legible.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NewLine = "\n",
        DefaultIgnoreCondition = left,
    });
}
