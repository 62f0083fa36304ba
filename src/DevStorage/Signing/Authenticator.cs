using System.Collections.Concurrent;
using System.Globalization;

namespace Media.DevStorage.Signing;

/// <summary>
/// Checks a request's signature, in the Authorization header or in the query (presigned), as S3 does: scope, date, expiry, which headers
/// are signed, and the signature over the request as it was sent.
/// </summary>
internal sealed class Authenticator
{
    private const int MaximumExpiry = 604_800;

    private readonly Dictionary<string, DevStorageKey> _keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Key, string Date), byte[]> _signingKeys = new();
    private readonly string _region;
    private readonly TimeSpan _skew;
    private readonly TimeProvider _time;

    public Authenticator(DevStorageOptions options)
    {
        foreach (var key in options.Keys)
            _keys[key.Id] = key;
        _region = options.Region;
        _skew = options.ClockSkew;
        _time = options.Time;
    }

    /// <exception cref="S3Exception">The request is not signed, or not so that it can be believed.</exception>
    public Authentication Authenticate(HttpRequest request, RequestTarget target)
    {
        var header = request.Headers.Authorization.ToString();
        var inQuery = target.Has("X-Amz-Signature") || target.Has("X-Amz-Algorithm") || target.Has("X-Amz-Credential");
        if (header.Length > 0 && inQuery)
        {
            throw S3Error.InvalidArgument(
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
                "Authorization",
                null);
        }

        if (inQuery)
            return AuthenticateQuery(request, target);
        if (header.Length > 0)
            return AuthenticateHeader(request, target, header);
        if (target.Has("Signature") && target.Has("AWSAccessKeyId"))
            throw UnsupportedMechanism();
        throw S3Error.AccessDenied();
    }

    /// <summary>Checks the signature of a POST policy document.</summary>
    /// <exception cref="S3Exception">The signature is not that of the policy.</exception>
    public string AuthenticatePolicy(string policy, string algorithm, string credential, string date, string signature, string? token)
    {
        if (!string.Equals(algorithm, SignatureV4.Algorithm, StringComparison.Ordinal))
            throw S3Error.InvalidArgument("Unsupported algorithm", "X-Amz-Algorithm", algorithm);
        var (id, scope) = ParseCredential(credential, why => S3Error.InvalidArgument(why, "X-Amz-Credential", credential));
        var key = FindKey(id, token);
        if (!date.StartsWith(scope.Date, StringComparison.Ordinal))
            throw S3Error.InvalidArgument("The date of the credential does not match X-Amz-Date", "X-Amz-Date", date);
        var computed = SignatureV4.Sign(SigningKeyOf(key, scope), policy);
        if (!SignatureV4.Matches(computed, signature))
            throw S3Error.SignatureDoesNotMatch(policy, "");
        return id;
    }

    private Authentication AuthenticateHeader(HttpRequest request, RequestTarget target, string header)
    {
        if (!header.StartsWith(SignatureV4.Algorithm, StringComparison.Ordinal))
            throw UnsupportedMechanism();
        string? credential = null, signed = null, signature = null;
        foreach (var field in header[SignatureV4.Algorithm.Length..].Split(','))
        {
            var pair = field.AsSpan().Trim();
            var equals = pair.IndexOf('=');
            if (equals < 0)
                throw S3Error.AuthorizationHeaderMalformed("a component is not of the form key=value.");
            var value = pair[(equals + 1)..].ToString();
            switch (pair[..equals])
            {
                case "Credential":
                    credential = value;
                    break;
                case "SignedHeaders":
                    signed = value;
                    break;
                case "Signature":
                    signature = value;
                    break;
            }
        }

        if (credential is null || signed is null || signature is null)
            throw S3Error.AuthorizationHeaderMalformed("the authorization header requires three components: Credential, SignedHeaders, and Signature.");
        var (id, scope) = ParseCredential(credential, S3Error.AuthorizationHeaderMalformed);
        var key = FindKey(id, HeaderOrNull(request, "x-amz-security-token"));

        var timestamp = HeaderOrNull(request, "x-amz-date") ?? HeaderOrNull(request, "Date");
        if (timestamp is null || !TryParseTime(timestamp, out var time))
            throw S3Error.AccessDenied("AWS authentication requires a valid Date or x-amz-date header");
        timestamp = time.ToString(SignatureV4.TimestampFormat, CultureInfo.InvariantCulture);
        if (!timestamp.StartsWith(scope.Date, StringComparison.Ordinal))
            throw S3Error.AuthorizationHeaderMalformed("the date in the credential scope does not match the date of the request.");
        var now = _time.GetUtcNow();
        if ((now - time).Duration() > _skew)
            throw S3Error.RequestTimeTooSkewed(timestamp, now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));

        var payload = HeaderOrNull(request, "x-amz-content-sha256")
            ?? throw S3Error.InvalidRequest("Missing required header for this request: x-amz-content-sha256");
        var names = ParseSignedHeaders(request, signed, S3Error.AuthorizationHeaderMalformed);
        var signingKey = SigningKeyOf(key, scope);
        Verify(request, target, names, payload, timestamp, scope, signingKey, signature);
        var chunks = new ChunkSigner(signingKey, timestamp, scope, signature);
        return payload switch
        {
            "UNSIGNED-PAYLOAD" => new Authentication(id, Presigned: false, PayloadKind.Unsigned),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => new Authentication(id, Presigned: false, PayloadKind.SignedChunks) { Chunks = chunks },
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" =>
                new Authentication(id, Presigned: false, PayloadKind.SignedChunksWithTrailer) { Chunks = chunks },
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => new Authentication(id, Presigned: false, PayloadKind.ChunksWithTrailer),
            { Length: 64 } when payload.All(char.IsAsciiHexDigit) =>
                new Authentication(id, Presigned: false, PayloadKind.Hashed) { PayloadSha256 = payload.ToLowerInvariant() },
            _ => throw S3Error.InvalidArgument(
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
                "x-amz-content-sha256",
                payload),
        };
    }

    private Authentication AuthenticateQuery(HttpRequest request, RequestTarget target)
    {
        var algorithm = target.Find("X-Amz-Algorithm");
        var credential = target.Find("X-Amz-Credential");
        var timestamp = target.Find("X-Amz-Date");
        var expires = target.Find("X-Amz-Expires");
        var signed = target.Find("X-Amz-SignedHeaders");
        var signature = target.Find("X-Amz-Signature");
        if (algorithm is null || credential is null || timestamp is null || expires is null || signed is null || signature is null)
        {
            throw S3Error.AuthorizationQuery(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
        }

        if (!string.Equals(algorithm, SignatureV4.Algorithm, StringComparison.Ordinal))
            throw S3Error.AuthorizationQuery("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
        var (id, scope) = ParseCredential(credential, why => S3Error.AuthorizationQuery("Error parsing the X-Amz-Credential parameter; " + why));
        var key = FindKey(id, target.Find("X-Amz-Security-Token"));
        if (!DateTimeOffset.TryParseExact(
            timestamp, SignatureV4.TimestampFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            throw S3Error.AuthorizationQuery("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
        }

        if (!timestamp.StartsWith(scope.Date, StringComparison.Ordinal))
            throw S3Error.AuthorizationQuery("Error parsing the X-Amz-Credential parameter; the date does not match X-Amz-Date.");
        if (!int.TryParse(expires, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
            throw S3Error.AuthorizationQuery("X-Amz-Expires should be a number");
        if (seconds < 0)
            throw S3Error.AuthorizationQuery("X-Amz-Expires must be non-negative");
        if (seconds > MaximumExpiry)
            throw S3Error.AuthorizationQuery("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds");
        var now = _time.GetUtcNow();
        if (time - now > _skew)
            throw S3Error.AccessDenied("Request is not valid yet");
        if (now > time.AddSeconds(seconds))
            throw S3Error.RequestExpired(timestamp, expires, now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));

        var names = ParseSignedHeaders(request, signed, S3Error.AuthorizationQuery);
        var payload = target.Find("X-Amz-Content-Sha256") ?? HeaderOrNull(request, "x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD";
        Verify(request, target, names, payload, timestamp, scope, SigningKeyOf(key, scope), signature);
        return payload.Length == 64
            ? new Authentication(id, Presigned: true, PayloadKind.Hashed) { PayloadSha256 = payload.ToLowerInvariant() }
            : new Authentication(id, Presigned: true, PayloadKind.Unsigned);
    }

    private static void Verify(
        HttpRequest request,
        RequestTarget target,
        List<string> names,
        string payload,
        string timestamp,
        CredentialScope scope,
        byte[] signingKey,
        string signature)
    {
        var canonical = SignatureV4.CanonicalRequest(request.Method, target.CanonicalPath, target, request.Headers, names, payload);
        var stringToSign = SignatureV4.StringToSign(timestamp, scope, canonical);
        if (SignatureV4.Matches(SignatureV4.Sign(signingKey, stringToSign), signature))
            return;

        // Clients that encode the slashes of a key sign the path as they sent it.
        var asSent = SignatureV4.CanonicalRequest(request.Method, target.RawPath, target, request.Headers, names, payload);
        if (!SignatureV4.Matches(SignatureV4.Sign(signingKey, SignatureV4.StringToSign(timestamp, scope, asSent)), signature))
            throw S3Error.SignatureDoesNotMatch(stringToSign, canonical);
    }

    // Host, and every x-amz- header that is there, must be signed: an unsigned one could have been added on the way.
    private static List<string> ParseSignedHeaders(HttpRequest request, string signed, Func<string, S3Exception> malformed)
    {
        var names = new List<string>();
        foreach (var name in signed.Split(';'))
        {
            if (name.Length == 0 || name.AsSpan().ContainsAnyInRange('A', 'Z'))
                throw malformed("SignedHeaders must be a semicolon separated list of lower-case header names.");
            names.Add(name);
        }

        names.Sort(StringComparer.Ordinal);
        List<string>? missing = null;
        if (!names.Contains("host", StringComparer.Ordinal))
            (missing ??= []).Add("host");
        foreach (var header in request.Headers)
        {
            if (!header.Key.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase))
                continue;
            var name = header.Key.ToLowerInvariant();
            if (names.BinarySearch(name, StringComparer.Ordinal) < 0)
                (missing ??= []).Add(name);
        }

        return missing is null ? names : throw S3Error.NotSigned(string.Join(", ", missing));
    }

    private (string Id, CredentialScope Scope) ParseCredential(string credential, Func<string, S3Exception> malformed)
    {
        var fields = credential.Split('/');
        if (fields.Length < 5)
            throw malformed("the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
        // An access key id may hold slashes itself.
        var id = string.Join('/', fields[..^4]);
        var scope = new CredentialScope(fields[^4], fields[^3], fields[^2]);
        if (!string.Equals(fields[^1], "aws4_request", StringComparison.Ordinal))
            throw malformed($"incorrect terminal \"{fields[^1]}\". This endpoint uses \"aws4_request\".");
        if (!string.Equals(scope.Service, "s3", StringComparison.Ordinal))
            throw malformed($"incorrect service \"{scope.Service}\". This endpoint belongs to \"s3\".");
        if (!string.Equals(scope.Region, _region, StringComparison.Ordinal))
            throw malformed($"the region '{scope.Region}' is wrong; expecting '{_region}'");
        if (scope.Date.Length != 8 || scope.Date.AsSpan().ContainsAnyExceptInRange('0', '9'))
            throw malformed($"incorrect date format \"{scope.Date}\". This date in the credential must be in the format \"yyyyMMdd\".");
        return (id, scope);
    }

    private DevStorageKey FindKey(string id, string? token)
    {
        if (!_keys.TryGetValue(id, out var key))
            throw S3Error.InvalidAccessKeyId(id);
        if (!string.Equals(key.SessionToken ?? "", token ?? "", StringComparison.Ordinal))
            throw S3Error.InvalidToken();
        return key;
    }

    private byte[] SigningKeyOf(DevStorageKey key, CredentialScope scope)
    {
        var cached = (key.Id, scope.Date);
        if (_signingKeys.TryGetValue(cached, out var signingKey))
            return signingKey;
        // Dates come from requests: a stranger's must not fill the memory.
        if (_signingKeys.Count > 1000)
            _signingKeys.Clear();
        return _signingKeys[cached] = SignatureV4.SigningKey(key.Secret, scope);
    }

    private static bool TryParseTime(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, SignatureV4.TimestampFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time)
        || DateTimeOffset.TryParseExact(text, "R", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);

    private static string? HeaderOrNull(HttpRequest request, string name) =>
        request.Headers.TryGetValue(name, out var value) && value.Count > 0 ? value.ToString() : null;

    private static S3Exception UnsupportedMechanism() =>
        S3Error.InvalidRequest("The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.");
}
