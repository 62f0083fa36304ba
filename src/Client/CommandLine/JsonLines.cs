using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Media.CommandLine;

/// <summary>One JSON object a line on standard output, in UTF-8 whatever the terminal's encoding. Safe from several threads.</summary>
internal static class JsonLines
{
    private static readonly Lock Gate = new();
    private static readonly Stream Output = Console.OpenStandardOutput();

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        // For pipes and files, not for web pages: names stay legible.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NewLine = "\n",
    };

    private static readonly JsonSerializerOptions Sparse = new(Format) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static void Write<T>(T value, bool leaveNullsOut = false)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(value, leaveNullsOut ? Sparse : Format), (byte)'\n'];
        lock (Gate)
        {
            Output.Write(line);
            Output.Flush();
        }
    }
}
