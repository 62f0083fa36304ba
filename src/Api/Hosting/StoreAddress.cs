namespace Media.Api.Hosting;

/// <summary>Where clients reach the bucket (<c>Media:S3</c>): for the locations of objects, and for what the page may connect to.</summary>
internal sealed class StoreAddress
{
    private readonly string root;

    public StoreAddress(IConfiguration configuration)
    {
        var settings = configuration.GetSection("Media:S3");
        Bucket = settings["Bucket"] ?? "media";
        var given = settings["PublicEndpoint"] ?? settings["Endpoint"];
        var host = settings.GetValue("Accelerate", false) ? "s3-accelerate" : $"s3.{settings["Region"] ?? "us-east-1"}";
        var endpoint = new Uri(given ?? $"https://{host}.amazonaws.com", UriKind.Absolute);
        var pathStyle = settings.GetValue("ForcePathStyle", false);
        Origin = pathStyle ? endpoint.GetLeftPart(UriPartial.Authority) : $"{endpoint.Scheme}://{Bucket}.{endpoint.Authority}";
        root = pathStyle ? $"{Origin}/{Bucket}/" : $"{Origin}/";
    }

    /// <summary>The bucket.</summary>
    public string Bucket { get; }

    /// <summary>Scheme, host and port that presigned URLs go to.</summary>
    public string Origin { get; }

    /// <summary>The URL of an object. Keys of uploads need no escaping.</summary>
    public string UrlOf(string key) => root + key;
}
