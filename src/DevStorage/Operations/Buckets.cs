namespace Media.DevStorage.Operations;

/// <summary>ListBuckets, CreateBucket, HeadBucket, DeleteBucket and GetBucketLocation.</summary>
internal sealed class Buckets(Store store)
{
    private const string DefaultRegion = "us-east-1";

    public async Task ListAsync(S3Request request)
    {
        var owner = request.Authentication.AccessKey;
        var barrier = store.Catalog.Barrier;
        var buckets = store.Catalog.Read(view => view.Buckets
            .Where(b => string.Equals(b.Owner, owner, StringComparison.Ordinal)).Select(b => (b.Name, b.Created)).ToList());
        await barrier;
        var prefix = request.Target.Find("prefix") ?? "";
        var after = request.Target.Find("continuation-token") ?? "";
        var most = request.Number("max-buckets", 10_000);
        var page = buckets
            .Where(b => b.Name.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(b.Name, after) > 0)
            .Take(most + 1).ToList();
        await request.AnswerXmlAsync("ListAllMyBucketsResult", xml =>
        {
            Owners.Write(xml, "Owner", owner);
            xml.Element("Buckets", list =>
            {
                foreach (var (name, created) in page.Take(most))
                {
                    list.Element("Bucket", bucket =>
                    {
                        bucket.Element("Name", name);
                        bucket.Element("CreationDate", S3Xml.Time(created));
                        bucket.Element("BucketRegion", store.Options.Region);
                    });
                }
            });
            if (page.Count > most && most > 0)
                xml.Element("ContinuationToken", page[most - 1].Name);
            if (prefix.Length > 0)
                xml.Element("Prefix", prefix);
        });
    }

    public async Task CreateAsync(S3Request request)
    {
        if (!BucketName.IsValid(request.Bucket))
            throw S3Error.InvalidBucketName(request.Bucket);
        if (request.Header("x-amz-bucket-object-lock-enabled") is "true")
            throw S3Error.NotImplemented("Object lock");
        var document = await request.ReadDocumentAsync();
        if (document.Length > 0)
        {
            var constraint = S3Xml.Parse(document, "CreateBucketConfiguration").Text("LocationConstraint");
            if (constraint is { Length: > 0 } && !string.Equals(constraint, store.Options.Region, StringComparison.Ordinal))
            {
                throw new S3Exception(
                    400, "IllegalLocationConstraintException", $"The {constraint} location constraint is incompatible for the region specific endpoint this request was sent to.");
            }
        }

        await store.Catalog.CommitAsync(change =>
        {
            if (change.Catalog.Find(request.Bucket) is { } there)
            {
                if (!string.Equals(there.Owner, request.Authentication.AccessKey, StringComparison.Ordinal))
                    throw S3Error.BucketAlreadyExists(request.Bucket);
                // For historical reasons us-east-1 alone lets an owner create a bucket again.
                return string.Equals(store.Options.Region, DefaultRegion, StringComparison.Ordinal)
                    ? true
                    : throw S3Error.BucketAlreadyOwnedByYou(request.Bucket);
            }

            change.Record(new BucketCreated(request.Bucket, request.Authentication.AccessKey, store.Now()));
            return true;
        });
        request.SetHeader("Location", "/" + request.Bucket);
        await request.AnswerEmptyAsync();
    }

    public Task HeadAsync(S3Request request)
    {
        request.SetHeader("x-amz-bucket-region", store.Options.Region);
        return request.AnswerEmptyAsync();
    }

    public async Task DeleteAsync(S3Request request)
    {
        await store.Catalog.CommitAsync(change =>
        {
            var bucket = change.Catalog.Bucket(request.Bucket);
            if (bucket.Objects.Count > 0)
                throw S3Error.BucketNotEmpty(request.Bucket);
            // Uploads in progress do not keep a bucket; they end with it.
            foreach (var upload in bucket.Uploads.Keys.ToList())
                change.Record(new UploadRemoved(request.Bucket, upload));
            change.Record(new BucketDeleted(request.Bucket));
            return true;
        });
        await request.AnswerEmptyAsync(204);
    }

    public Task LocationAsync(S3Request request) => request.AnswerXmlAsync("LocationConstraint", xml =>
    {
        if (!string.Equals(store.Options.Region, DefaultRegion, StringComparison.Ordinal))
            xml.WriteString(store.Options.Region);
    });
}
