using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Media.Grains.Ports;

namespace Media.Silo.S3;

/// <summary>
/// Signs forms that put one object into the bucket by POST
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html). Every field but the file is a condition, so none can be changed.
/// </summary>
internal sealed class FormPolicy(string bucket, string region)
{
    /// <summary>Signs a form.</summary>
    /// <param name="credentials">What to sign with.</param>
    /// <param name="keys">Derives the signing key.</param>
    /// <param name="now">The instant of the signature.</param>
    /// <param name="expiresAt">When the store stops taking the form.</param>
    /// <param name="key">The object's key.</param>
    /// <param name="storedWith">Fields that say what the object is stored with.</param>
    /// <param name="length">Bytes of the file.</param>
    /// <returns>The fields that go before the file.</returns>
    public ImmutableDictionary<string, string> Sign(
        SigningCredentials credentials,
        SigV4Presigner keys,
        DateTimeOffset now,
        DateTimeOffset expiresAt,
        string key,
        ImmutableDictionary<string, string> storedWith,
        LengthRange length)
    {
        var time = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var fields = storedWith.ToBuilder();
        fields.Add("key", key);
        fields.Add("success_action_status", "201");
        fields.Add("x-amz-algorithm", "AWS4-HMAC-SHA256");
        fields.Add("x-amz-credential", $"{credentials.AccessKey}/{time.AsSpan(0, 8)}/{region}/s3/aws4_request");
        fields.Add("x-amz-date", time);
        if (credentials.SessionToken is { } token)
            fields.Add("x-amz-security-token", token);

        var conditions = new JsonArray(new JsonObject { ["bucket"] = bucket }, new JsonArray("content-length-range", length.Least, length.Most));
        foreach (var (name, value) in fields)
            conditions.Add((JsonNode)new JsonArray("eq", "$" + name, value));
        var policy = new JsonObject
        {
            ["expiration"] = expiresAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            ["conditions"] = conditions,
        };

        var encoded = Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(policy));
        fields.Add("policy", encoded);
        fields.Add("x-amz-signature", Convert.ToHexStringLower(HMACSHA256.HashData(keys.Derive(credentials.SecretKey, time[..8]), Encoding.ASCII.GetBytes(encoded))));
        return fields.ToImmutable();
    }
}
