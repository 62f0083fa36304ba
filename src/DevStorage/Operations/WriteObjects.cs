namespace Media.DevStorage.Operations;

/// <summary>PutObject, and what PUT and POST have in common.</summary>
internal sealed class WriteObjects(Store store, BodyReceiver receiver, Background.Notifier notifier)
{
    public async Task PutAsync(S3Request request)
    {
        if (request.Header("x-amz-write-offset-bytes") is not null)
            throw S3Error.NotImplemented("Appending to objects");
        var properties = PropertiesReader.Read(request);
        var byDefault = store.Catalog.Read(view =>
        {
            var bucket = view.Bucket(request.Bucket);
            Conditions.CheckWrite(request, Current(bucket, request.Key));
            return bucket.EncryptsByDefault;
        });
        var encryption = EncryptionRequest.ForWrite(request, byDefault);
        properties = encryption.ApplyTo(properties);
        using var body = await receiver.ReceiveAsync(request, S3Limits.LargestPut, WantedChecksum(request), encryption.NewDataKey(store));
        var version = await CommitAsync(
            request.Bucket, request.Key, body, properties, current => Conditions.CheckWrite(request, current));
        request.SetETag(version.ETag);
        DescribeVersion(request, version.VersionId);
        DescribeChecksum(request, version.Checksum);
        EncryptionRequest.Describe(request, properties.Encryption, properties.CustomerKeyMd5);
        await request.AnswerEmptyAsync();
        notifier.Raise(request, "ObjectCreated:Put", version);
    }

    /// <summary>Makes what was received the newest version of a key.</summary>
    public Task<ObjectVersion> CommitAsync(
        string bucketName, string key, ReceivedBody body, ObjectProperties properties, Action<ObjectVersion?> check)
    {
        return store.Catalog.CommitAsync(change =>
        {
            var bucket = change.Catalog.Bucket(bucketName);
            check(Current(bucket, key));
            var now = store.Now();
            var version = new ObjectVersion
            {
                Key = key,
                VersionId = Store.NewVersionId(bucket),
                Size = body.Size,
                ETag = body.Md5,
                Modified = now,
                Properties = properties,
                Checksum = body.Algorithm is { } algorithm ? new ObjectChecksum(algorithm, ChecksumType.FULL_OBJECT, body.ChecksumValue!) : null,
                Parts = [body.ToPart(0, now)],
            };
            change.Record(new VersionPut(bucketName, version));
            return version;
        });
    }

    public static ObjectVersion? Current(Bucket bucket, string key) => bucket.Objects.TryGet(key, out var entry) ? entry.Current : null;

    /// <summary>The version id goes with answers about versioned objects alone.</summary>
    public static void DescribeVersion(S3Request request, string versionId)
    {
        if (!string.Equals(versionId, ObjectVersion.NullId, StringComparison.Ordinal))
            request.SetHeader("x-amz-version-id", versionId);
    }

    public static void DescribeChecksum(S3Request request, ObjectChecksum? checksum)
    {
        if (checksum is null)
            return;
        request.SetHeader(checksum.Algorithm.HeaderName(), checksum.Value);
        request.SetHeader("x-amz-checksum-type", checksum.Type.ToString());
    }

    /// <summary>The checksum that <c>x-amz-checksum-algorithm</c> asks for.</summary>
    /// <exception cref="S3Exception"><c>InvalidRequest</c></exception>
    public static ChecksumAlgorithm? WantedChecksum(S3Request request)
    {
        if (request.Header("x-amz-checksum-algorithm") is not { Length: > 0 } name)
            return null;
        return ChecksumNames.TryParse(name, out var algorithm)
            ? algorithm
            : throw S3Error.InvalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
    }
}
