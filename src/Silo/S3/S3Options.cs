using System.ComponentModel.DataAnnotations;
using Amazon.S3;

namespace Media.Silo.S3;

/// <summary>How the store encrypts at rest.</summary>
public enum S3Encryption
{
    /// <summary>As the bucket says.</summary>
    Bucket,

    /// <summary>AES-256 with the store's own keys (<c>AES256</c>).</summary>
    Aes256,

    /// <summary>With a key of a key management service (<c>aws:kms</c>).</summary>
    Kms,
}

/// <summary>Settings of the object store, <c>Media:S3</c>.</summary>
public sealed class S3Options : IValidatableObject
{
    /// <summary>Where the settings are.</summary>
    public const string Section = "Media:S3";

    /// <summary>The store's address, such as <c>http://127.0.0.1:9000</c>; null for AWS.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>The region: where the bucket is on AWS, and a word in every signature on all stores.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Media:S3:Region is not set.")]
    [RegularExpression("^[A-Za-z0-9-]+$", ErrorMessage = "Media:S3:Region holds other than letters, digits and hyphens.")]
    public string Region { get; set; } = "us-east-1";

    /// <summary>The bucket.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Media:S3:Bucket is not set.")]
    [RegularExpression("^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$", ErrorMessage = "Media:S3:Bucket is not a bucket's name.")]
    public string Bucket { get; set; } = "media";

    /// <summary>
    /// Access key. Null leaves it to the AWS SDK's default chain (environment, profile, container, instance role), which also renews what expires;
    /// better wherever it is to be had.
    /// </summary>
    public string? AccessKey { get; set; }

    /// <summary>Secret of <see cref="AccessKey"/>.</summary>
    public string? SecretKey { get; set; }

    /// <summary>Session token, where <see cref="AccessKey"/> is a temporary one.</summary>
    public string? SessionToken { get; set; }

    /// <summary>Whether the bucket is in the path instead of the host. Most stores other than AWS need it.</summary>
    public bool ForcePathStyle { get; set; }

    /// <summary>Whether to use AWS's transfer acceleration, which the bucket has to have enabled. Faster from afar, and charged for.</summary>
    public bool Accelerate { get; set; }

    /// <summary>The store's address as clients see it, where that differs from <see cref="Endpoint"/>: presigned URLs are made for it.</summary>
    public Uri? PublicEndpoint { get; set; }

    /// <summary>How objects are encrypted at rest.</summary>
    public S3Encryption ServerSideEncryption { get; set; }

    /// <summary>The key for <see cref="S3Encryption.Kms"/>; null for the account's default.</summary>
    public string? KmsKeyId { get; set; }

    /// <summary>
    /// Whether clients that can send a SHA-256 with every part may, so that the store refuses what was damaged on its way. A store that knows no checksums is
    /// found out by itself; off is for one that says that it does, and then fails.
    /// </summary>
    public bool PartChecksums { get; set; } = true;

    /// <summary>How long the store may take to begin its answer, and be silent in the middle of it. Putting 10 000 parts together takes minutes on some.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = "Media:S3:Timeout has to be 1 s to 1 h.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>
    /// The largest object in bytes that is copied within the bucket by one request, 5 MiB to 5 GiB; larger ones are copied by parts. 5 GiB is as far as S3
    /// goes. Less helps where the store is silent for longer than <see cref="Timeout"/> while it copies.
    /// </summary>
    [Range(typeof(long), "5242880", "5368709120", ErrorMessage = "Media:S3:CopyLimit has to be 5 MiB to 5 GiB, in bytes.")]
    public long CopyLimit { get; set; } = 5L << 30;

    /// <summary>How long connecting may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00", ErrorMessage = "Media:S3:ConnectTimeout has to be 0.1 s to 60 s.")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How often a request that failed for the store's or the network's reasons is sent again.</summary>
    [Range(0, 10, ErrorMessage = "Media:S3:MaxRetries has to be 0 to 10.")]
    public int MaxRetries { get; set; } = 2;

    /// <summary>How a new object asks to be encrypted: the method, or null to leave it to the bucket, and the key.</summary>
    internal (ServerSideEncryptionMethod? Method, string? KmsKeyId) Encryption => ServerSideEncryption switch
    {
        S3Encryption.Aes256 => (ServerSideEncryptionMethod.AES256, null),
        S3Encryption.Kms => (ServerSideEncryptionMethod.AWSKMS, KmsKeyId),
        _ => (null, null),
    };

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(AccessKey) != string.IsNullOrEmpty(SecretKey))
            yield return new ValidationResult("Media:S3:AccessKey and Media:S3:SecretKey are set both or neither.");
        if (!string.IsNullOrEmpty(SessionToken) && string.IsNullOrEmpty(AccessKey))
            yield return new ValidationResult("Media:S3:SessionToken is set without Media:S3:AccessKey.");
        if (Check(Endpoint, nameof(Endpoint)) is { } wrong) yield return wrong;
        if (Check(PublicEndpoint, nameof(PublicEndpoint)) is { } wrongPublic) yield return wrongPublic;
        if (Accelerate && (ForcePathStyle || Endpoint is not null || Bucket.Contains('.', StringComparison.Ordinal)))
            yield return new ValidationResult("Media:S3:Accelerate is AWS's: it takes no Endpoint, no ForcePathStyle and no bucket with a dot in its name.");
        if (KmsKeyId is not null && ServerSideEncryption != S3Encryption.Kms)
            yield return new ValidationResult("Media:S3:KmsKeyId is set without Media:S3:ServerSideEncryption=Kms.");
    }

    private static ValidationResult? Check(Uri? endpoint, string name) =>
        endpoint is null || (endpoint.IsAbsoluteUri && endpoint.Scheme is "http" or "https" && endpoint.PathAndQuery == "/" && endpoint.UserInfo.Length == 0)
            ? null
            : new ValidationResult($"Media:S3:{name} has to be http://host[:port] or https://host[:port].");
}
