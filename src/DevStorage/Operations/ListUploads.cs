namespace Media.DevStorage.Operations;

/// <summary>ListParts and ListMultipartUploads, in pages.</summary>
internal sealed class ListUploads(Store store)
{
    public async Task ListPartsAsync(S3Request request)
    {
        var uploadId = request.Target.Find("uploadId")!;
        var most = Math.Min(request.Number("max-parts", S3Limits.PageSize), S3Limits.PageSize);
        var marker = request.Number("part-number-marker", 0);
        var barrier = store.Catalog.Barrier;
        var (upload, parts) = store.Catalog.Read(view =>
        {
            var state = MultipartUploads.Find(view.Bucket(request.Bucket), request.Key, uploadId);
            var page = new List<ObjectPart>();
            foreach (var (number, part) in state.Parts)
            {
                if (number > marker && page.Count <= most)
                    page.Add(part);
            }

            return (state.Upload, page);
        });
        await barrier;
        var truncated = parts.Count > most;
        if (truncated)
            parts.RemoveAt(most);
        await request.AnswerXmlAsync("ListPartsResult", xml =>
        {
            xml.Element("Bucket", request.Bucket);
            xml.Element("Key", request.Key);
            xml.Element("UploadId", uploadId);
            Owners.Write(xml, "Initiator", upload.Initiator);
            Owners.Write(xml, "Owner", upload.Initiator);
            xml.Element("StorageClass", upload.Properties.StorageClass ?? "STANDARD");
            xml.Element("PartNumberMarker", marker);
            xml.Element("NextPartNumberMarker", parts.Count == 0 ? marker : parts[^1].Number);
            xml.Element("MaxParts", most);
            xml.Element("IsTruncated", truncated);
            if (upload.ChecksumAlgorithm is { } algorithm)
            {
                xml.Element("ChecksumAlgorithm", algorithm.ToString());
                xml.Element("ChecksumType", upload.ChecksumType.ToString());
            }

            foreach (var part in parts)
            {
                xml.Element("Part", element =>
                {
                    element.Element("PartNumber", part.Number);
                    element.Element("LastModified", S3Xml.Time(part.Modified));
                    element.Element("ETag", $"\"{part.Md5}\"");
                    element.Element("Size", part.Size);
                    if (part.ChecksumAlgorithm is { } used)
                        element.Element(used.ElementName(), part.Checksum);
                });
            }
        });
    }

    public async Task ListMultipartUploadsAsync(S3Request request)
    {
        var most = Math.Min(request.Number("max-uploads", S3Limits.PageSize), S3Limits.PageSize);
        var query = request.Target;
        var prefix = query.Find("prefix") ?? "";
        var delimiter = query.Find("delimiter") ?? "";
        var keyMarker = query.Find("key-marker") ?? "";
        var idMarker = keyMarker.Length == 0 ? "" : query.Find("upload-id-marker") ?? "";
        var encode = ListObjects.ReadEncoding(request);
        var barrier = store.Catalog.Barrier;
        var uploads = store.Catalog.Read(view => view.Bucket(request.Bucket).Uploads.Values.Select(u => u.Upload)
            .Where(u => u.Key.StartsWith(prefix, StringComparison.Ordinal) && IsAfter(u, keyMarker, idMarker)).ToList());
        await barrier;
        uploads.Sort(static (a, b) =>
        {
            var byKey = Utf8Order.CompareSpans(a.Key, b.Key);
            return byKey != 0 ? byKey : string.CompareOrdinal(a.UploadId, b.UploadId);
        });

        var page = new List<MultipartUpload>();
        var prefixes = new List<string>();
        var (nextKey, nextId) = (keyMarker, idMarker);
        var truncated = false;
        foreach (var upload in uploads)
        {
            var common = ListObjects.CommonPrefix(upload.Key, prefix, delimiter);
            if (common is not null && (prefixes.Count > 0 && string.Equals(prefixes[^1], common, StringComparison.Ordinal)
                || keyMarker.StartsWith(common, StringComparison.Ordinal)))
            {
                continue;
            }

            if (page.Count + prefixes.Count == most)
            {
                truncated = true;
                break;
            }

            if (common is null)
                page.Add(upload);
            else
                prefixes.Add(common);
            (nextKey, nextId) = common is null ? (upload.Key, upload.UploadId) : (common, "");
        }

        await request.AnswerXmlAsync("ListMultipartUploadsResult", xml =>
        {
            xml.Element("Bucket", request.Bucket);
            xml.Element("KeyMarker", encode(keyMarker));
            xml.Element("UploadIdMarker", idMarker);
            if (truncated)
            {
                xml.Element("NextKeyMarker", encode(nextKey));
                xml.Element("NextUploadIdMarker", nextId);
            }

            if (delimiter.Length > 0)
                xml.Element("Delimiter", encode(delimiter));
            xml.Element("Prefix", encode(prefix));
            if (query.Find("encoding-type") is { } encoding)
                xml.Element("EncodingType", encoding);
            xml.Element("MaxUploads", most);
            xml.Element("IsTruncated", truncated);
            foreach (var upload in page)
            {
                xml.Element("Upload", element =>
                {
                    element.Element("Key", encode(upload.Key));
                    element.Element("UploadId", upload.UploadId);
                    Owners.Write(element, "Initiator", upload.Initiator);
                    Owners.Write(element, "Owner", upload.Initiator);
                    element.Element("StorageClass", upload.Properties.StorageClass ?? "STANDARD");
                    element.Element("Initiated", S3Xml.Time(upload.Initiated));
                    if (upload.ChecksumAlgorithm is not { } algorithm)
                        return;
                    element.Element("ChecksumAlgorithm", algorithm.ToString());
                    element.Element("ChecksumType", upload.ChecksumType.ToString());
                });
            }

            foreach (var common in prefixes)
                xml.Element("CommonPrefixes", element => element.Element("Prefix", encode(common)));
        });
    }

    private static bool IsAfter(MultipartUpload upload, string keyMarker, string idMarker)
    {
        if (keyMarker.Length == 0)
            return true;
        var order = Utf8Order.CompareSpans(upload.Key, keyMarker);
        return order > 0 || (order == 0 && idMarker.Length > 0 && string.CompareOrdinal(upload.UploadId, idMarker) > 0);
    }
}
