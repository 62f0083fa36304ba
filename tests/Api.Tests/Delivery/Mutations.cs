using System.Globalization;
using System.Text.RegularExpressions;
using Media.Api.Delivery;

namespace Media.Api.Tests.Delivery;

/// <summary>Bends good requests in every way that has ever fooled a gate; repeatable by its seed.</summary>
internal sealed class Mutations(int seed, string folder, string otherFolder, string goodQuery, IReadOnlyList<string> otherQueries, string origin)
{
    private static readonly string[] Bits =
    [
        "..", ".", "/", "//", "\\", "%2e", "%2E%2e", "%2f", "%5c", "%00", "\0", "%25", "%252e%252e%252f", "%c0%af", "%ff", "%", "%2", "?", "#", "&", "=", "+", ";", ":", "@", " ", "\t", "\r\n",
        "\u00fc", "\u2215", "\uff0e", "%e2%88%95", "path=", "tick=", "&path=%2F", "&tick=9999999999999", "-1", "0", "9", "a", "Z", "=", "%3D", "%3d", "%2B", "null", ".evil.example",
    ];

    private readonly Random _random = new(seed);

    public DeliveryRequest Next()
    {
        var request = new DeliveryRequest("GET", folder + "film.mp4", goodQuery, Maybe(4) ? origin : null, origin + "/page");
        for (var i = _random.Next(1, 4); i > 0; i--)
            request = Bend(request);
        return request;
    }

    private DeliveryRequest Bend(in DeliveryRequest request) => _random.Next(20) switch
    {
        0 => request with { Uri = otherFolder + "film.mp4" },
        1 => request with { Uri = folder + Pick(["../", "..%2f", "%2e%2e/", ".%2E%2F", "..\\", "..%5c", "./", "/"]) + otherFolder[1..] + "film.mp4" },
        2 => request with { Uri = request.Uri.Replace(folder[1..^1], otherFolder[1..^1], StringComparison.Ordinal) },
        3 or 4 or 5 => request with { Uri = Scratch(request.Uri) },
        6 => request with { Uri = Encode(request.Uri) },
        7 or 8 or 9 or 10 => request with { Query = Scratch(request.Query) },
        11 => request with { Query = Splice(request.Query, Pick(otherQueries)) },
        12 => request with { Query = Regex.Replace(request.Query, "tick=[^&]*", $"tick={_random.NextInt64(long.MaxValue).ToString(CultureInfo.InvariantCulture)}") },
        13 => request with { Query = Encode(request.Query) },
        14 => request with { Query = string.Join('&', request.Query.Split('&').Order(Comparer<string>.Create((_, _) => _random.Next(-1, 2)))) },
        15 => request with { Query = $"path={UriComponent.Encode(otherFolder)}&{string.Join('&', request.Query.Split('&').Skip(_random.Next(2)))}" },
        16 => request with { Referer = Maybe(5) ? null : Scratch(request.Referer ?? origin) },
        17 => request with { Origin = Maybe(5) ? "" : Scratch(request.Origin ?? origin) },
        18 => request with { Method = Pick(["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "get"]) },
        _ => request with { Referer = Pick([$"{origin}.evil.example/", $"https://evil.example/?{origin}/", $"{origin}@evil.example/", $"{origin}:1/", "null", $"{origin}/{_random.Next()}", $"{origin}?x"]) },
    };

    private string Scratch(string text)
    {
        var at = _random.Next(text.Length + 1);
        var (before, after) = (text[..at], text[at..]);
        return _random.Next(5) switch
        {
            0 => before + Pick(Bits) + after,
            1 => before + (after.Length > 0 ? after[1..] : ""),
            2 => before + (char)_random.Next(0x20, 0x7f) + (after.Length > 0 ? after[1..] : ""),
            3 => before,
            _ => before + (after.Length > 0 && char.IsAsciiLetter(after[0]) ? (char)(after[0] ^ 0x20) + after[1..] : Pick(Bits) + after),
        };
    }

    // The same said otherwise: what the gate decodes has to come to the same.
    private string Encode(string text)
    {
        if (text.Length == 0)
            return text;
        var at = _random.Next(text.Length);
        return text[at] == '%' && at + 2 < text.Length && char.IsAsciiHexDigit(text[at + 1]) && char.IsAsciiHexDigit(text[at + 2])
            ? text[..at] + (char)Convert.FromHexString(text.AsSpan(at + 1, 2))[0] + text[(at + 3)..]
            : text[..at] + $"%{(byte)text[at]:x2}" + text[(at + 1)..];
    }

    private string Splice(string one, string other)
    {
        var (left, right) = (one.Split('&'), other.Split('&'));
        for (var i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            if (Maybe(2))
                left[i] = right[i];
        }

        return string.Join('&', left);
    }

    private bool Maybe(int oneIn) => _random.Next(oneIn) == 0;

    private string Pick(IReadOnlyList<string> choices) => choices[_random.Next(choices.Count)];
}

/// <summary>
/// What the rules forbid, said in another way than the gate says it: by what was signed, and with the framework's own readers of addresses.
/// </summary>
internal sealed class Oracle(IReadOnlyDictionary<string, string> signedFolders, IReadOnlySet<string> origins)
{
    /// <summary>Why the request may not be let through, or null.</summary>
    /// <param name="request">The request.</param>
    public string? Forbids(in DeliveryRequest request)
    {
        if (request.Method is not ("GET" or "HEAD"))
            return "method";
        var decoded = Uri.UnescapeDataString(request.Uri);
        if (!Regex.IsMatch(request.Uri, "^/[!-~]*$") || Regex.IsMatch(decoded, @"(^|/)\.{1,2}(/|$)|//|\\|\0|/$|\uFFFD"))
            return "uri";
        if (request.Origin is not null && !origins.Contains(request.Origin))
            return "origin";
        if (!Uri.TryCreate(request.Referer, UriKind.Absolute, out var referer) || !origins.Contains(referer.GetLeftPart(UriPartial.Authority)))
            return "referer";

        // Nothing was signed but these: any other message, or other hash, is forged.
        var cut = request.Query.LastIndexOf("&hash=", StringComparison.Ordinal);
        foreach (var (query, folder) in signedFolders)
        {
            var signed = query.LastIndexOf("&hash=", StringComparison.Ordinal);
            if (cut >= 0 && request.Query[..cut] == query[..signed] && Uri.UnescapeDataString(request.Query[cut..]) == Uri.UnescapeDataString(query[signed..]))
                return decoded.StartsWith(folder, StringComparison.Ordinal) ? null : "folder";
        }

        return "forged";
    }
}
