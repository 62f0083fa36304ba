using System.Text;
using System.Xml;

namespace Media.DevStorage.Operations;

/// <summary>ListObjects, ListObjectsV2 and ListObjectVersions: in the order of UTF-8 bytes, in pages, grouped by a delimiter.</summary>
internal sealed class ListObjects(Store store)
{
    public async Task ListAsync(S3Request request)
    {
        var query = request.Target;
        var second = string.Equals(query.Find("list-type"), "2", StringComparison.Ordinal);
        var prefix = query.Find("prefix") ?? "";
        var delimiter = query.Find("delimiter") ?? "";
        var most = Math.Min(request.Number("max-keys", S3Limits.PageSize), S3Limits.PageSize);
        var encode = ReadEncoding(request);
        var token = second ? query.Find("continuation-token") : null;
        var after = second ? (token is null ? query.Find("start-after") ?? "" : DecodeToken(token)) : query.Find("marker") ?? "";
        var barrier = store.Catalog.Barrier;
        var (page, owner) = store.Catalog.Read(view =>
        {
            var bucket = view.Bucket(request.Bucket);
            return (ReadPage(bucket, prefix, delimiter, after, most), bucket.Owner);
        });
        await barrier;
        await request.AnswerXmlAsync("ListBucketResult", xml =>
        {
            xml.Element("Name", request.Bucket);
            xml.Element("Prefix", encode(prefix));
            if (second)
            {
                xml.Element("KeyCount", page.Versions.Count + page.Prefixes.Count);
                xml.Element("ContinuationToken", token);
                if (query.Find("start-after") is { Length: > 0 } start)
                    xml.Element("StartAfter", encode(start));
                if (page.Truncated)
                    xml.Element("NextContinuationToken", EncodeToken(page.Last));
            }
            else
            {
                xml.Element("Marker", encode(after));
                if (page.Truncated && delimiter.Length > 0)
                    xml.Element("NextMarker", encode(page.Last));
            }

            xml.Element("MaxKeys", most);
            if (delimiter.Length > 0)
                xml.Element("Delimiter", encode(delimiter));
            if (query.Find("encoding-type") is { } encoding)
                xml.Element("EncodingType", encoding);
            xml.Element("IsTruncated", page.Truncated);
            var withOwner = !second || string.Equals(query.Find("fetch-owner"), "true", StringComparison.OrdinalIgnoreCase);
            foreach (var version in page.Versions)
                xml.Element("Contents", element => WriteObject(element, version, encode, withOwner ? owner : null));
            foreach (var common in page.Prefixes)
                xml.Element("CommonPrefixes", element => element.Element("Prefix", encode(common)));
        });
    }

    public async Task ListVersionsAsync(S3Request request)
    {
        var query = request.Target;
        var prefix = query.Find("prefix") ?? "";
        var delimiter = query.Find("delimiter") ?? "";
        var keyMarker = query.Find("key-marker") ?? "";
        var versionMarker = query.Find("version-id-marker") ?? "";
        if (versionMarker.Length > 0 && keyMarker.Length == 0)
            throw S3Error.InvalidArgument("A version-id marker cannot be specified without a key marker.", "version-id-marker", versionMarker);
        var most = Math.Min(request.Number("max-keys", S3Limits.PageSize), S3Limits.PageSize);
        var encode = ReadEncoding(request);
        var barrier = store.Catalog.Barrier;
        var (page, owner) = store.Catalog.Read(view =>
        {
            var bucket = view.Bucket(request.Bucket);
            return (ReadVersions(bucket, prefix, delimiter, keyMarker, versionMarker, most), bucket.Owner);
        });
        await barrier;
        await request.AnswerXmlAsync("ListVersionsResult", xml =>
        {
            xml.Element("Name", request.Bucket);
            xml.Element("Prefix", encode(prefix));
            xml.Element("KeyMarker", encode(keyMarker));
            xml.Element("VersionIdMarker", versionMarker);
            if (page.Truncated)
            {
                xml.Element("NextKeyMarker", encode(page.Last));
                xml.Element("NextVersionIdMarker", page.LastVersion);
            }

            xml.Element("MaxKeys", most);
            if (delimiter.Length > 0)
                xml.Element("Delimiter", encode(delimiter));
            if (query.Find("encoding-type") is { } encoding)
                xml.Element("EncodingType", encoding);
            xml.Element("IsTruncated", page.Truncated);
            for (var i = 0; i < page.Versions.Count; i++)
            {
                var (version, latest) = (page.Versions[i], page.Latest[i]);
                xml.Element(version.DeleteMarker ? "DeleteMarker" : "Version", element =>
                {
                    element.Element("VersionId", version.VersionId);
                    element.Element("IsLatest", latest);
                    if (!version.DeleteMarker)
                    {
                        WriteObject(element, version, encode, owner);
                        return;
                    }

                    element.Element("Key", encode(version.Key));
                    element.Element("LastModified", S3Xml.Time(version.Modified));
                    Owners.Write(element, "Owner", owner);
                });
            }

            foreach (var common in page.Prefixes)
                xml.Element("CommonPrefixes", element => element.Element("Prefix", encode(common)));
        });
    }

    /// <summary>The way keys are written in the answer: as they are, or percent-encoded when <c>encoding-type=url</c>.</summary>
    /// <exception cref="S3Exception"><c>InvalidArgument</c></exception>
    public static Func<string, string> ReadEncoding(S3Request request) => request.Target.Find("encoding-type") switch
    {
        null => static key => key,
        "url" => static key => UriEncoding.Encode(key, keepSlash: true),
        var other => throw S3Error.InvalidArgument("Invalid Encoding Method specified in Request", "encoding-type", other),
    };

    /// <summary>The key up to the first delimiter after the prefix; null when there is none.</summary>
    public static string? CommonPrefix(string key, string prefix, string delimiter)
    {
        if (delimiter.Length == 0)
            return null;
        var at = key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal);
        return at < 0 ? null : key[..(at + delimiter.Length)];
    }

    private static Page ReadPage(Bucket bucket, string prefix, string delimiter, string after, int most)
    {
        var page = new Page();
        if (most == 0)
            return page;
        var cursor = Start(bucket, prefix, delimiter, after);
        while (cursor.MoveNext())
        {
            var key = cursor.Key;
            if (!key.StartsWith(prefix, StringComparison.Ordinal))
                break;
            if (cursor.Value.Current is not { } version)
                continue;
            if (page.Count == most)
            {
                page.Truncated = true;
                break;
            }

            if (CommonPrefix(key, prefix, delimiter) is { } common)
            {
                page.Prefixes.Add(common);
                page.Last = common;
                cursor = bucket.Objects.AfterPrefix(common);
                continue;
            }

            page.Versions.Add(version);
            page.Last = key;
        }

        return page;
    }

    private static Page ReadVersions(Bucket bucket, string prefix, string delimiter, string keyMarker, string versionMarker, int most)
    {
        var page = new Page();
        if (most == 0)
            return page;
        // With a version marker the marked key itself is gone on with, after that version.
        var cursor = versionMarker.Length > 0 && Utf8Order.CompareSpans(keyMarker, prefix) >= 0
            ? bucket.Objects.From(keyMarker)
            : Start(bucket, prefix, delimiter, keyMarker);
        while (cursor.MoveNext() && cursor.Key.StartsWith(prefix, StringComparison.Ordinal))
        {
            if (CommonPrefix(cursor.Key, prefix, delimiter) is { } common)
            {
                if (page.Count == most)
                {
                    page.Truncated = true;
                    return page;
                }

                page.Prefixes.Add(common);
                (page.Last, page.LastVersion) = (common, "");
                cursor = bucket.Objects.AfterPrefix(common);
                continue;
            }

            var versions = cursor.Value.Versions;
            var skipping = versionMarker.Length > 0 && string.Equals(cursor.Key, keyMarker, StringComparison.Ordinal);
            for (var i = versions.Length - 1; i >= 0; i--)
            {
                if (skipping)
                {
                    skipping = !string.Equals(versions[i].VersionId, versionMarker, StringComparison.Ordinal);
                    continue;
                }

                if (page.Count == most)
                {
                    page.Truncated = true;
                    return page;
                }

                page.Versions.Add(versions[i]);
                page.Latest.Add(i == versions.Length - 1);
                (page.Last, page.LastVersion) = (cursor.Key, versions[i].VersionId);
            }
        }

        return page;
    }

    private static OrderedMap<KeyEntry>.Cursor Start(Bucket bucket, string prefix, string delimiter, string after)
    {
        if (after.Length == 0 || Utf8Order.CompareSpans(after, prefix) < 0)
            return bucket.Objects.From(prefix);
        // A marker that is a common prefix, or inside of one that was listed, stands for all keys below it.
        return after.StartsWith(prefix, StringComparison.Ordinal) && delimiter.Length > 0
            && after.EndsWith(delimiter, StringComparison.Ordinal) && CommonPrefix(after, prefix, delimiter) == after
            ? bucket.Objects.AfterPrefix(after)
            : bucket.Objects.After(after);
    }

    private static void WriteObject(XmlWriter xml, ObjectVersion version, Func<string, string> encode, string? owner)
    {
        xml.Element("Key", encode(version.Key));
        xml.Element("LastModified", S3Xml.Time(version.Modified));
        xml.Element("ETag", $"\"{version.ETag}\"");
        if (version.Checksum is { } checksum)
        {
            xml.Element("ChecksumAlgorithm", checksum.Algorithm.ToString());
            xml.Element("ChecksumType", checksum.Type.ToString());
        }

        xml.Element("Size", version.Size);
        if (owner is not null)
            Owners.Write(xml, "Owner", owner);
        xml.Element("StorageClass", version.Properties.StorageClass ?? "STANDARD");
    }

    private static string EncodeToken(string key) => Convert.ToBase64String(Encoding.UTF8.GetBytes(key));

    private static string DecodeToken(string token)
    {
        var bytes = new byte[token.Length];
        return Convert.TryFromBase64String(token, bytes, out var length) && length > 0
            ? Encoding.UTF8.GetString(bytes, 0, length)
            : throw S3Error.InvalidArgument("The continuation token provided is incorrect", "continuation-token", token);
    }

    private sealed class Page
    {
        public List<ObjectVersion> Versions { get; } = [];

        public List<bool> Latest { get; } = [];

        public List<string> Prefixes { get; } = [];

        public string Last { get; set; } = "";

        public string LastVersion { get; set; } = "";

        public bool Truncated { get; set; }

        public int Count => Versions.Count + Prefixes.Count;
    }
}
