using Media.DevStorage.Background;
using Media.DevStorage.Operations;

namespace Media.DevStorage.Http;

/// <summary>An operation by the name that the API reference gives it.</summary>
internal sealed record Operation(string Name, Func<S3Request, Task> Run);

/// <summary>Tells from method, target and sub-resource which operation a request is.</summary>
internal sealed class Router
{
    // Known to S3, not to us: taken for a plain object or bucket request they would do something else than was meant.
    private static readonly string[] Unsupported =
    [
        "acl", "policy", "policyStatus", "publicAccessBlock", "ownershipControls", "website", "logging", "replication", "requestPayment",
        "accelerate", "analytics", "inventory", "metrics", "intelligent-tiering", "object-lock", "legal-hold", "retention", "restore",
        "select", "torrent", "metadataTable", "metadataConfiguration", "session", "renameObject", "annotation", "abac",
    ];

    private static readonly string[] ConfigurationNames =
    [
        BucketAspects.Cors, BucketAspects.Lifecycle, BucketAspects.Notification, BucketAspects.Encryption, BucketAspects.Versioning,
        BucketAspects.Tagging,
    ];

    private readonly Dictionary<string, Operation> _operations = new(StringComparer.Ordinal);

    public Router(Store store, BodyReceiver receiver, WriteObjects write, Notifier notifier)
    {
        var read = new ReadObjects(store);
        var copy = new CopyObjects(store, receiver, notifier);
        var delete = new DeleteObjects(store, notifier);
        var list = new ListObjects(store);
        var uploads = new MultipartUploads(store, receiver);
        var complete = new CompleteUploads(store, notifier);
        var listUploads = new ListUploads(store);
        var buckets = new Buckets(store);
        var tagging = new ObjectTagging(store, notifier);
        var attributes = new ObjectAttributes(store);
        var configurations = new BucketConfigurations(store, notifier);
        Add("ListBuckets", buckets.ListAsync);
        Add("CreateBucket", buckets.CreateAsync);
        Add("HeadBucket", buckets.HeadAsync);
        Add("DeleteBucket", buckets.DeleteAsync);
        Add("GetBucketLocation", buckets.LocationAsync);
        Add("ListObjects", list.ListAsync);
        Add("ListObjectsV2", list.ListAsync);
        Add("ListObjectVersions", list.ListVersionsAsync);
        Add("ListMultipartUploads", listUploads.ListMultipartUploadsAsync);
        Add("ListParts", listUploads.ListPartsAsync);
        Add("PutObject", write.PutAsync);
        Add("CopyObject", copy.CopyAsync);
        Add("GetObject", read.GetAsync);
        Add("HeadObject", read.HeadAsync);
        Add("DeleteObject", delete.DeleteAsync);
        Add("DeleteObjects", delete.DeleteManyAsync);
        Add("CreateMultipartUpload", uploads.CreateAsync);
        Add("UploadPart", uploads.UploadPartAsync);
        Add("UploadPartCopy", copy.CopyPartAsync);
        Add("CompleteMultipartUpload", complete.CompleteAsync);
        Add("AbortMultipartUpload", uploads.AbortAsync);
        Add("GetObjectTagging", tagging.GetAsync);
        Add("PutObjectTagging", tagging.PutAsync);
        Add("DeleteObjectTagging", tagging.DeleteAsync);
        Add("GetObjectAttributes", attributes.GetAsync);
        foreach (var aspect in ConfigurationNames)
        {
            Add("PUT " + aspect, request => configurations.PutAsync(request, aspect));
            Add("GET " + aspect, request => configurations.GetAsync(request, aspect));
            Add("DELETE " + aspect, request => configurations.DeleteAsync(request, aspect));
        }
    }

    /// <exception cref="S3Exception"><c>MethodNotAllowed</c>, <c>NotImplemented</c></exception>
    public Operation Resolve(HttpRequest request, RequestTarget target)
    {
        foreach (var name in Unsupported)
        {
            if (target.Has(name))
                throw S3Error.NotImplemented($"The sub-resource {name}");
        }

        var operation = target switch
        {
            { Bucket: null } => request.Method is "GET" ? "ListBuckets" : null,
            { Key: null } => OfBucket(request.Method, target),
            _ => OfObject(request, target),
        };
        return operation is not null && _operations.TryGetValue(operation, out var found) ? found : throw S3Error.MethodNotAllowed();
    }

    private void Add(string name, Func<S3Request, Task> run) => _operations[name] = new Operation(name, run);

    private static string? OfBucket(string method, RequestTarget target)
    {
        foreach (var aspect in ConfigurationNames)
        {
            if (target.Has(aspect))
                return $"{method} {aspect}";
        }

        return method switch
        {
            "GET" when target.Has("location") => "GetBucketLocation",
            "GET" when target.Has("versions") => "ListObjectVersions",
            "GET" when target.Has("uploads") => "ListMultipartUploads",
            "GET" when target.Find("list-type") is "2" => "ListObjectsV2",
            "GET" => "ListObjects",
            "PUT" => "CreateBucket",
            "HEAD" => "HeadBucket",
            "DELETE" => "DeleteBucket",
            "POST" when target.Has("delete") => "DeleteObjects",
            _ => null,
        };
    }

    private static string? OfObject(HttpRequest request, RequestTarget target)
    {
        var method = request.Method;
        if (target.Has(BucketAspects.Tagging))
        {
            return method switch
            {
                "GET" => "GetObjectTagging",
                "PUT" => "PutObjectTagging",
                "DELETE" => "DeleteObjectTagging",
                _ => null,
            };
        }

        var upload = target.Has("uploadId");
        var copies = request.Headers.ContainsKey("x-amz-copy-source")
            || target.Query.Any(p => string.Equals(p.Name, "x-amz-copy-source", StringComparison.OrdinalIgnoreCase));
        return method switch
        {
            "GET" when target.Has("attributes") => "GetObjectAttributes",
            "GET" => upload ? "ListParts" : "GetObject",
            "HEAD" => "HeadObject",
            "PUT" when upload || target.Has("partNumber") => upload ? (copies ? "UploadPartCopy" : "UploadPart") : null,
            "PUT" => copies ? "CopyObject" : "PutObject",
            "DELETE" => upload ? "AbortMultipartUpload" : "DeleteObject",
            "POST" when target.Has("uploads") => "CreateMultipartUpload",
            "POST" when upload => "CompleteMultipartUpload",
            _ => null,
        };
    }
}
