namespace Media.DevStorage.Http;

/// <summary>A refusal, as S3 words it. Turned into a status and an XML body in one place, the request pipeline.</summary>
internal sealed class S3Exception(int status, string code, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    /// <summary>Further elements of the error document, by name.</summary>
    public IReadOnlyList<(string Name, string Value)> Details { get; init; } = [];

    /// <summary>Headers that go with the refusal.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];
}

/// <summary>
/// S3's error codes with their statuses and messages, from the list of error responses in the Amazon S3 API reference.
/// </summary>
internal static class S3Error
{
    public static S3Exception AccessDenied(string message = "Access Denied") => new(403, "AccessDenied", message);

    public static S3Exception NotSigned(string headers) => new(403, "AccessDenied", "There were headers present in the request which were not signed")
    {
        Details = [("HeadersNotSigned", headers)],
    };

    public static S3Exception RequestExpired(string date, string expires, string now) => new(403, "AccessDenied", "Request has expired")
    {
        Details = [("X-Amz-Date", date), ("X-Amz-Expires", expires), ("ServerTime", now)],
    };

    public static S3Exception SignatureDoesNotMatch(string stringToSign, string canonicalRequest) => new(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.")
    {
        Details = [("StringToSign", stringToSign), ("CanonicalRequest", canonicalRequest)],
    };

    public static S3Exception InvalidAccessKeyId(string id) => new(
        403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.") { Details = [("AWSAccessKeyId", id)] };

    public static S3Exception RequestTimeTooSkewed(string requestTime, string serverTime) => new(
        403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
    {
        Details = [("RequestTime", requestTime), ("ServerTime", serverTime)],
    };

    public static S3Exception InvalidToken() => new(400, "InvalidToken", "The provided token is malformed or otherwise invalid.");

    public static S3Exception AuthorizationHeaderMalformed(string why) => new(
        400, "AuthorizationHeaderMalformed", $"The authorization header is malformed; {why}");

    public static S3Exception AuthorizationQuery(string why) => new(400, "AuthorizationQueryParametersError", why);

    public static S3Exception ContentSha256Mismatch(string claimed, string computed) => new(
        400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
    {
        Details = [("ClientComputedContentSHA256", claimed), ("S3ComputedContentSHA256", computed)],
    };

    public static S3Exception BadDigest(string what = "Content-MD5") => new(
        400, "BadDigest", $"The {what} you specified did not match what we received.");

    public static S3Exception InvalidDigest(string what = "Content-MD5") => new(400, "InvalidDigest", $"The {what} you specified is not valid.");

    public static S3Exception IncompleteBody() => new(
        400, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header");

    public static S3Exception MissingContentLength() => new(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");

    public static S3Exception MalformedTrailer() => new(400, "MalformedTrailerError", "The request contained trailing data that was not well-formed.");

    public static S3Exception EntityTooLarge(long size, long most) => new(
        400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
    {
        Details = [("ProposedSize", Invariant(size)), ("MaxSizeAllowed", Invariant(most))],
    };

    public static S3Exception EntityTooSmall(long size, int part) => new(
        400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
    {
        Details = [("ProposedSize", Invariant(size)), ("MinSizeAllowed", Invariant(S3Limits.SmallestPart)), ("PartNumber", Invariant(part))],
    };

    public static S3Exception NoSuchBucket(string bucket) => new(404, "NoSuchBucket", "The specified bucket does not exist")
    {
        Details = [("BucketName", bucket)],
    };

    public static S3Exception NoSuchKey(string key) => new(404, "NoSuchKey", "The specified key does not exist.") { Details = [("Key", key)] };

    public static S3Exception NoSuchVersion(string key, string versionId) => new(404, "NoSuchVersion", "The specified version does not exist.")
    {
        Details = [("Key", key), ("VersionId", versionId)],
    };

    public static S3Exception NoSuchUpload(string uploadId) => new(
        404,
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
    {
        Details = [("UploadId", uploadId)],
    };

    public static S3Exception BucketNotEmpty(string bucket) => new(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
    {
        Details = [("BucketName", bucket)],
    };

    public static S3Exception BucketAlreadyExists(string bucket) => new(
        409, "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system.")
    {
        Details = [("BucketName", bucket)],
    };

    public static S3Exception BucketAlreadyOwnedByYou(string bucket) => new(
        409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
    {
        Details = [("BucketName", bucket)],
    };

    public static S3Exception InvalidBucketName(string bucket) => new(400, "InvalidBucketName", "The specified bucket is not valid.")
    {
        Details = [("BucketName", bucket)],
    };

    public static S3Exception InvalidPart(string uploadId, int part, string etag) => new(
        400,
        "InvalidPart",
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
    {
        Details = [("UploadId", uploadId), ("PartNumber", Invariant(part)), ("ETag", etag)],
    };

    public static S3Exception InvalidPartOrder(string uploadId) => new(
        400, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.")
    {
        Details = [("UploadId", uploadId)],
    };

    public static S3Exception InvalidPartNumber(string? given) => new(
        400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
    {
        Details = [("ArgumentName", "partNumber"), ("ArgumentValue", given ?? "")],
    };

    public static S3Exception InvalidRange(long size, string range) => new(416, "InvalidRange", "The requested range is not satisfiable")
    {
        Details = [("RangeRequested", range), ("ActualObjectSize", Invariant(size))],
        Headers = [("Content-Range", $"bytes */{Invariant(size)}")],
    };

    public static S3Exception InvalidPartNumberRange(int part, int parts) => new(
        416, "InvalidPartNumber", "The requested partnumber is not satisfiable")
    {
        Details = [("PartNumberRequested", Invariant(part)), ("ActualPartCount", Invariant(parts))],
    };

    public static S3Exception PreconditionFailed(string condition) => new(
        412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold") { Details = [("Condition", condition)] };

    public static S3Exception MalformedXml() => new(
        400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema");

    public static S3Exception InvalidArgument(string message, string name, string? value) => new(400, "InvalidArgument", message)
    {
        Details = [("ArgumentName", name), ("ArgumentValue", value ?? "")],
    };

    public static S3Exception InvalidRequest(string message) => new(400, "InvalidRequest", message);

    public static S3Exception InvalidUri() => new(400, "InvalidURI", "Couldn't parse the specified URI.");

    public static S3Exception InvalidTag(string message) => new(400, "InvalidTag", message);

    public static S3Exception KeyTooLong(int size) => new(400, "KeyTooLongError", "Your key is too long")
    {
        Details = [("Size", Invariant(size)), ("MaxSizeAllowed", Invariant(S3Limits.LongestKey))],
    };

    public static S3Exception MetadataTooLarge() => new(
        400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
    {
        Details = [("MaxSizeAllowed", Invariant(S3Limits.MetadataSize))],
    };

    public static S3Exception MethodNotAllowed() => new(405, "MethodNotAllowed", "The specified method is not allowed against this resource.");

    public static S3Exception NotImplemented(string what = "A header or query you provided") => new(
        501, "NotImplemented", $"{what} implies functionality that is not implemented.");

    public static S3Exception MaxMessageLengthExceeded() => new(400, "MaxMessageLengthExceeded", "Your request was too big.");

    public static S3Exception ServiceUnavailable(string message = "Please reduce your request rate.") => new(503, "ServiceUnavailable", message);

    public static S3Exception InternalError() => new(500, "InternalError", "We encountered an internal error. Please try again.");

    private static string Invariant(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
