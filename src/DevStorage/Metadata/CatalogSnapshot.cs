namespace Media.DevStorage.Metadata;

/// <summary>
/// The whole catalog as references to immutable records, taken in one go under the lock and written at leisure.
/// </summary>
internal sealed class CatalogSnapshot
{
    private readonly List<JournalRecord> _buckets = [];
    private readonly List<(string Bucket, ObjectVersion Version)> _versions = [];
    private readonly List<(string Bucket, MultipartUpload Upload, ObjectPart[] Parts)> _uploads = [];

    public static CatalogSnapshot Of(IEnumerable<Bucket> buckets)
    {
        var snapshot = new CatalogSnapshot();
        foreach (var bucket in buckets)
        {
            snapshot._buckets.Add(new BucketCreated(bucket.Name, bucket.Owner, bucket.Created));
            foreach (var (aspect, document) in bucket.Configurations)
                snapshot._buckets.Add(new BucketConfigured(bucket.Name, aspect, document));
            foreach (var completed in bucket.Completed.Values)
                snapshot._buckets.Add(new UploadRemembered(bucket.Name, completed));
            var cursor = bucket.Objects.From("");
            while (cursor.MoveNext())
            {
                foreach (var version in cursor.Value.Versions)
                    snapshot._versions.Add((bucket.Name, version));
            }

            foreach (var upload in bucket.Uploads.Values)
                snapshot._uploads.Add((bucket.Name, upload.Upload, [.. upload.Parts.Values]));
        }

        return snapshot;
    }

    public IEnumerable<JournalRecord> Records()
    {
        foreach (var record in _buckets)
            yield return record;
        foreach (var (bucket, version) in _versions)
            yield return new VersionPut(bucket, version);
        foreach (var (bucket, upload, parts) in _uploads)
        {
            yield return new UploadCreated(bucket, upload);
            foreach (var part in parts)
                yield return new PartPut(bucket, upload.UploadId, part);
        }
    }
}
