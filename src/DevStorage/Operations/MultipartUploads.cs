namespace Media.DevStorage.Operations;

/// <summary>CreateMultipartUpload, UploadPart and AbortMultipartUpload.</summary>
internal sealed class MultipartUploads(Store store, BodyReceiver receiver)
{
    public async Task CreateAsync(S3Request request)
    {
        var properties = PropertiesReader.Read(request);
        var algorithm = WriteObjects.WantedChecksum(request);
        var type = ReadChecksumType(request, algorithm);
        var upload = await store.Catalog.CommitAsync(change =>
        {
            var bucket = change.Catalog.Bucket(request.Bucket);
            var encryption = EncryptionRequest.ForWrite(request, bucket.EncryptsByDefault);
            var now = store.Now();
            var made = new MultipartUpload
            {
                UploadId = store.NewUploadId(now),
                Key = request.Key,
                Initiated = now,
                Initiator = request.Authentication.AccessKey,
                Properties = encryption.ApplyTo(properties),
                ChecksumAlgorithm = algorithm,
                ChecksumType = type,
            };
            change.Record(new UploadCreated(request.Bucket, made));
            return made;
        });
        if (algorithm is not null)
        {
            request.SetHeader("x-amz-checksum-algorithm", algorithm.ToString());
            request.SetHeader("x-amz-checksum-type", type.ToString());
        }

        EncryptionRequest.Describe(request, upload.Properties.Encryption, upload.Properties.CustomerKeyMd5);
        await request.AnswerXmlAsync("InitiateMultipartUploadResult", xml =>
        {
            xml.Element("Bucket", request.Bucket);
            xml.Element("Key", request.Key);
            xml.Element("UploadId", upload.UploadId);
        });
    }

    public async Task UploadPartAsync(S3Request request)
    {
        var number = request.PartNumber();
        var uploadId = request.Target.Find("uploadId")!;
        var upload = store.Catalog.Read(view => Find(view.Bucket(request.Bucket), request.Key, uploadId).Upload);
        var encryption = EncryptionRequest.ForPart(request, upload.Properties);
        var claims = BodyClaims.Of(request);
        if (upload.ChecksumAlgorithm is { } expected && claims.Algorithm is { } actual && expected != actual)
        {
            throw S3Error.InvalidRequest(
                $"Checksum Type mismatch occurred, expected checksum Type: {expected.ToString().ToLowerInvariant()}, actual checksum Type: {actual.ToString().ToLowerInvariant()}");
        }

        using var body = await receiver.ReceiveAsync(request, S3Limits.LargestPart, upload.ChecksumAlgorithm, encryption.NewDataKey(store));
        await store.Catalog.CommitAsync(change =>
        {
            // The upload may have been aborted or completed while the bytes came in.
            Find(change.Catalog.Bucket(request.Bucket), request.Key, uploadId);
            change.Record(new PartPut(request.Bucket, uploadId, body.ToPart(number, store.Now())));
            return true;
        });
        request.SetETag(body.Md5);
        if (body.Algorithm is { } algorithm)
            request.SetHeader(algorithm.HeaderName(), body.ChecksumValue);
        EncryptionRequest.Describe(request, upload.Properties.Encryption, upload.Properties.CustomerKeyMd5);
        await request.AnswerEmptyAsync();
    }

    public async Task AbortAsync(S3Request request)
    {
        var uploadId = request.Target.Find("uploadId")!;
        await store.Catalog.CommitAsync(change =>
        {
            Find(change.Catalog.Bucket(request.Bucket), request.Key, uploadId);
            change.Record(new UploadRemoved(request.Bucket, uploadId));
            return true;
        });
        await request.AnswerEmptyAsync(204);
    }

    /// <exception cref="S3Exception"><c>NoSuchUpload</c>, also when the upload is another key's.</exception>
    public static UploadState Find(Bucket bucket, string key, string uploadId) =>
        bucket.Uploads.TryGetValue(uploadId, out var state) && string.Equals(state.Upload.Key, key, StringComparison.Ordinal)
            ? state
            : throw S3Error.NoSuchUpload(uploadId);

    private static ChecksumType ReadChecksumType(S3Request request, ChecksumAlgorithm? algorithm)
    {
        var given = request.Header("x-amz-checksum-type");
        if (algorithm is null)
        {
            return given is null
                ? default
                : throw S3Error.InvalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
        }

        var type = given switch
        {
            null => algorithm == ChecksumAlgorithm.CRC64NVME ? ChecksumType.FULL_OBJECT : ChecksumType.COMPOSITE,
            "COMPOSITE" => ChecksumType.COMPOSITE,
            "FULL_OBJECT" => ChecksumType.FULL_OBJECT,
            _ => throw S3Error.InvalidRequest("Value for x-amz-checksum-type header is invalid."),
        };
        var possible = algorithm switch
        {
            ChecksumAlgorithm.CRC64NVME => type == ChecksumType.FULL_OBJECT,
            ChecksumAlgorithm.SHA1 or ChecksumAlgorithm.SHA256 => type == ChecksumType.COMPOSITE,
            _ => true,
        };
        return possible
            ? type
            : throw S3Error.InvalidRequest($"The {type} checksum type cannot be used with the {algorithm.ToString()!.ToLowerInvariant()} checksum algorithm.");
    }
}
