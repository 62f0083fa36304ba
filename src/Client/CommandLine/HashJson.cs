using System.Text.Json;
using System.Text.Json.Serialization;

namespace Media.CommandLine;

/// <summary>A file's hashes, as a line of JSON.</summary>
internal sealed record HashedFile(string File, long Size, string TipHash, string PieceHash);

/// <summary>A file that has none, and why.</summary>
internal sealed record UnhashedFile(string File, string Status, string Code, string Error);

/// <summary>Written without reflection: finding out about the types would take longer than hashing a small file.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(HashedFile))]
[JsonSerializable(typeof(UnhashedFile))]
internal sealed partial class HashJson : JsonSerializerContext;
