namespace Media.DevStorage.Operations;

/// <summary>GetObjectTagging, PutObjectTagging and DeleteObjectTagging.</summary>
internal sealed class ObjectTagging(Store store, Background.Notifier notifier)
{
    public async Task GetAsync(S3Request request)
    {
        var version = await FindObject.Async(store, request.Bucket, request.Key, request.Target.Find("versionId"));
        WriteObjects.DescribeVersion(request, version.VersionId);
        await request.AnswerXmlAsync("Tagging", xml => TagSet.Write(xml, version.Properties.Tags));
    }

    public async Task PutAsync(S3Request request)
    {
        var document = S3Xml.Parse(await request.ReadDocumentAsync(mustBeHashed: true), "Tagging");
        var version = await SetAsync(request, TagSet.ParseXml(document, TagSet.MostOnObject));
        WriteObjects.DescribeVersion(request, version.VersionId);
        await request.AnswerEmptyAsync();
        notifier.Raise(request, "ObjectTagging:Put", version);
    }

    public async Task DeleteAsync(S3Request request)
    {
        var version = await SetAsync(request, null);
        WriteObjects.DescribeVersion(request, version.VersionId);
        await request.AnswerEmptyAsync(204);
        notifier.Raise(request, "ObjectTagging:Delete", version);
    }

    private Task<ObjectVersion> SetAsync(S3Request request, Dictionary<string, string>? tags) => store.Catalog.CommitAsync(change =>
    {
        var bucket = change.Catalog.Bucket(request.Bucket);
        var version = FindObject.In(bucket, request.Key, request.Target.Find("versionId"));
        var tagged = version with { Properties = version.Properties with { Tags = tags } };
        change.Record(new VersionPut(request.Bucket, tagged, InPlace: true));
        return tagged;
    });
}
