using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace Media.DevStorage.Operations;

/// <summary>
/// CompleteMultipartUpload. The object is made of the parts as they lie on disk: no byte is copied. The same completion sent again is
/// answered the same way, for a day.
/// </summary>
internal sealed class CompleteUploads(Store store, Background.Notifier notifier)
{
    private sealed record NamedPart(int Number, string ETag, IReadOnlyList<(ChecksumAlgorithm Algorithm, string Value)> Checksums);

    public async Task CompleteAsync(S3Request request)
    {
        var uploadId = request.Target.Find("uploadId")!;
        // A stranger's upload id is refused before the body is looked at.
        store.Catalog.Read(view => Exists(view.Bucket(request.Bucket), request.Key, uploadId));
        var document = await request.ReadDocumentAsync();
        var named = ReadParts(S3Xml.Parse(document, "CompleteMultipartUpload"));
        var digest = Digest(named);
        var (completed, version) = await store.Catalog.CommitAsync(change => Complete(change, request, uploadId, named, digest));
        if (!string.Equals(completed.VersionId, ObjectVersion.NullId, StringComparison.Ordinal))
            request.SetHeader("x-amz-version-id", completed.VersionId);
        EncryptionRequest.Describe(request, completed.Encryption, null);
        await request.AnswerXmlAsync("CompleteMultipartUploadResult", xml =>
        {
            var http = request.Http.Request;
            xml.Element("Location", $"{http.Scheme}://{http.Host}{request.Target.CanonicalPath}");
            xml.Element("Bucket", request.Bucket);
            xml.Element("Key", request.Key);
            xml.Element("ETag", $"\"{completed.ETag}\"");
            if (completed.Checksum is not { } checksum)
                return;
            xml.Element("ChecksumType", checksum.Type.ToString());
            xml.Element(checksum.Algorithm.ElementName(), checksum.Value);
        });
        if (version is not null)
            notifier.Raise(request, "ObjectCreated:CompleteMultipartUpload", version);
    }

    private (CompletedUpload Completed, ObjectVersion? Version) Complete(
        Catalog.Change change, S3Request request, string uploadId, List<NamedPart> named, string digest)
    {
        var bucket = change.Catalog.Bucket(request.Bucket);
        if (Remembered(bucket, request.Key, uploadId) is { } earlier)
        {
            return string.Equals(earlier.PartsDigest, digest, StringComparison.Ordinal)
                ? (earlier, null)
                : throw S3Error.NoSuchUpload(uploadId);
        }

        var state = MultipartUploads.Find(bucket, request.Key, uploadId);
        var upload = state.Upload;
        if (request.Header("x-amz-server-side-encryption-customer-algorithm") is not null)
            EncryptionRequest.ForPart(request, upload.Properties);
        var parts = ChooseParts(state, named);
        Conditions.CheckWrite(request, WriteObjects.Current(bucket, request.Key));
        var size = parts.Sum(p => p.Size);
        if (size > S3Limits.LargestObject)
            throw S3Error.EntityTooLarge(size, S3Limits.LargestObject);
        if (request.Header("x-amz-mp-object-size") is { } claimed
            && !string.Equals(claimed, size.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))
        {
            throw S3Error.InvalidRequest("The provided 'x-amz-mp-object-size' header value does not match what was computed");
        }

        var version = new ObjectVersion
        {
            Key = request.Key,
            VersionId = Store.NewVersionId(bucket),
            Size = size,
            ETag = CompositeETag(parts),
            Modified = store.Now(),
            Properties = upload.Properties,
            Checksum = ChecksumOf(request, upload, parts),
            Parts = parts,
        };
        var completed = new CompletedUpload
        {
            UploadId = uploadId,
            Key = request.Key,
            ETag = version.ETag,
            VersionId = version.VersionId,
            PartsDigest = digest,
            Checksum = version.Checksum,
            Encryption = upload.Properties.Encryption,
            Completed = version.Modified,
        };
        change.Record(new UploadCompleted(request.Bucket, version, completed));
        return (completed, version);
    }

    private static List<ObjectPart> ChooseParts(UploadState state, List<NamedPart> named)
    {
        var parts = new List<ObjectPart>(named.Count);
        for (var i = 0; i < named.Count; i++)
        {
            var wanted = named[i];
            if (i > 0 && wanted.Number <= named[i - 1].Number)
                throw S3Error.InvalidPartOrder(state.Upload.UploadId);
            if (!state.Parts.TryGetValue(wanted.Number, out var part)
                || !string.Equals(part.Md5, wanted.ETag, StringComparison.OrdinalIgnoreCase))
            {
                throw S3Error.InvalidPart(state.Upload.UploadId, wanted.Number, wanted.ETag);
            }

            foreach (var (algorithm, value) in wanted.Checksums)
            {
                if (part.ChecksumAlgorithm != algorithm || !string.Equals(part.Checksum, value, StringComparison.Ordinal))
                    throw S3Error.InvalidPart(state.Upload.UploadId, wanted.Number, wanted.ETag);
            }

            parts.Add(part);
        }

        for (var i = 0; i < parts.Count - 1; i++)
        {
            if (parts[i].Size < S3Limits.SmallestPart)
                throw S3Error.EntityTooSmall(parts[i].Size, parts[i].Number);
        }

        return parts;
    }

    private static ObjectChecksum? ChecksumOf(S3Request request, MultipartUpload upload, List<ObjectPart> parts)
    {
        if (upload.ChecksumAlgorithm is not { } algorithm)
            return null;
        if (request.Header("x-amz-checksum-type") is { } type && !string.Equals(type, upload.ChecksumType.ToString(), StringComparison.Ordinal))
            throw S3Error.InvalidRequest("The upload was created with another checksum type than the one given.");
        var value = upload.ChecksumType == ChecksumType.COMPOSITE
            ? Checksum.Composite(algorithm, parts.Select(p => p.Checksum!))
            : Checksum.FullObject(algorithm, parts.Select(p => (p.Checksum!, p.Size)));
        // On Complete this header is the object's checksum, not the XML's.
        if (request.Header(algorithm.HeaderName()) is { } claimed && upload.ChecksumType == ChecksumType.FULL_OBJECT
            && !string.Equals(claimed, value, StringComparison.Ordinal))
        {
            throw S3Error.BadDigest(algorithm.ToString());
        }

        return new ObjectChecksum(algorithm, upload.ChecksumType, value);
    }

    private static List<NamedPart> ReadParts(XElement document)
    {
        var parts = new List<NamedPart>();
        foreach (var element in document.Children("Part"))
        {
            if (element.Number("PartNumber") is not { } number || number > int.MaxValue || element.Text("ETag") is not { } etag)
                throw S3Error.MalformedXml();
            if (number is < 1 or > S3Limits.MostParts)
                throw S3Error.InvalidPartNumber(number.ToString(CultureInfo.InvariantCulture));
            var checksums = ChecksumNames.All
                .Select(a => (Algorithm: a, Value: element.Text(a.ElementName())))
                .Where(c => c.Value is { Length: > 0 })
                .Select(c => (c.Algorithm, c.Value!))
                .ToList();
            parts.Add(new NamedPart((int)number, etag.Trim('"'), checksums));
        }

        return parts.Count is 0 or > S3Limits.MostParts ? throw S3Error.MalformedXml() : parts;
    }

    private static string CompositeETag(List<ObjectPart> parts)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        foreach (var part in parts)
            md5.AppendData(Convert.FromHexString(part.Md5));
        return string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(md5.GetHashAndReset())}-{parts.Count}");
    }

    private static string Digest(List<NamedPart> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
            text.Append(CultureInfo.InvariantCulture, $"{part.Number}:{part.ETag.ToLowerInvariant()}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static bool Exists(Bucket bucket, string key, string uploadId) =>
        Remembered(bucket, key, uploadId) is not null || MultipartUploads.Find(bucket, key, uploadId) is not null;

    private static CompletedUpload? Remembered(Bucket bucket, string key, string uploadId) =>
        bucket.Completed.TryGetValue(uploadId, out var completed) && string.Equals(completed.Key, key, StringComparison.Ordinal)
            ? completed
            : null;
}
