using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Media.Silo.S3;

/// <summary>
/// AWS Signature Version 4 in the query, for PUTs into one bucket
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html). The payload is not signed, as nobody here has it.
/// </summary>
internal sealed class SigV4Presigner
{
    /// <summary>S3 takes no URL that is good for longer.</summary>
    public static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(7);

    // Half a surrogate pair in a key is a bug; it must not become the key with U+FFFD in it.
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly SearchValues<byte> Unreserved = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"u8);

    private readonly string _origin;
    private readonly string _host;
    private readonly string _basePath;
    private readonly string _region;
    private DerivedKey? _key;

    /// <param name="bucketAddress">Where the bucket's objects are: with the bucket in the host, or as the path.</param>
    /// <param name="region">A word in the signature.</param>
    public SigV4Presigner(Uri bucketAddress, string region)
    {
        // Leaves out the scheme's own port, as every client does in its Host header.
        _host = bucketAddress.IsDefaultPort ? bucketAddress.IdnHost : string.Create(CultureInfo.InvariantCulture, $"{bucketAddress.IdnHost}:{bucketAddress.Port}");
        if (bucketAddress.HostNameType == UriHostNameType.IPv6) _host = bucketAddress.Authority;
        _origin = $"{bucketAddress.Scheme}://{_host}";
        _basePath = bucketAddress.AbsolutePath.TrimEnd('/');
        _region = region;
    }

    /// <summary>Computes all that the URLs of one object, one instant and one set of headers have in common.</summary>
    /// <param name="credentials">What to sign with.</param>
    /// <param name="now">From when the URLs are good; S3 knows whole seconds.</param>
    /// <param name="lifetime">1 s to 7 days, in whole seconds.</param>
    /// <param name="key">The object's key.</param>
    /// <param name="uploadId">The multipart upload, or null for a PUT of the whole object.</param>
    /// <param name="headers">Headers to sign beside Host; the bearer has to send them with these values.</param>
    /// <exception cref="ArgumentException">The key is empty or no text; a header holds a line break; the lifetime is out of its limits.</exception>
    public PresignTemplate Prepare(
        SigningCredentials credentials,
        DateTimeOffset now,
        TimeSpan lifetime,
        string key,
        string? uploadId,
        ReadOnlySpan<KeyValuePair<string, string>> headers)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        var seconds = (long)lifetime.TotalSeconds;
        ArgumentOutOfRangeException.ThrowIfLessThan(seconds, 1, nameof(lifetime));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(seconds, (long)LongestLifetime.TotalSeconds, nameof(lifetime));

        var time = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var scope = $"{time.AsSpan(0, 8)}/{_region}/s3/aws4_request";
        var (signedHeaders, canonicalHeaders) = Canonicalize(headers);

        var path = new StringBuilder(_basePath, _basePath.Length + key.Length + 16).Append('/');
        AppendEncoded(path, key, keepSlashes: true);

        // In the order of their bytes, as the canonical form wants them: capitals before partNumber before uploadId.
        var query = new StringBuilder(512).Append("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=");
        AppendEncoded(query, $"{credentials.AccessKey}/{scope}", keepSlashes: false);
        query.Append("&X-Amz-Date=").Append(time).Append("&X-Amz-Expires=").Append(seconds);
        if (credentials.SessionToken is { } token) AppendEncoded(query.Append("&X-Amz-Security-Token="), token, keepSlashes: false);
        AppendEncoded(query.Append("&X-Amz-SignedHeaders="), signedHeaders, keepSlashes: false);
        var rest = new StringBuilder();
        if (uploadId is not null)
        {
            query.Append("&partNumber=");
            AppendEncoded(rest.Append("&uploadId="), uploadId, keepSlashes: false);
        }

        return new PresignTemplate(
            beforePart: Encoding.ASCII.GetBytes($"PUT\n{path}\n{query}"),
            afterPart: StrictUtf8.GetBytes($"{rest}\n{canonicalHeaders}\n{signedHeaders}\nUNSIGNED-PAYLOAD"),
            beforeHash: Encoding.ASCII.GetBytes($"AWS4-HMAC-SHA256\n{time}\n{scope}\n"),
            signingKey: Derive(credentials.SecretKey, time[..8]),
            urlBeforePart: $"{_origin}{path}?{query}",
            urlAfterPart: $"{rest}&X-Amz-Signature=",
            hasPart: uploadId is not null);
    }

    private (string Signed, string Canonical) Canonicalize(ReadOnlySpan<KeyValuePair<string, string>> headers)
    {
        if (headers.IsEmpty) return ("host", $"host:{_host}\n");
        var sorted = new List<(string Name, string Value)>(headers.Length + 1) { ("host", _host) };
        foreach (var (name, value) in headers)
        {
            if (name.AsSpan().ContainsAny("\r\n:") || value.AsSpan().ContainsAny('\r', '\n'))
                throw new ArgumentException($"The header {name} cannot be signed.", nameof(headers));
#pragma warning disable CA1308 // The canonical form is lower-case.
            sorted.Add((name.ToLowerInvariant(), Compress(value)));
#pragma warning restore CA1308
        }

        sorted.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        var signed = new StringBuilder();
        var canonical = new StringBuilder();
        foreach (var (name, value) in sorted)
        {
            if (signed.Length > 0) signed.Append(';');
            signed.Append(name);
            canonical.Append(name).Append(':').Append(value).Append('\n');
        }

        return (signed.ToString(), canonical.ToString());
    }

    /// <summary>Trims, and makes one space of several, as the canonical form has it.</summary>
    private static string Compress(string value)
    {
        var trimmed = value.Trim();
        if (!trimmed.Contains("  ", StringComparison.Ordinal)) return trimmed;
        var compressed = new StringBuilder(trimmed.Length);
        foreach (var character in trimmed)
        {
            if (character != ' ' || compressed[^1] != ' ') compressed.Append(character);
        }

        return compressed.ToString();
    }

    private static void AppendEncoded(StringBuilder target, string text, bool keepSlashes)
    {
        const string hex = "0123456789ABCDEF";
        var rented = ArrayPool<byte>.Shared.Rent(StrictUtf8.GetMaxByteCount(text.Length));
        foreach (var octet in rented.AsSpan(0, StrictUtf8.GetBytes(text, rented)))
        {
            if (Unreserved.Contains(octet) || (keepSlashes && octet == '/')) target.Append((char)octet);
            else target.Append('%').Append(hex[octet >> 4]).Append(hex[octet & 15]);
        }

        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>The signing key is the same for a day, a region and a secret; one is kept.</summary>
    /// <param name="secret">The secret key.</param>
    /// <param name="day">As <c>yyyyMMdd</c>.</param>
    public byte[] Derive(string secret, string day)
    {
        var kept = Volatile.Read(ref _key);
        if (kept is not null && kept.Day == day && kept.Secret == secret) return kept.Key;
        Span<byte> first = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<byte> second = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(Encoding.UTF8.GetBytes($"AWS4{secret}"), Encoding.ASCII.GetBytes(day), first);
        HMACSHA256.HashData(first, Encoding.ASCII.GetBytes(_region), second);
        HMACSHA256.HashData(second, "s3"u8, first);
        var key = HMACSHA256.HashData(first, "aws4_request"u8);
        Volatile.Write(ref _key, new DerivedKey(day, secret, key));
        return key;
    }

    private sealed record DerivedKey(string Day, string Secret, byte[] Key);
}
