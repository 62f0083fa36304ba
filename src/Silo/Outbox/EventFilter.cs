using System.Text.RegularExpressions;

namespace Media.Silo.Outbox;

/// <summary>Which types of events a destination takes.</summary>
internal static partial class EventFilter
{
    /// <summary>Whether this may stand in a list of types: a type, or its beginning up to a point and <c>*</c>, or <c>*</c> alone.</summary>
    public static bool IsWellFormed(string? type) => type is { Length: <= 100 } && Form().IsMatch(type);

    /// <summary>The list as patterns of SQL's LIKE.</summary>
    public static string[] ToPatterns(IList<string> types)
    {
        if (types.Count == 0) return ["%"];
        var patterns = new string[types.Count];
        for (var i = 0; i < patterns.Length; i++) patterns[i] = types[i].Replace('*', '%');
        return patterns;
    }

    // Neither % nor _ nor \ can be in one, so nothing needs to be escaped.
    [GeneratedRegex(@"\A(?:\*|[a-z0-9-]+(?:\.[a-z0-9-]+)*(?:\.\*)?)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
