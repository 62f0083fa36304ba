using System.Text;

namespace Media.DevStorage.Operations;

/// <summary>
/// PUT, GET and DELETE of a bucket's sub-resources: cors, lifecycle, notification, encryption, versioning, tagging. What was put is kept
/// as it was given, once it has been understood.
/// </summary>
internal sealed class BucketConfigurations(Store store, Background.Notifier notifier)
{
    /// <summary>How a sub-resource is called in XML, and what is said when it is not there (null: an empty document).</summary>
    private static readonly Dictionary<string, (string Root, Func<string, S3Exception>? Missing)> Aspects = new(StringComparer.Ordinal)
    {
        [BucketAspects.Cors] = ("CORSConfiguration", _ => Missing("NoSuchCORSConfiguration", "The CORS configuration does not exist")),
        [BucketAspects.Lifecycle] = (
            "LifecycleConfiguration", _ => Missing("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")),
        [BucketAspects.Encryption] = (
            "ServerSideEncryptionConfiguration",
            _ => Missing("ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found")),
        [BucketAspects.Tagging] = ("Tagging", _ => Missing("NoSuchTagSet", "The TagSet does not exist")),
        [BucketAspects.Notification] = ("NotificationConfiguration", null),
        [BucketAspects.Versioning] = ("VersioningConfiguration", null),
    };

    public async Task PutAsync(S3Request request, string aspect)
    {
        var mustBeHashed = aspect is BucketAspects.Cors or BucketAspects.Lifecycle or BucketAspects.Tagging;
        var bytes = await request.ReadDocumentAsync(mustBeHashed);
        var document = S3Xml.Parse(bytes, Aspects[aspect].Root);
        Validate(aspect, document);
        var text = Encoding.UTF8.GetString(bytes.Span).TrimStart('\ufeff');
        await store.Catalog.CommitAsync(change =>
        {
            change.Catalog.Bucket(request.Bucket);
            change.Record(new BucketConfigured(request.Bucket, aspect, text));
            return true;
        });
        await request.AnswerEmptyAsync(string.Equals(aspect, BucketAspects.Tagging, StringComparison.Ordinal) ? 204 : 200);
        if (string.Equals(aspect, BucketAspects.Notification, StringComparison.Ordinal))
            notifier.Test(request, NotificationRule.ReadAll(document));
    }

    public async Task GetAsync(S3Request request, string aspect)
    {
        var barrier = store.Catalog.Barrier;
        var text = store.Catalog.Read(view => view.Bucket(request.Bucket).Configurations.GetValueOrDefault(aspect));
        await barrier;
        if (text is not null)
        {
            await request.AnswerTextAsync("application/xml", text);
            return;
        }

        if (Aspects[aspect].Missing is { } missing)
            throw missing(request.Bucket);
        await request.AnswerXmlAsync(Aspects[aspect].Root, static _ => { });
    }

    public async Task DeleteAsync(S3Request request, string aspect)
    {
        await store.Catalog.CommitAsync(change =>
        {
            if (change.Catalog.Bucket(request.Bucket).Configurations.ContainsKey(aspect))
                change.Record(new BucketConfigured(request.Bucket, aspect, null));
            return true;
        });
        await request.AnswerEmptyAsync(204);
    }

    private static void Validate(string aspect, System.Xml.Linq.XElement document)
    {
        switch (aspect)
        {
            case BucketAspects.Cors:
                CorsRule.ReadAll(document);
                break;
            case BucketAspects.Lifecycle:
                LifecycleRule.ReadAll(document);
                break;
            case BucketAspects.Notification:
                NotificationRule.ReadAll(document);
                break;
            case BucketAspects.Tagging:
                TagSet.ParseXml(document, TagSet.MostOnBucket);
                break;
            case BucketAspects.Versioning:
                if (document.Text("Status") is not ("Enabled" or "Suspended"))
                    throw new S3Exception(400, "IllegalVersioningConfigurationException", "The Versioning element must be specified");
                if (document.Text("MfaDelete") is "Enabled")
                    throw S3Error.NotImplemented("MFA delete");
                break;
            case BucketAspects.Encryption:
                var method = document.Child("Rule")?.Child("ApplyServerSideEncryptionByDefault")?.Text("SSEAlgorithm");
                if (method is null)
                    throw S3Error.MalformedXml();
                if (!string.Equals(method, "AES256", StringComparison.Ordinal))
                    throw S3Error.NotImplemented("Encryption with KMS keys");
                break;
        }
    }

    private static S3Exception Missing(string code, string message) => new(404, code, message);
}
