using System.Buffers;
using System.Xml.Linq;

namespace Media.DevStorage.Metadata;

/// <summary>One rule of a bucket's CORS configuration.</summary>
internal sealed record CorsRule(
    IReadOnlyList<string> Origins, IReadOnlyList<string> Methods, IReadOnlyList<string> Headers, IReadOnlyList<string> Exposed, long? MaxAge)
{
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!#$%&'*+^`|~");

    private static readonly string[] KnownMethods = ["GET", "PUT", "HEAD", "POST", "DELETE"];

    /// <exception cref="S3Exception"><c>MalformedXML</c>, <c>InvalidRequest</c></exception>
    public static IReadOnlyList<CorsRule> ReadAll(XElement? configuration)
    {
        if (configuration is null)
            return [];
        var rules = configuration.Children("CORSRule").Select(Read).ToList();
        return rules.Count is 0 or > 100 ? throw S3Error.MalformedXml() : rules;
    }

    public bool Allows(string origin, string method) =>
        Methods.Contains(method, StringComparer.Ordinal) && Origins.Any(o => MatchesOneStar(o, origin, StringComparison.Ordinal));

    public bool AllowsHeaders(IEnumerable<string> requested) =>
        requested.All(r => Headers.Any(h => MatchesOneStar(h, r, StringComparison.OrdinalIgnoreCase)));

    private static CorsRule Read(XElement rule)
    {
        var result = new CorsRule(
            All(rule, "AllowedOrigin"), All(rule, "AllowedMethod"), All(rule, "AllowedHeader"), All(rule, "ExposeHeader"), rule.Number("MaxAgeSeconds"));
        if (result.Origins.Count == 0 || result.Methods.Count == 0)
            throw S3Error.MalformedXml();
        foreach (var method in result.Methods)
        {
            if (!KnownMethods.Contains(method, StringComparer.Ordinal))
                throw S3Error.InvalidRequest($"Found unsupported HTTP method in CORS config. Unsupported method is {method}");
        }

        foreach (var pattern in result.Origins.Concat(result.Headers))
        {
            if (pattern.AsSpan().Count('*') > 1)
                throw S3Error.InvalidRequest($"AllowedOrigin \"{pattern}\" can not have more than one wildcard.");
        }

        foreach (var header in result.Exposed)
        {
            if (header.AsSpan().ContainsAnyExcept(TokenCharacters))
                throw S3Error.InvalidRequest($"ExposeHeader \"{header}\" contains an invalid character.");
        }

        return result;
    }

    private static List<string> All(XElement rule, string name) => [.. rule.Children(name).Select(e => e.Value.Trim())];

    private static bool MatchesOneStar(string pattern, string text, StringComparison comparison)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star < 0
            ? string.Equals(pattern, text, comparison)
            : text.Length >= pattern.Length - 1 && text.StartsWith(pattern[..star], comparison) && text.EndsWith(pattern[(star + 1)..], comparison);
    }
}
