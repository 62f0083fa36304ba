using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Media.Grains.Uploads;

namespace Media.Api.Delivery;

/// <summary>A request as the gate sees it: nothing is decoded yet.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Uri">From the bucket's root, percent-encoded, without the query.</param>
/// <param name="Query">Without the question mark.</param>
/// <param name="Origin">The <c>Origin</c> header, or null where it was not sent. Several: joined by commas, which no origin has.</param>
/// <param name="Referer">The <c>Referer</c> header, or null where there is none, or more than one.</param>
internal readonly record struct DeliveryRequest(string Method, string Uri, string Query, string? Origin, string? Referer);

/// <summary>The checks, in their order.</summary>
internal enum DeliveryCheck
{
    /// <summary>All hold.</summary>
    None,

    /// <summary>GET or HEAD.</summary>
    Method,

    /// <summary>A path without tricks.</summary>
    Uri,

    /// <summary>An allowed origin.</summary>
    Origin,

    /// <summary>A page of an allowed origin.</summary>
    Referer,

    /// <summary>A folder that the URI is in.</summary>
    Path,

    /// <summary>A time that is not past, and not too far off.</summary>
    Tick,

    /// <summary>The seed's form.</summary>
    Seed,

    /// <summary>The signature.</summary>
    Hash,
}

/// <summary>What the rules say of a request.</summary>
/// <param name="Failed">The first check that failed, or none.</param>
/// <param name="Path">The decoded URI; empty where a check failed.</param>
/// <param name="ExpiresAt">Until when the link is good.</param>
internal readonly record struct DeliveryVerdict(DeliveryCheck Failed, string Path, DateTimeOffset ExpiresAt);

/// <summary>
/// Who is let through: a pure function, the same as the edge function in <c>deploy/cloudfront/gate.js</c>. Both are held to <c>vectors.json</c> beside it.
/// </summary>
internal static class DeliveryRules
{
    /// <summary>No link is good for longer.</summary>
    public static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(7);

    private const int LongestTick = 16;
    private static readonly string[] Names = ["path=", "tick=", "seed=", "hash="];

    /// <summary>Checks a request, the cryptography last.</summary>
    /// <param name="request">What was sent.</param>
    /// <param name="secrets">All that are accepted.</param>
    /// <param name="origins">Allowed origins.</param>
    /// <param name="ownOrigin">One more, or null.</param>
    /// <param name="now">The time.</param>
    public static DeliveryVerdict Check(
        in DeliveryRequest request, IReadOnlyList<byte[]> secrets, FrozenSet<string> origins, string? ownOrigin, DateTimeOffset now)
    {
        if (request.Method is not ("GET" or "HEAD"))
            return Failed(DeliveryCheck.Method);
        if (!request.Uri.StartsWith('/') || !UriComponent.TryDecode(request.Uri, out var uri) || !IsPlain(uri))
            return Failed(DeliveryCheck.Uri);
        if (request.Origin is { } origin && !origins.Contains(origin) && origin != ownOrigin)
            return Failed(DeliveryCheck.Origin);
        if (OriginOf(request.Referer) is not { } page || (!origins.Contains(page) && page != ownOrigin))
            return Failed(DeliveryCheck.Referer);

        var values = request.Query.Split('&');
        if (values.Length != Names.Length)
            return Failed(DeliveryCheck.Path);
        for (var i = 0; i < values.Length; i++)
        {
            if (!values[i].StartsWith(Names[i], StringComparison.Ordinal))
                return Failed(DeliveryCheck.Path);
            values[i] = values[i][Names[i].Length..];
        }

        if (!UriComponent.TryDecode(values[0], out var folder) || !folder.StartsWith('/') || !folder.EndsWith('/') || !uri.StartsWith(folder, StringComparison.Ordinal))
            return Failed(DeliveryCheck.Path);
        if (ExpiryOf(values[1], now) is not { } expiresAt)
            return Failed(DeliveryCheck.Tick);
        if (!Tags.IsTag(values[2]))
            return Failed(DeliveryCheck.Seed);
        return UriComponent.TryDecode(values[3], out var hash) && IsSigned(request.Query[..(request.Query.Length - values[3].Length - "&hash=".Length)], hash, secrets)
            ? new DeliveryVerdict(DeliveryCheck.None, uri, expiresAt)
            : Failed(DeliveryCheck.Hash);
    }

    private static DeliveryVerdict Failed(DeliveryCheck check) => new(check, "", default);

    private static bool IsPlain(string uri)
    {
        if (uri.EndsWith('/') || uri.AsSpan().ContainsAny('\\', '\0') || uri.Contains("//", StringComparison.Ordinal))
            return false;
        foreach (var segment in uri.AsSpan().Split('/'))
        {
            if (uri.AsSpan(segment) is "." or "..")
                return false;
        }

        return true;
    }

    /// <summary>Scheme, host and port of an address, as they are: browsers send them in their one form, and no other is an allowed origin's.</summary>
    private static string? OriginOf(string? address)
    {
        if (address is null)
            return null;
        var host = address.IndexOf("://", StringComparison.Ordinal);
        if (host < 0)
            return null;
        var end = address.AsSpan(host + 3).IndexOfAny('/', '?', '#');
        return end < 0 ? address : address[..(host + 3 + end)];
    }

    private static DateTimeOffset? ExpiryOf(string tick, DateTimeOffset now)
    {
        if (tick.Length > LongestTick || !long.TryParse(tick, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            || milliseconds.ToString(CultureInfo.InvariantCulture) != tick)
            return null;
        var ahead = milliseconds - now.ToUnixTimeMilliseconds();
        return ahead >= 0 && ahead <= (long)LongestLifetime.TotalMilliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;
    }

    private static bool IsSigned(string message, string hash, IReadOnlyList<byte[]> secrets)
    {
        var given = Encoding.UTF8.GetBytes(hash);
        var signed = false;
        // All of them, whichever fits: the time taken does not tell.
        foreach (var secret in secrets)
            signed |= CryptographicOperations.FixedTimeEquals(given, Encoding.ASCII.GetBytes(DeliverySigner.HashOf(secret, message)));
        return signed;
    }
}
