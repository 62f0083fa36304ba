using System.Collections.Immutable;
using System.Text.Json;
using Media.Api.Json;
using Media.Api.Problems;

namespace Media.Api.Doors.Companion;

/// <summary>A page's metadata as text by name. Uppy sends whatever its page has: text, numbers, nulls for what is not known.</summary>
internal static class CompanionMetadata
{
    private const int MaxEntries = 100;
    private const int MaxCharacters = 16 << 10;

    public static (ImmutableDictionary<string, string> Metadata, Problem? Problem) Of(Dictionary<string, JsonElement>? values)
    {
        var metadata = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var characters = 0;
        foreach (var (name, value) in values ?? [])
        {
            if (value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
                continue;
            var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
            characters += name.Length + text.Length;
            if (metadata.Count == MaxEntries || characters > MaxCharacters)
                return (ImmutableDictionary<string, string>.Empty, ProblemCatalog.Invalid("metadata", RequestMessages.MetadataSize));
            // PostgreSQL has no NUL in text, JSON's or other.
            if (name.Contains('\0', StringComparison.Ordinal) || text.Contains('\0', StringComparison.Ordinal))
                return (ImmutableDictionary<string, string>.Empty, ProblemCatalog.Invalid("metadata", RequestMessages.MetadataNul));
            metadata[name] = text;
        }

        return (metadata.ToImmutable(), null);
    }
}
