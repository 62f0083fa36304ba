using System.Globalization;

namespace Media.DevStorage.Operations;

/// <summary>GetObjectAttributes.</summary>
internal sealed class ObjectAttributes(Store store)
{
    private static readonly string[] Known = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];

    public async Task GetAsync(S3Request request)
    {
        var wanted = (request.Header("x-amz-object-attributes") ?? "")
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (wanted.Length == 0)
            throw S3Error.InvalidArgument("The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty", "x-amz-object-attributes", null);
        foreach (var name in wanted)
        {
            if (!Known.Contains(name, StringComparer.Ordinal))
                throw S3Error.InvalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", name);
        }

        var version = await FindObject.Async(store, request.Bucket, request.Key, request.Target.Find("versionId"));
        EncryptionRequest.WrappingKey(store, version.Properties, EncryptionRequest.ForRead(request));
        WriteObjects.DescribeVersion(request, version.VersionId);
        request.SetHeader(
            "Last-Modified", DateTimeOffset.FromUnixTimeMilliseconds(version.Modified).ToString("R", CultureInfo.InvariantCulture));
        var most = Math.Min(HeaderNumber(request, "x-amz-max-parts", S3Limits.PageSize), S3Limits.PageSize);
        var marker = HeaderNumber(request, "x-amz-part-number-marker", 0);
        await request.AnswerXmlAsync("GetObjectAttributesResponse", xml =>
        {
            if (wanted.Contains("ETag", StringComparer.Ordinal))
                xml.Element("ETag", version.ETag);
            if (wanted.Contains("Checksum", StringComparer.Ordinal) && version.Checksum is { } checksum)
            {
                xml.Element("Checksum", element =>
                {
                    element.Element(checksum.Algorithm.ElementName(), checksum.Value);
                    element.Element("ChecksumType", checksum.Type.ToString());
                });
            }

            if (wanted.Contains("ObjectParts", StringComparer.Ordinal) && version.IsMultipart)
                xml.Element("ObjectParts", element => WriteParts(element, version, most, marker));
            if (wanted.Contains("StorageClass", StringComparer.Ordinal))
                xml.Element("StorageClass", version.Properties.StorageClass ?? "STANDARD");
            if (wanted.Contains("ObjectSize", StringComparer.Ordinal))
                xml.Element("ObjectSize", version.Size);
        });
    }

    // AWS lists the parts themselves only of objects whose parts have checksums.
    private static void WriteParts(System.Xml.XmlWriter xml, ObjectVersion version, int most, int marker)
    {
        xml.Element("TotalPartsCount", version.Parts.Count);
        if (version.Checksum is null)
            return;
        var page = version.Parts.Where(p => p.Number > marker).Take(most).ToList();
        xml.Element("PartNumberMarker", marker);
        xml.Element("NextPartNumberMarker", page.Count == 0 ? marker : page[^1].Number);
        xml.Element("MaxParts", most);
        xml.Element("IsTruncated", page.Count > 0 && page[^1].Number < version.Parts[^1].Number);
        foreach (var part in page)
        {
            xml.Element("Part", element =>
            {
                element.Element("PartNumber", part.Number);
                element.Element("Size", part.Size);
                if (part.ChecksumAlgorithm is { } algorithm)
                    element.Element(algorithm.ElementName(), part.Checksum);
            });
        }
    }

    private static int HeaderNumber(S3Request request, string name, int otherwise)
    {
        if (request.Header(name) is not { } text)
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw S3Error.InvalidArgument($"{name} must be a number", name, text);
    }
}
