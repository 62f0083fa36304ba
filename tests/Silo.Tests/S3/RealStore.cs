using System.Collections.Immutable;
using Amazon.S3;
using Amazon.S3.Model;
using Media.Grains.Ports;
using Media.Silo.S3;
using Media.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Media.Silo.Tests.S3;

/// <summary>Our side of a real store's bucket, and what a test puts there behind its back.</summary>
internal sealed class RealStore : IDisposable
{
    private readonly S3Connection _connection;
    private readonly string _bucket;

    public RealStore(StorageFixture storage, string? bucket = null, Action<S3Options>? configure = null)
        : this(storage.Endpoint, storage.AccessKey, storage.SecretKey, bucket ?? storage.Bucket, configure)
    {
    }

    public RealStore(Uri endpoint, string accessKey, string secretKey, string bucket, Action<S3Options>? configure = null)
    {
        _bucket = bucket;
        var settings = new S3Options { Endpoint = endpoint, AccessKey = accessKey, SecretKey = secretKey, Bucket = bucket, ForcePathStyle = true };
        configure?.Invoke(settings);
        var options = Options.Create(settings);
        _connection = new S3Connection(options);
        Store = new S3ObjectStore(_connection, options, NullLogger<S3ObjectStore>.Instance);
        Reader = new S3ObjectReader(_connection, options);
    }

    public IAmazonS3 Client => _connection.Client;

    public S3ObjectStore Store { get; }

    public S3ObjectReader Reader { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Puts an object of <c>text/plain</c> with the metadata <c>file-name: a%20b</c>.</summary>
    /// <returns>The object as it is found.</returns>
    public async Task<StoredObject> PutAsync(string key, byte[] body)
    {
        using var content = new MemoryStream(body);
        var request = new PutObjectRequest { BucketName = _bucket, Key = key, InputStream = content, ContentType = "text/plain" };
        request.Metadata.Add("file-name", "a%20b");
        await Client.PutObjectAsync(request, Token);
        return (await Store.HeadAsync(key, Token))!;
    }

    public async Task<byte[]> GetAsync(string key)
    {
        using var answer = await Client.GetObjectAsync(_bucket, key, Token);
        using var body = new MemoryStream();
        await answer.ResponseStream.CopyToAsync(body, Token);
        return body.ToArray();
    }

    public async Task<ObjectHeaders> GetHeadersAsync(string key)
    {
        var head = await Client.GetObjectMetadataAsync(_bucket, key, Token);
        return new ObjectHeaders(
            head.Headers.ContentType, head.Metadata.Keys.ToImmutableDictionary(name => name["x-amz-meta-".Length..], name => head.Metadata[name]));
    }

    /// <summary>Upload ids of what is not completed under a key.</summary>
    public async Task<IReadOnlyList<string>> GetPendingAsync(string key)
    {
        var pending = new List<string>();
        await foreach (var upload in Store.ListMultipartUploadsAsync(key, Token)) pending.Add(upload.UploadId);
        return pending;
    }

    public void Dispose() => _connection.Dispose();
}
