using System.Text;

namespace Media.DevStorage.Operations;

/// <summary>Reads what a request says about the object that it creates.</summary>
internal static class PropertiesReader
{
    private static readonly string[] Kept =
        ["Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires", "x-amz-website-redirect-location"];

    private static readonly string[] StorageClasses =
        ["STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"];

    /// <exception cref="S3Exception">A header can't be kept, or asks for what is not there.</exception>
    public static ObjectProperties Read(S3Request request)
    {
        RefuseUnsupported(request);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in Kept)
        {
            if (request.Header(name) is not { } value)
                continue;
            if (string.Equals(name, "Content-Encoding", StringComparison.Ordinal))
                value = WithoutAwsChunked(value);
            if (value.Length > 0)
                headers[name] = Checked(name, value);
        }

        return new ObjectProperties
        {
            ContentType = request.Header("Content-Type") is { Length: > 0 } type ? Checked("Content-Type", type) : null,
            Headers = headers.Count == 0 ? null : headers,
            Metadata = ReadMetadata(request.HeadersWithPrefix("x-amz-meta-")),
            StorageClass = ReadStorageClass(request.Header("x-amz-storage-class")),
            Tags = request.Header("x-amz-tagging") is { Length: > 0 } tags ? TagSet.ParseHeader(tags) : null,
        };
    }

    public static string? ReadStorageClass(string? name) => name switch
    {
        null or "" or "STANDARD" => null,
        _ => StorageClasses.Contains(name, StringComparer.Ordinal)
            ? name
            : throw new S3Exception(400, "InvalidStorageClass", "The storage class you specified is not valid"),
    };

    /// <exception cref="S3Exception"><c>MetadataTooLarge</c>, <c>InvalidArgument</c></exception>
    public static Dictionary<string, string>? ReadMetadata(IEnumerable<(string Name, string Value)> metadata)
    {
        Dictionary<string, string>? result = null;
        var size = 0;
        foreach (var (name, value) in metadata)
        {
            result ??= new Dictionary<string, string>(StringComparer.Ordinal);
            result[name] = Checked("x-amz-meta-" + name, value);
            size += Encoding.UTF8.GetByteCount(name) + Encoding.Latin1.GetByteCount(value);
        }

        return size > S3Limits.MetadataSize ? throw S3Error.MetadataTooLarge() : result;
    }

    // What is kept is sent back one day, and a control character can't be.
    private static string Checked(string name, string value)
    {
        foreach (var c in value)
        {
            if (c < ' ' && c != '\t' || c == '\x7f')
                throw S3Error.InvalidArgument($"The value of {name} holds a control character", name, null);
        }

        return value;
    }

    private static string WithoutAwsChunked(string encoding)
    {
        if (!encoding.Contains("aws-chunked", StringComparison.OrdinalIgnoreCase))
            return encoding;
        var rest = encoding.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(e => !string.Equals(e, "aws-chunked", StringComparison.OrdinalIgnoreCase));
        return string.Join(',', rest);
    }

    private static void RefuseUnsupported(S3Request request)
    {
        foreach (var name in (ReadOnlySpan<string>)["x-amz-object-lock-mode", "x-amz-object-lock-legal-hold", "x-amz-object-lock-retain-until-date"])
        {
            if (request.Header(name) is not null)
                throw S3Error.NotImplemented("Object lock");
        }

        if (request.Header("x-amz-acl") is { } acl && acl is not ("private" or "bucket-owner-full-control"))
            throw new S3Exception(400, "AccessControlListNotSupported", "The bucket does not allow ACLs");
        foreach (var (name, _) in request.HeadersWithPrefix("x-amz-grant-"))
            throw new S3Exception(400, "AccessControlListNotSupported", "The bucket does not allow ACLs") { Details = [("Header", name)] };
    }
}
