using System.Xml.Linq;

namespace Media.DevStorage.Operations;

/// <summary>DeleteObject and DeleteObjects, with what versioning makes of them.</summary>
internal sealed class DeleteObjects(Store store, Background.Notifier notifier)
{
    public async Task DeleteAsync(S3Request request)
    {
        var versionId = request.Target.Find("versionId");
        var match = request.Header("If-Match");
        var gone = await store.Catalog.CommitAsync(change => Delete(store, change, request.Bucket, request.Key, versionId, match));
        if (gone.MarkerId is not null)
        {
            request.SetHeader("x-amz-delete-marker", "true");
            request.SetHeader("x-amz-version-id", gone.MarkerId);
        }
        else if (versionId is not null)
        {
            request.SetHeader("x-amz-version-id", versionId);
        }

        await request.AnswerEmptyAsync(204);
        Raise(request, request.Key, gone);
    }

    public async Task DeleteManyAsync(S3Request request)
    {
        var document = S3Xml.Parse(await request.ReadDocumentAsync(mustBeHashed: true), "Delete");
        var quiet = string.Equals(document.Text("Quiet"), "true", StringComparison.OrdinalIgnoreCase);
        var wanted = document.Children("Object").Select(ReadEntry).ToList();
        if (wanted.Count is 0 or > S3Limits.MostDeletes)
            throw S3Error.MalformedXml();
        var results = await store.Catalog.CommitAsync(change =>
        {
            change.Catalog.Bucket(request.Bucket);
            return wanted.ConvertAll(entry => DeleteOne(change, request.Bucket, entry));
        });
        await request.AnswerXmlAsync("DeleteResult", xml =>
        {
            foreach (var (entry, gone, error) in results)
            {
                if (error is not null)
                {
                    xml.Element("Error", element =>
                    {
                        element.Element("Key", entry.Key);
                        element.Element("VersionId", entry.VersionId);
                        element.Element("Code", error.Code);
                        element.Element("Message", error.Message);
                    });
                }
                else if (!quiet)
                {
                    xml.Element("Deleted", element =>
                    {
                        element.Element("Key", entry.Key);
                        element.Element("VersionId", entry.VersionId);
                        if (gone!.MarkerId is null)
                            return;
                        element.Element("DeleteMarker", true);
                        element.Element("DeleteMarkerVersionId", gone.MarkerId);
                    });
                }
            }
        });
        foreach (var (entry, gone, _) in results)
        {
            if (gone is not null)
                Raise(request, entry.Key, gone);
        }
    }

    /// <summary>
    /// Deletes a version, or without a version id the object: for good where versioning was never on, else under a delete marker.
    /// Deleting what is not there succeeds.
    /// </summary>
    /// <exception cref="S3Exception"><c>PreconditionFailed</c>, <c>NoSuchKey</c>: <paramref name="match"/> was given and does not hold.</exception>
    public static Deletion Delete(Store store, Catalog.Change change, string bucketName, string key, string? versionId, string? match)
    {
        var bucket = change.Catalog.Bucket(bucketName);
        bucket.Objects.TryGet(key, out var entry);
        var target = versionId is null ? entry?.Current : entry?.Find(versionId);
        if (match is not null)
        {
            if (target is null)
                throw S3Error.NoSuchKey(key);
            if (!Conditions.Matches(match, target.ETag))
                throw S3Error.PreconditionFailed("If-Match");
        }

        if (versionId is not null)
        {
            if (target is null)
                return new Deletion(null, null);
            change.Record(new VersionRemoved(bucketName, key, versionId));
            return new Deletion(target.DeleteMarker ? versionId : null, target);
        }

        if (bucket.Versioning == Versioning.Unversioned)
        {
            if (target is not null)
                change.Record(new VersionRemoved(bucketName, key, target.VersionId));
            return new Deletion(null, target);
        }

        var marker = new ObjectVersion
        {
            Key = key,
            VersionId = Store.NewVersionId(bucket),
            DeleteMarker = true,
            Modified = store.Now(),
        };
        change.Record(new VersionPut(bucketName, marker));
        return new Deletion(marker.VersionId, marker);
    }

    private (Entry Entry, Deletion? Gone, S3Exception? Error) DeleteOne(Catalog.Change change, string bucket, Entry entry)
    {
        try
        {
            return (entry, Delete(store, change, bucket, entry.Key, entry.VersionId, entry.ETag), null);
        }
        catch (S3Exception e)
        {
            return (entry, null, e);
        }
    }

    private void Raise(S3Request request, string key, Deletion gone)
    {
        if (gone.Subject is null)
            return;
        var marked = gone.Subject.DeleteMarker && gone.MarkerId is not null && request.Target.Find("versionId") is null;
        notifier.Raise(request, marked ? "ObjectRemoved:DeleteMarkerCreated" : "ObjectRemoved:Delete", gone.Subject with { Key = key });
    }

    private static Entry ReadEntry(XElement element)
    {
        var key = element.Child("Key")?.Value;
        return string.IsNullOrEmpty(key)
            ? throw S3Error.MalformedXml()
            : new Entry(key, element.Text("VersionId") is { Length: > 0 } version ? version : null, element.Text("ETag"));
    }

    private sealed record Entry(string Key, string? VersionId, string? ETag);

    /// <summary>The marker that was made or removed, and the version that the deletion was about; null when there was none.</summary>
    internal sealed record Deletion(string? MarkerId, ObjectVersion? Subject);
}
