using System.Globalization;

namespace Media.DevStorage.Operations;

/// <summary>GetObject and HeadObject, whole, by range or by part.</summary>
internal sealed class ReadObjects(Store store)
{
    private const int ChunkSize = 128 * 1024;

    private static readonly (string Parameter, string Header)[] Overrides =
    [
        ("response-content-type", "Content-Type"), ("response-content-language", "Content-Language"), ("response-expires", "Expires"),
        ("response-cache-control", "Cache-Control"), ("response-content-disposition", "Content-Disposition"),
        ("response-content-encoding", "Content-Encoding"),
    ];

    public async Task GetAsync(S3Request request)
    {
        var (version, pin) = await FindObject.PinAsync(store, request.Bucket, request.Key, request.Target.Find("versionId"));
        using (pin)
        {
            var wrappingKey = EncryptionRequest.WrappingKey(store, version.Properties, EncryptionRequest.ForRead(request));
            if (Prepare(request, version) is not { } range)
                return;
            using var reader = store.OpenReader(version.Parts, range.Offset, range.Length, wrappingKey);
            await SendAsync(request, reader, range.Length);
        }
    }

    public async Task HeadAsync(S3Request request)
    {
        var version = await FindObject.Async(store, request.Bucket, request.Key, request.Target.Find("versionId"));
        EncryptionRequest.WrappingKey(store, version.Properties, EncryptionRequest.ForRead(request));
        Prepare(request, version);
    }

    /// <summary>Everything of the answer but the body; null when there is none to send.</summary>
    private static (long Offset, long Length)? Prepare(S3Request request, ObjectVersion version)
    {
        request.SetETag(version.ETag);
        request.SetHeader("Last-Modified", HttpDate(version.Modified));
        WriteObjects.DescribeVersion(request, version.VersionId);
        if (Conditions.NotModified(request, version))
        {
            request.Response.StatusCode = 304;
            return null;
        }

        var range = ChooseRange(request, version);
        Describe(request, version, wholeObject: range is null);
        request.Response.ContentLength = range?.Length ?? version.Size;
        if (range is not { } part)
            return (0, version.Size);
        request.Response.StatusCode = 206;
        request.SetHeader(
            "Content-Range",
            string.Create(CultureInfo.InvariantCulture, $"bytes {part.Offset}-{part.Offset + part.Length - 1}/{version.Size}"));
        return part;
    }

    private static (long Offset, long Length)? ChooseRange(S3Request request, ObjectVersion version)
    {
        var header = request.Header("Range");
        if (request.Target.Find("partNumber") is not null)
        {
            if (header is not null)
                throw S3Error.InvalidRequest("Cannot specify both Range header and partNumber query parameter");
            return PartRange(request, version);
        }

        if (header is null || (request.Header("If-Range") is { } ifRange && !Conditions.Matches(ifRange, version.ETag)
            && !string.Equals(ifRange, HttpDate(version.Modified), StringComparison.Ordinal)))
        {
            return null;
        }

        return ByteRange.Parse(header, version.Size);
    }

    private static (long Offset, long Length)? PartRange(S3Request request, ObjectVersion version)
    {
        var number = request.PartNumber();
        if (!version.IsMultipart)
            return number == 1 ? (version.Size == 0 ? null : (0, version.Size)) : throw S3Error.InvalidPartNumberRange(number, 1);

        // Parts are counted as they lie in the object, whatever numbers they were uploaded under.
        if (number > version.Parts.Count)
            throw S3Error.InvalidPartNumberRange(number, version.Parts.Count);
        long offset = 0;
        for (var i = 0; i < number - 1; i++)
            offset += version.Parts[i].Size;
        request.SetHeader("x-amz-mp-parts-count", version.Parts.Count.ToString(CultureInfo.InvariantCulture));
        return version.Parts[number - 1].Size == 0 ? null : (offset, version.Parts[number - 1].Size);
    }

    private static void Describe(S3Request request, ObjectVersion version, bool wholeObject)
    {
        var properties = version.Properties;
        request.SetHeader("Accept-Ranges", "bytes");
        request.Response.ContentType = properties.ContentType ?? "binary/octet-stream";
        foreach (var (name, value) in properties.Headers ?? new Dictionary<string, string>(StringComparer.Ordinal))
            request.SetHeader(name, value);
        foreach (var (name, value) in properties.Metadata ?? new Dictionary<string, string>(StringComparer.Ordinal))
            request.SetHeader("x-amz-meta-" + name, value);
        request.SetHeader("x-amz-storage-class", properties.StorageClass);
        if (properties.Tags is { Count: > 0 } tags)
            request.SetHeader("x-amz-tagging-count", tags.Count.ToString(CultureInfo.InvariantCulture));
        EncryptionRequest.Describe(request, properties.Encryption, properties.CustomerKeyMd5);
        if (wholeObject && string.Equals(request.Header("x-amz-checksum-mode"), "ENABLED", StringComparison.OrdinalIgnoreCase))
            WriteObjects.DescribeChecksum(request, version.Checksum);
        foreach (var (parameter, header) in Overrides)
        {
            if (request.Target.Find(parameter) is not { } value)
                continue;
            foreach (var c in value)
            {
                if (c is < ' ' or > '\xff' or '\x7f')
                    throw S3Error.InvalidArgument($"{parameter} can't be sent as a header", parameter, null);
            }

            request.SetHeader(header, value);
        }
    }

    private static async Task SendAsync(S3Request request, SliceReader reader, long length)
    {
        var body = request.Response.BodyWriter;
        for (var left = length; left > 0;)
        {
            var memory = body.GetMemory((int)Math.Min(left, ChunkSize));
            var read = reader.Read(memory.Span[..(int)Math.Min(left, memory.Length)]);
            left -= read;
            body.Advance(read);
            await body.FlushAsync(request.Aborted);
        }
    }

    private static string HttpDate(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("R", CultureInfo.InvariantCulture);
}
