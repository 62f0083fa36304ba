namespace Media.DevStorage.Operations;

/// <summary>Finds the version that a request means, and holds its bytes while they are read.</summary>
internal static class FindObject
{
    /// <summary>The version, once it is durable, and a pin on its blobs.</summary>
    /// <exception cref="S3Exception"><c>NoSuchBucket</c>, <c>NoSuchKey</c>, <c>NoSuchVersion</c>, <c>MethodNotAllowed</c></exception>
    public static async Task<(ObjectVersion Version, BlobPin Pin)> PinAsync(Store store, string bucketName, string key, string? versionId)
    {
        var (version, pin) = store.Catalog.Read(view =>
        {
            var found = In(view.Bucket(bucketName), key, versionId);
            return (found, store.Catalog.Pin(found.Parts));
        });
        await version.Durable;
        return (version, pin);
    }

    public static async Task<ObjectVersion> Async(Store store, string bucketName, string key, string? versionId)
    {
        var version = store.Catalog.Read(view => In(view.Bucket(bucketName), key, versionId));
        await version.Durable;
        return version;
    }

    /// <exception cref="S3Exception"><c>NoSuchKey</c>, <c>NoSuchVersion</c>, <c>MethodNotAllowed</c></exception>
    public static ObjectVersion In(Bucket bucket, string key, string? versionId)
    {
        bucket.Objects.TryGet(key, out var entry);
        if (versionId is not null)
        {
            if (versionId.Length == 0)
                throw S3Error.InvalidArgument("Version id cannot be the empty string", "versionId", versionId);
            var version = entry?.Find(versionId) ?? throw S3Error.NoSuchVersion(key, versionId);
            return version.DeleteMarker ? throw Marked(S3Error.MethodNotAllowed(), version) : version;
        }

        if (entry is null)
            throw S3Error.NoSuchKey(key);
        return entry.Current ?? throw Marked(S3Error.NoSuchKey(key), entry.Newest);
    }

    private static S3Exception Marked(S3Exception error, ObjectVersion marker) => new(error.Status, error.Code, error.Message)
    {
        Details = error.Details,
        Headers = [("x-amz-delete-marker", "true"), ("x-amz-version-id", marker.VersionId)],
    };
}
