using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Microsoft.Extensions.Options;

namespace Media.Silo.S3;

/// <summary>Presigns with the credentials of the connection's chain, asked anew for every batch, so that renewed ones are used from then on.</summary>
internal sealed class S3UrlSigner(S3Connection connection, IOptions<S3Options> options, TimeProvider time) : IUrlSigner
{
    private readonly S3Options _options = options.Value;
    private readonly SigV4Presigner _presigner = new(connection.PublicBucketAddress, options.Value.Region);

    public async ValueTask<ImmutableArray<SignedPart>> SignPartsAsync(
        string key, string uploadId, ImmutableArray<PartToSign> parts, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        if (parts.IsEmpty) return [];
        var credentials = await GetCredentialsAsync();
        var now = time.GetUtcNow();
        var signed = ImmutableArray.CreateBuilder<SignedPart>(parts.Length);
        var expiresAt = Expiry(now, lifetime);
        var plain = default(PresignTemplate);
        foreach (var part in parts)
        {
            var headers = HeadersOf(part);
            // What all parts have in common is computed once.
            var template = headers.IsEmpty
                ? plain ??= _presigner.Prepare(credentials, now, lifetime, key, uploadId, [])
                : _presigner.Prepare(credentials, now, lifetime, key, uploadId, [.. headers]);
            signed.Add(new SignedPart(part.Part, template.Sign(part.Part), expiresAt, headers));
        }

        return signed.MoveToImmutable();
    }

    public async ValueTask<SignedPart> SignPutAsync(
        string key, ObjectHeaders headers, long? length, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        var signed = StoredWith(headers);
        if (length is { } bytes) signed = signed.Add("Content-Length", bytes.ToString(CultureInfo.InvariantCulture));
        var now = time.GetUtcNow();
        var template = _presigner.Prepare(await GetCredentialsAsync(), now, lifetime, key, null, [.. signed]);
        return new SignedPart(1, template.Sign(null), Expiry(now, lifetime), signed);
    }

    public async ValueTask<SignedForm> SignFormAsync(
        string key, ObjectHeaders headers, LengthRange length, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var expiresAt = Expiry(now, lifetime);
        var policy = new FormPolicy(_options.Bucket, _options.Region);
        var fields = policy.Sign(await GetCredentialsAsync(), _presigner, now, expiresAt, key, StoredWith(headers), length);
        return new SignedForm(connection.PublicBucketAddress.AbsoluteUri, fields, expiresAt);
    }

    private static ImmutableDictionary<string, string> HeadersOf(PartToSign part)
    {
        var headers = ImmutableDictionary<string, string>.Empty;
        if (part.Length is { } bytes) headers = headers.Add("Content-Length", bytes.ToString(CultureInfo.InvariantCulture));
        return part.Sha256 is { } checksum ? headers.Add("x-amz-checksum-sha256", checksum) : headers;
    }

    /// <summary>The headers, or form fields, that say what an object is stored with.</summary>
    private ImmutableDictionary<string, string> StoredWith(ObjectHeaders headers)
    {
        var sent = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        sent.Add("Content-Type", headers.ContentType);
        foreach (var (name, value) in headers.Metadata) sent.Add($"x-amz-meta-{name}", value);
        if (_options.ServerSideEncryption == S3Encryption.Aes256) sent.Add("x-amz-server-side-encryption", "AES256");
        if (_options.ServerSideEncryption == S3Encryption.Kms)
        {
            sent.Add("x-amz-server-side-encryption", "aws:kms");
            if (_options.KmsKeyId is { } kmsKey) sent.Add("x-amz-server-side-encryption-aws-kms-key-id", kmsKey);
        }

        return sent.ToImmutable();
    }

    // The store counts from the signature's time, which has whole seconds.
    private static DateTimeOffset Expiry(DateTimeOffset now, TimeSpan lifetime) =>
        DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds() + (long)lifetime.TotalSeconds);

    private async ValueTask<SigningCredentials> GetCredentialsAsync()
    {
        try
        {
            var credentials = await connection.Credentials.GetCredentialsAsync();
            return new SigningCredentials(credentials.AccessKey, credentials.SecretKey, credentials.UseToken ? credentials.Token : null);
        }
        catch (Exception failure) when (failure is Amazon.Runtime.AmazonClientException or HttpRequestException)
        {
            throw new StoreUnavailableException("There are no credentials for the object store.", failure);
        }
    }
}
