using System.Security.Cryptography;

namespace Media.DevStorage.Http;

/// <summary>
/// What a request says its body's hashes are: Content-MD5, at most one <c>x-amz-checksum-*</c> in a header or announced for the trailer,
/// and the signed payload hash. Each is checked before anything of the body is seen by anyone.
/// </summary>
internal sealed class BodyClaims
{
    public byte[]? ContentMd5 { get; private init; }

    /// <summary>The algorithm of the claimed checksum.</summary>
    public ChecksumAlgorithm? Algorithm { get; private init; }

    /// <summary>The claimed checksum; null when the trailer will tell.</summary>
    public string? ChecksumValue { get; private init; }

    /// <exception cref="S3Exception"><c>InvalidDigest</c>, <c>InvalidRequest</c></exception>
    public static BodyClaims Of(S3Request request)
    {
        byte[]? md5 = null;
        if (request.SentHeader("Content-MD5") is { } text)
            md5 = TryBase64(text, 16) ?? throw S3Error.InvalidDigest();

        ChecksumAlgorithm? algorithm = null;
        string? value = null;
        foreach (var candidate in ChecksumNames.All)
        {
            if (request.SentHeader(candidate.HeaderName()) is not { } given)
                continue;
            if (algorithm is not null)
                throw S3Error.InvalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
            if (TryBase64(given, candidate.Length()) is null)
                throw S3Error.InvalidRequest($"Value for {candidate.HeaderName()} header is invalid.");
            algorithm = candidate;
            value = given;
        }

        if (request.SentHeader("x-amz-trailer") is { } trailer)
        {
            var announced = ChecksumNames.All.Where(a => string.Equals(a.HeaderName(), trailer.Trim(), StringComparison.OrdinalIgnoreCase)).ToList();
            if (announced.Count == 0)
                throw S3Error.InvalidRequest("The value specified in the x-amz-trailer header is not supported");
            if (algorithm is not null)
                throw S3Error.InvalidRequest("Expecting a single x-amz-checksum- header");
            algorithm = announced[0];
        }

        if (algorithm is { } used
            && request.SentHeader("x-amz-sdk-checksum-algorithm") is { Length: > 0 } named
            && (!ChecksumNames.TryParse(named, out var stated) || stated != used))
        {
            throw S3Error.InvalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.");
        }

        return new BodyClaims { ContentMd5 = md5, Algorithm = algorithm, ChecksumValue = value };
    }

    public void CheckMd5(byte[] computed)
    {
        if (ContentMd5 is not null && !CryptographicOperations.FixedTimeEquals(ContentMd5, computed))
            throw S3Error.BadDigest();
    }

    public void CheckPayload(string claimed, byte[] computed)
    {
        var hex = Convert.ToHexStringLower(computed);
        if (!string.Equals(claimed, hex, StringComparison.Ordinal))
            throw S3Error.ContentSha256Mismatch(claimed, hex);
    }

    /// <param name="computed">Base64 of the checksum of the body as received.</param>
    /// <param name="trailer">The body's trailer.</param>
    public void CheckChecksum(string computed, IReadOnlyDictionary<string, string>? trailer)
    {
        var algorithm = Algorithm!.Value;
        var claimed = ChecksumValue;
        if (claimed is null && (trailer is null || !trailer.TryGetValue(algorithm.HeaderName(), out claimed)))
            throw S3Error.MalformedTrailer();
        if (!string.Equals(claimed, computed, StringComparison.Ordinal))
            throw S3Error.BadDigest(algorithm.ToString());
    }

    private static byte[]? TryBase64(string text, int length)
    {
        var bytes = new byte[length + 3];
        return Convert.TryFromBase64String(text, bytes, out var written) && written == length ? bytes[..length] : null;
    }
}
