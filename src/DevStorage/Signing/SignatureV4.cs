using System.Security.Cryptography;
using System.Text;

namespace Media.DevStorage.Signing;

/// <summary>Date, region and service that a signature is for.</summary>
internal readonly record struct CredentialScope(string Date, string Region, string Service)
{
    public override string ToString() => $"{Date}/{Region}/{Service}/aws4_request";
}

/// <summary>
/// The arithmetic of AWS Signature Version 4. Header values are carried as Latin-1, one character per byte as sent, so the canonical
/// request is hashed byte for byte.
/// </summary>
internal static class SignatureV4
{
    public const string Algorithm = "AWS4-HMAC-SHA256";
    public const string EmptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    public const string TimestampFormat = "yyyyMMdd'T'HHmmss'Z'";

    public static byte[] SigningKey(string secret, CredentialScope scope)
    {
        var key = HMACSHA256.HashData(Encoding.UTF8.GetBytes("AWS4" + secret), Encoding.UTF8.GetBytes(scope.Date));
        key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(scope.Region));
        key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(scope.Service));
        return HMACSHA256.HashData(key, "aws4_request"u8);
    }

    public static string StringToSign(string timestamp, CredentialScope scope, string canonicalRequest) =>
        $"{Algorithm}\n{timestamp}\n{scope}\n{Sha256(canonicalRequest)}";

    public static string Sign(byte[] signingKey, string stringToSign) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(signingKey, Encoding.Latin1.GetBytes(stringToSign)));

    public static bool Matches(string computed, string given) =>
        CryptographicOperations.FixedTimeEquals(Encoding.Latin1.GetBytes(computed), Encoding.Latin1.GetBytes(given));

    /// <param name="method">The HTTP method.</param>
    /// <param name="path">The path, encoded.</param>
    /// <param name="target">The query; <c>X-Amz-Signature</c> is left out.</param>
    /// <param name="headers">The request's headers.</param>
    /// <param name="signedHeaders">Names in lower case, in order.</param>
    /// <param name="payloadHash">The value of <c>x-amz-content-sha256</c>.</param>
    public static string CanonicalRequest(
        string method, string path, RequestTarget target, IHeaderDictionary headers, IReadOnlyList<string> signedHeaders, string payloadHash)
    {
        var text = new StringBuilder(512);
        text.Append(method).Append('\n').Append(path).Append('\n');
        AppendQuery(text, target.Query);
        text.Append('\n');
        foreach (var name in signedHeaders)
        {
            text.Append(name).Append(':');
            AppendHeader(text, headers[name]);
            text.Append('\n');
        }

        text.Append('\n').AppendJoin(';', signedHeaders).Append('\n').Append(payloadHash);
        return text.ToString();
    }

    private static void AppendQuery(StringBuilder text, IReadOnlyList<QueryParameter> query)
    {
        var sorted = new List<QueryParameter>(query);
        sorted.RemoveAll(p => string.Equals(p.Name, "X-Amz-Signature", StringComparison.Ordinal));
        sorted.Sort(static (a, b) =>
        {
            var byName = string.CompareOrdinal(a.RawName, b.RawName);
            return byName != 0 ? byName : string.CompareOrdinal(a.RawValue, b.RawValue);
        });
        for (var i = 0; i < sorted.Count; i++)
        {
            if (i > 0)
                text.Append('&');
            text.Append(sorted[i].RawName).Append('=').Append(sorted[i].RawValue);
        }
    }

    private static void AppendHeader(StringBuilder text, Microsoft.Extensions.Primitives.StringValues values)
    {
        for (var i = 0; i < values.Count; i++)
        {
            if (i > 0)
                text.Append(',');
            var space = false;
            foreach (var c in values[i].AsSpan().Trim())
            {
                if (c == ' ' && space)
                    continue;
                space = c == ' ';
                text.Append(c);
            }
        }
    }

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(text)));
}
