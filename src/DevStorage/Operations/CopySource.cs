namespace Media.DevStorage.Operations;

/// <summary>The object that <c>x-amz-copy-source</c> names.</summary>
internal sealed record CopySource(string Bucket, string Key, string? VersionId)
{
    /// <exception cref="S3Exception"><c>InvalidArgument</c></exception>
    public static CopySource Of(S3Request request)
    {
        var header = request.Header("x-amz-copy-source") ?? "";
        var path = header;
        string? version = null;
        var query = path.LastIndexOf("?versionId=", StringComparison.Ordinal);
        if (query >= 0)
        {
            version = path[(query + "?versionId=".Length)..];
            path = path[..query];
        }

        string decoded;
        try
        {
            decoded = UriEncoding.Decode(path, plusIsSpace: false);
        }
        catch (S3Exception)
        {
            throw Invalid(header);
        }

        // The slash between bucket and key may be encoded, as may the key's own.
        var name = decoded.StartsWith('/') ? decoded[1..] : decoded;
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == name.Length - 1)
            throw Invalid(header);
        return new CopySource(name[..slash], name[(slash + 1)..], version);
    }

    private static S3Exception Invalid(string header) =>
        S3Error.InvalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey", "x-amz-copy-source", header);
}
