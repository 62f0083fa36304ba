using System.Collections.Immutable;
using Media.Api.Json;
using Media.Api.Problems;

namespace Media.Api.Doors.Companion;

/// <summary>Bounds what a page keeps with a file.</summary>
internal static class CompanionMetadata
{
    private const int MaxEntries = 100;
    private const int MaxCharacters = 16 << 10;

    /// <summary>Of query parameters of the form <c>metadata[name]</c>.</summary>
    public static (ImmutableDictionary<string, string> Metadata, Problem? Problem) OfQuery(IQueryCollection query)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in query)
        {
            if (name.StartsWith("metadata[", StringComparison.Ordinal) && name.EndsWith(']'))
                values[name["metadata[".Length..^1]] = value.ToString();
        }

        return Of(values);
    }

    /// <summary>Of what a JSON body says.</summary>
    public static (ImmutableDictionary<string, string> Metadata, Problem? Problem) Of(Dictionary<string, string>? values)
    {
        if (values is null)
            return (ImmutableDictionary<string, string>.Empty, null);
        var characters = 0;
        foreach (var (name, text) in values)
        {
            characters += name.Length + text.Length;
            // PostgreSQL has no NUL in text, JSON's or other.
            if (name.Contains('\0', StringComparison.Ordinal) || text.Contains('\0', StringComparison.Ordinal))
                return (ImmutableDictionary<string, string>.Empty, ProblemCatalog.Invalid("metadata", RequestMessages.MetadataNul));
        }

        return values.Count > MaxEntries || characters > MaxCharacters
            ? (ImmutableDictionary<string, string>.Empty, ProblemCatalog.Invalid("metadata", RequestMessages.MetadataSize))
            : (values.ToImmutableDictionary(StringComparer.Ordinal), null);
    }
}
