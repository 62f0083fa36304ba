using System.Buffers;
using System.Xml;

namespace Media.DevStorage.Operations;

/// <summary>
/// CopyObject and UploadPartCopy. Bytes that stay as they are on disk are shared between source and copy; they are written anew only
/// where encryption comes, goes or changes.
/// </summary>
internal sealed class CopyObjects(Store store, BodyReceiver receiver, Background.Notifier notifier)
{
    public async Task CopyAsync(S3Request request)
    {
        var from = CopySource.Of(request);
        RequireOwner(request, from.Bucket);
        var replaceMetadata = Directive(request, "x-amz-metadata-directive");
        var replaceTags = Directive(request, "x-amz-tagging-directive");
        var (byDefault, versionId) = store.Catalog.Read(view =>
        {
            var bucket = view.Bucket(request.Bucket);
            Conditions.CheckWrite(request, WriteObjects.Current(bucket, request.Key));
            return (bucket.EncryptsByDefault, Store.NewVersionId(bucket));
        });
        var encryption = EncryptionRequest.ForWrite(request, byDefault);
        var (source, pin) = await FindObject.PinAsync(store, from.Bucket, from.Key, from.VersionId);
        using (pin)
        {
            Conditions.CheckCopySource(request, source);
            var wrappingKey = EncryptionRequest.WrappingKey(store, source.Properties, EncryptionRequest.ForRead(request, copySource: true));
            if (source.Size > S3Limits.LargestPut)
                throw S3Error.InvalidRequest("The specified copy source is larger than the maximum allowable size for a copy source: 5368709120");
            var given = PropertiesReader.Read(request);
            var same = string.Equals(from.Bucket, request.Bucket, StringComparison.Ordinal) && string.Equals(from.Key, request.Key, StringComparison.Ordinal);
            if (same && from.VersionId is null && !replaceMetadata && !replaceTags && given.StorageClass is null
                && encryption.Kind == source.Properties.Encryption && encryption.Kind != Encryption.Customer)
            {
                throw S3Error.InvalidRequest(
                    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.");
            }

            var properties = (replaceMetadata ? given : source.Properties) with
            {
                StorageClass = given.StorageClass,
                Tags = replaceTags ? given.Tags : source.Properties.Tags,
                CustomerKeyMd5 = null,
                CustomerKeyProof = null,
            };
            properties = encryption.ApplyTo(properties);
            var algorithm = WriteObjects.WantedChecksum(request) ?? source.Checksum?.Algorithm;
            WriteObjects.DescribeVersion(request, versionId);
            DescribeSource(request, source);
            EncryptionRequest.Describe(request, properties.Encryption, properties.CustomerKeyMd5);
            using var copied = await LongAnswer.AwaitAsync(
                request,
                CopyBytesAsync(source.Parts, 0, source.Size, wrappingKey, source.Properties, encryption, algorithm, source, request.Aborted),
                store.Options.KeepAlive);
            var version = await CommitAsync(request, versionId, properties, copied, algorithm);
            await AnswerAsync(request, version);
            notifier.Raise(request, "ObjectCreated:Copy", version);
        }
    }

    public async Task CopyPartAsync(S3Request request)
    {
        var number = request.PartNumber();
        var uploadId = request.Target.Find("uploadId")!;
        var from = CopySource.Of(request);
        RequireOwner(request, from.Bucket);
        var upload = store.Catalog.Read(view => MultipartUploads.Find(view.Bucket(request.Bucket), request.Key, uploadId).Upload);
        var encryption = EncryptionRequest.ForPart(request, upload.Properties);
        var (source, pin) = await FindObject.PinAsync(store, from.Bucket, from.Key, from.VersionId);
        using (pin)
        {
            Conditions.CheckCopySource(request, source);
            var wrappingKey = EncryptionRequest.WrappingKey(store, source.Properties, EncryptionRequest.ForRead(request, copySource: true));
            var (offset, length) = SourceRange(request, source);
            if (length > S3Limits.LargestPart)
                throw S3Error.EntityTooLarge(length, S3Limits.LargestPart);
            var whole = offset == 0 && length == source.Size ? source : null;
            DescribeSource(request, source);
            EncryptionRequest.Describe(request, upload.Properties.Encryption, upload.Properties.CustomerKeyMd5);
            using var copied = await LongAnswer.AwaitAsync(
                request,
                CopyBytesAsync(source.Parts, offset, length, wrappingKey, source.Properties, encryption, upload.ChecksumAlgorithm, whole, request.Aborted),
                store.Options.KeepAlive);
            var part = await store.Catalog.CommitAsync(change =>
            {
                MultipartUploads.Find(change.Catalog.Bucket(request.Bucket), request.Key, uploadId);
                var made = copied.ToPart(number, length, store.Now(), upload.ChecksumAlgorithm);
                change.Record(new PartPut(request.Bucket, uploadId, made));
                return made;
            });
            await request.AnswerXmlAsync("CopyPartResult", xml =>
            {
                xml.Element("LastModified", S3Xml.Time(part.Modified));
                xml.Element("ETag", $"\"{part.Md5}\"");
                if (part.ChecksumAlgorithm is { } algorithm)
                    xml.Element(algorithm.ElementName(), part.Checksum);
            });
        }
    }

    private Task<ObjectVersion> CommitAsync(S3Request request, string versionId, ObjectProperties properties, Copied copied, ChecksumAlgorithm? algorithm) =>
        store.Catalog.CommitAsync(change =>
        {
            var bucket = change.Catalog.Bucket(request.Bucket);
            Conditions.CheckWrite(request, WriteObjects.Current(bucket, request.Key));
            var now = store.Now();
            var part = copied.ToPart(0, copied.Length, now, algorithm);
            var version = new ObjectVersion
            {
                Key = request.Key,
                VersionId = versionId,
                Size = copied.Length,
                ETag = copied.Md5,
                Modified = now,
                Properties = properties,
                Checksum = algorithm is { } a ? new ObjectChecksum(a, ChecksumType.FULL_OBJECT, copied.Checksum!) : null,
                Parts = [part],
            };
            change.Record(new VersionPut(request.Bucket, version));
            return version;
        });

    // A whole object's MD5 and checksum may be known already; then not a byte is read.
    private async Task<Copied> CopyBytesAsync(
        IReadOnlyList<ObjectPart> parts,
        long offset,
        long length,
        byte[]? wrappingKey,
        ObjectProperties source,
        EncryptionRequest target,
        ChecksumAlgorithm? algorithm,
        ObjectVersion? whole,
        CancellationToken cancellationToken)
    {
        var shared = source.Encryption == target.Kind && target.Kind != Encryption.Customer;
        using var reader = store.OpenReader(parts, offset, length, wrappingKey);
        if (!shared)
        {
            await using var stream = new SliceStream(reader);
            var body = await receiver.ReceiveAsync(stream, length, algorithm, target.NewDataKey(store), cancellationToken);
            return new Copied(body.Size == 0 ? [] : [body.Blob.Slice], length, body.Md5, body.ChecksumValue, body);
        }

        var slices = Slices(parts, offset, length);
        if (whole is { IsMultipart: false, Parts.Count: 1 } && (algorithm is null || (whole.Checksum is { } known && known.Algorithm == algorithm)))
            return new Copied(slices, length, whole.Parts[0].Md5, algorithm is null ? null : whole.Checksum!.Value, null);
        var (md5, checksum) = await BodyReceiver.HashAsync(reader, algorithm, cancellationToken);
        return new Copied(slices, length, md5, checksum, null);
    }

    private static List<Slice> Slices(IReadOnlyList<ObjectPart> parts, long offset, long length)
    {
        var result = new List<Slice>();
        foreach (var slice in parts.SelectMany(p => p.Slices))
        {
            if (offset >= slice.Length)
            {
                offset -= slice.Length;
                continue;
            }

            if (length == 0)
                break;
            var take = Math.Min(slice.Length - offset, length);
            result.Add(slice with { Offset = slice.Offset + offset, Length = take });
            length -= take;
            offset = 0;
        }

        return result;
    }

    private static (long Offset, long Length) SourceRange(S3Request request, ObjectVersion source)
    {
        if (request.Header("x-amz-copy-source-range") is not { } header)
            return (0, source.Size);
        var dash = header.IndexOf('-', StringComparison.Ordinal);
        if (dash <= "bytes=".Length || dash == header.Length - 1 || ByteRange.Parse(header, long.MaxValue) is not { } range)
        {
            throw S3Error.InvalidArgument(
                "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
                "x-amz-copy-source-range",
                header);
        }

        if (range.Offset + range.Length > source.Size)
            throw S3Error.InvalidArgument($"Range specified is not valid for source object of size: {source.Size}", "x-amz-copy-source-range", header);
        return range;
    }

    private void RequireOwner(S3Request request, string sourceBucket) => store.Catalog.Read(view =>
    {
        Http.RequestPipeline.RequireOwner(view.Bucket(sourceBucket), request.Authentication.AccessKey);
        return true;
    });

    private static bool Directive(S3Request request, string header) => request.Header(header) switch
    {
        null or "COPY" => false,
        "REPLACE" => true,
        var other => throw S3Error.InvalidArgument("Unknown metadata directive.", header, other),
    };

    private static Task AnswerAsync(S3Request request, ObjectVersion version) =>
        request.AnswerXmlAsync("CopyObjectResult", xml =>
        {
            xml.Element("LastModified", S3Xml.Time(version.Modified));
            xml.Element("ETag", $"\"{version.ETag}\"");
            if (version.Checksum is not { } checksum)
                return;
            xml.Element("ChecksumType", checksum.Type.ToString());
            xml.Element(checksum.Algorithm.ElementName(), checksum.Value);
        });

    private static void DescribeSource(S3Request request, ObjectVersion source)
    {
        if (!string.Equals(source.VersionId, ObjectVersion.NullId, StringComparison.Ordinal))
            request.SetHeader("x-amz-copy-source-version-id", source.VersionId);
    }

    private sealed record Copied(IReadOnlyList<Slice> Slices, long Length, string Md5, string? Checksum, ReceivedBody? Written) : IDisposable
    {
        public ObjectPart ToPart(int number, long size, long modified, ChecksumAlgorithm? algorithm) => new()
        {
            Number = number,
            Size = size,
            Md5 = Md5,
            ChecksumAlgorithm = algorithm,
            Checksum = Checksum,
            Slices = Slices,
            Modified = modified,
        };

        public void Dispose() => Written?.Dispose();
    }
}
