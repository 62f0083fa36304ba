using System.Text;

namespace Media.DevStorage.Http;

/// <summary>One query parameter, decoded. <see cref="RawName"/> and <see cref="RawValue"/> are encoded anew, as signatures want them.</summary>
internal readonly record struct QueryParameter(string Name, string Value, string RawName, string RawValue);

/// <summary>
/// What a request is about, taken from the request line as it was sent: a decoded path would have lost <c>//</c>, <c>/./</c> and
/// <c>%2F</c>, all of which are part of a key.
/// </summary>
internal sealed class RequestTarget
{
    private readonly List<QueryParameter> _query;

    private RequestTarget(string? bucket, string? key, string rawPath, string canonicalPath, List<QueryParameter> query)
    {
        RawPath = rawPath;
        Bucket = bucket;
        Key = key;
        CanonicalPath = canonicalPath;
        _query = query;
    }

    /// <summary>Null when the request is about the service.</summary>
    public string? Bucket { get; }

    /// <summary>Null when the request is about a bucket.</summary>
    public string? Key { get; }

    /// <summary>The path as it was sent.</summary>
    public string RawPath { get; }

    /// <summary>The path with every byte encoded in the one way that signatures use.</summary>
    public string CanonicalPath { get; }

    public IReadOnlyList<QueryParameter> Query => _query;

    public bool Has(string name) => Find(name) is not null;

    /// <summary>The value of the first parameter of that name; empty when it has none, null when it is missing.</summary>
    public string? Find(string name)
    {
        foreach (var parameter in _query)
        {
            if (string.Equals(parameter.Name, name, StringComparison.Ordinal))
                return parameter.Value;
        }

        return null;
    }

    /// <summary>The same request, about an object whose key came from elsewhere (a form).</summary>
    public RequestTarget WithKey(string key) => new(Bucket, key, RawPath, CanonicalPath, _query);

    /// <param name="rawTarget">The request target of the request line.</param>
    /// <param name="host">The Host header.</param>
    /// <param name="domains">Host names below which the first label is a bucket.</param>
    /// <exception cref="S3Exception"><c>InvalidURI</c>, <c>KeyTooLongError</c></exception>
    public static RequestTarget Parse(string rawTarget, string host, IEnumerable<string> domains)
    {
        var target = rawTarget.AsSpan();
        if (!target.StartsWith("/"))
        {
            var scheme = target.IndexOf("://", StringComparison.Ordinal);
            var slash = scheme < 0 ? -1 : target[(scheme + 3)..].IndexOf('/');
            target = slash < 0 ? "/" : target[(scheme + 3 + slash)..];
        }

        var question = target.IndexOf('?');
        var path = question < 0 ? target : target[..question];
        var query = question < 0 ? [] : ParseQuery(target[(question + 1)..]);

        var canonical = UriEncoding.Encode(UriEncoding.DecodeBytes(path, plusIsSpace: false), keepSlash: true);
        var rest = path[1..];
        var bucket = BucketOfHost(host, domains);
        if (bucket is null)
        {
            var slash = rest.IndexOf('/');
            bucket = UriEncoding.Decode(slash < 0 ? rest : rest[..slash], plusIsSpace: false);
            rest = slash < 0 ? [] : rest[(slash + 1)..];
        }

        if (bucket.Length == 0)
            return new RequestTarget(null, null, path.ToString(), canonical, query);
        var key = UriEncoding.Decode(rest, plusIsSpace: false);
        if (Encoding.UTF8.GetByteCount(key) is var size and > S3Limits.LongestKey)
            throw S3Error.KeyTooLong(size);
        return new RequestTarget(bucket, key.Length == 0 ? null : key, path.ToString(), canonical, query);
    }

    private static string? BucketOfHost(string host, IEnumerable<string> domains)
    {
        var colon = host.LastIndexOf(':');
        var name = colon < 0 ? host : host[..colon];
        foreach (var domain in domains)
        {
            if (name.Length > domain.Length + 1
                && name.EndsWith(domain, StringComparison.OrdinalIgnoreCase)
                && name[name.Length - domain.Length - 1] == '.')
            {
                return name[..^(domain.Length + 1)];
            }
        }

        return null;
    }

    private static List<QueryParameter> ParseQuery(ReadOnlySpan<char> query)
    {
        var result = new List<QueryParameter>();
        foreach (var range in query.Split('&'))
        {
            var pair = query[range];
            if (pair.IsEmpty)
                continue;
            var equals = pair.IndexOf('=');
            var name = UriEncoding.Decode(equals < 0 ? pair : pair[..equals], plusIsSpace: true);
            var value = equals < 0 ? "" : UriEncoding.Decode(pair[(equals + 1)..], plusIsSpace: true);
            result.Add(new QueryParameter(name, value, UriEncoding.Encode(name), UriEncoding.Encode(value)));
        }

        return result;
    }
}
