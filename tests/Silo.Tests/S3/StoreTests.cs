using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Amazon.S3.Model;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Silo.S3;
using Media.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Media.Silo.Tests.S3;

/// <summary>The object store and the signer against a real store.</summary>
[Trait("Category", "S3")]
public sealed class StoreTests(StorageFixture storage) : IClassFixture<StorageFixture>, IAsyncLifetime
{
    private const int MiB = 1 << 20;

    private readonly HttpClient _http = new();
    private S3Connection _connection = null!;
    private S3ObjectStore _store = null!;
    private S3UrlSigner _signer = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        var options = Options.Create(new S3Options
        {
            Endpoint = storage.Endpoint,
            AccessKey = storage.AccessKey,
            SecretKey = storage.SecretKey,
            Region = storage.Region,
            Bucket = storage.Bucket,
            ForcePathStyle = true,
        });
        _connection = new S3Connection(options);
        _store = new S3ObjectStore(_connection, options, NullLogger<S3ObjectStore>.Instance);
        _signer = new S3UrlSigner(_connection, options, TimeProvider.System);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        _connection.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("a b+c%20d'e/é 漢字 🙂/(f)~!*&=?#:@$,;[x]")]
    public async Task Upload_PartsBySignedUrls_EndsAsTheObject(string name)
    {
        var key = $"upload/{Guid.NewGuid():N}/{name}";
        var headers = new ObjectHeaders("video/mp4", ImmutableDictionary<string, string>.Empty.Add("file-name", "a%20b"));
        var (uploadId, _) = await _store.CreateMultipartUploadAsync(key, headers, PartChecksum.None, Token);
        var urls = await _signer.SignPartsAsync(key, uploadId, [new(1, null), new(2, null)], TimeSpan.FromMinutes(5), Token);
        byte[][] bodies = [new byte[5 * MiB], [1, 2, 3]];
        // The wrong way round, and the first one twice.
        await PutAsync(urls[1], bodies[1]);
        await PutAsync(urls[0], new byte[5 * MiB + 1]);
        await PutAsync(urls[0], bodies[0]);

        var parts = (await _store.ListPartsAsync(key, uploadId, Token))!.Value;
        Assert.Equal([(1, 5L * MiB), (2, 3L)], parts.Select(part => (part.Part, part.Size)));
        Assert.All(parts, part => Assert.StartsWith("\"", part.ETag, StringComparison.Ordinal));
        Assert.Equal(Completion.Completed, await _store.CompleteMultipartUploadAsync(key, uploadId, parts, Token));

        var head = (await _store.HeadAsync(key, Token))!;
        Assert.Equal((5L * MiB) + 3, head.Size);
        Assert.Equal("video/mp4", head.ContentType);
        // Again, as after a crash.
        Assert.Equal(Completion.Completed, await _store.CompleteMultipartUploadAsync(key, uploadId, parts, Token));
        await _store.AbortMultipartUploadAsync(key, uploadId, Token);

        await _store.DeleteAsync(key, Token);
        await _store.DeleteAsync(key, Token);
        Assert.Null(await _store.HeadAsync(key, Token));
    }

    [Fact]
    public async Task Put_TwiceFromTheMiddleOfAnArray_LeavesTheSecond()
    {
        var key = $"thumb/{Guid.NewGuid():N}";
        byte[] bytes = [0, 1, 2, 3, 4, 5];
        var headers = new ObjectHeaders("image/webp", ImmutableDictionary<string, string>.Empty.Add("made-of", "a%20b"));

        await _store.PutAsync(key, bytes, headers, Token);
        await _store.PutAsync(key, bytes.AsMemory(2, 3), headers, Token);

        using var answer = await storage.Client.GetObjectAsync(storage.Bucket, key, Token);
        using var read = new MemoryStream();
        await answer.ResponseStream.CopyToAsync(read, Token);
        Assert.Equal([2, 3, 4], read.ToArray());
        Assert.Equal("image/webp", answer.Headers.ContentType);
        Assert.Equal("a%20b", answer.Metadata["made-of"]);
    }

    [Fact]
    public async Task Complete_AbortedUpload_IsGone()
    {
        var key = $"upload/{Guid.NewGuid():N}";
        var uploadId = await CreateAsync(key);
        var urls = await _signer.SignPartsAsync(key, uploadId, [new(1, null)], TimeSpan.FromMinutes(5), Token);
        await PutAsync(urls[0], [1]);
        var parts = (await _store.ListPartsAsync(key, uploadId, Token))!.Value;
        await _store.AbortMultipartUploadAsync(key, uploadId, Token);
        await _store.AbortMultipartUploadAsync(key, uploadId, Token);

        Assert.Null(await _store.ListPartsAsync(key, uploadId, Token));
        Assert.Equal(Completion.Gone, await _store.CompleteMultipartUploadAsync(key, uploadId, parts, Token));
    }

    [Fact]
    public async Task Complete_PartReplacedSinceItWasListed_IsRejected()
    {
        var key = $"upload/{Guid.NewGuid():N}";
        var uploadId = await CreateAsync(key);
        var urls = await _signer.SignPartsAsync(key, uploadId, [new(1, null)], TimeSpan.FromMinutes(5), Token);
        await PutAsync(urls[0], [1]);
        var parts = (await _store.ListPartsAsync(key, uploadId, Token))!.Value;
        await PutAsync(urls[0], [2]);

        Assert.Equal(Completion.PartsRejected, await _store.CompleteMultipartUploadAsync(key, uploadId, parts, Token));
    }

    [Fact]
    public async Task Complete_ManyAtOnce_AllCompleted()
    {
        var key = $"upload/{Guid.NewGuid():N}";
        var uploadId = await CreateAsync(key);
        var urls = await _signer.SignPartsAsync(key, uploadId, [new(1, null)], TimeSpan.FromMinutes(5), Token);
        await PutAsync(urls[0], [1]);
        var parts = (await _store.ListPartsAsync(key, uploadId, Token))!.Value;

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _store.CompleteMultipartUploadAsync(key, uploadId, parts, Token)));

        Assert.All(outcomes, outcome => Assert.Equal(Completion.Completed, outcome));
    }

    [Fact]
    public async Task ListParts_MoreThanAPage_AreAllThere()
    {
        var key = $"upload/{Guid.NewGuid():N}";
        var uploadId = await CreateAsync(key);
        var urls = await _signer.SignPartsAsync(
            key, uploadId, [.. Enumerable.Range(1, 1_005).Select(number => new PartToSign(number, null))], TimeSpan.FromMinutes(5), Token);
        await Parallel.ForEachAsync(urls, Token, async (url, _) => await PutAsync(url, [1]));

        Assert.Equal(Enumerable.Range(1, 1_005), (await _store.ListPartsAsync(key, uploadId, Token))!.Value.Select(part => part.Part));
        await _store.AbortMultipartUploadAsync(key, uploadId, Token);
    }

    [Fact]
    public async Task ListMultipartUploads_UnderAPrefix_AreThoseInProgress()
    {
        var prefix = $"upload/{Guid.NewGuid():N}/";
        var before = TimeProvider.System.GetUtcNow();
        var first = await CreateAsync(prefix + "a");
        var second = await CreateAsync(prefix + "a");
        await CreateAsync($"elsewhere/{Guid.NewGuid():N}");

        var found = new List<PendingUpload>();
        await foreach (var upload in _store.ListMultipartUploadsAsync(prefix, Token)) found.Add(upload);

        Assert.Equal(new[] { first, second }.Order(), found.Select(upload => upload.UploadId).Order());
        Assert.All(found, upload => Assert.InRange(upload.Initiated, before.AddMinutes(-1), before.AddMinutes(1)));
    }

    [Fact]
    public async Task ListObjects_MoreThanAPage_AreAllThere()
    {
        var prefix = $"upload/{Guid.NewGuid():N}/";
        using var real = new RealStore(storage);
        var before = TimeProvider.System.GetUtcNow();
        var expected = new List<string> { prefix + "a b+c%20d'e/é 漢字 🙂/(f)~!*&=?#:@$,;[x]<>" };
        for (var number = 0; number < 1_004; number++) expected.Add($"{prefix}{number}");
        await Parallel.ForEachAsync(expected, Token, async (key, _) => await real.PutAsync(key, [1, 2, 3]));
        await real.PutAsync($"elsewhere/{Guid.NewGuid():N}", [1]);

        var found = new List<ListedObject>();
        await foreach (var stored in _store.ListObjectsAsync(prefix, Token)) found.Add(stored);

        Assert.Equal(expected.Order(StringComparer.Ordinal), found.Select(stored => stored.Key).Order(StringComparer.Ordinal));
        var etag = (await _store.HeadAsync(expected[0], Token))!.ETag;
        Assert.All(found, stored => Assert.Equal((3, etag), (stored.Size, stored.ETag)));
        Assert.All(found, stored => Assert.InRange(stored.LastModified, before.AddMinutes(-1), before.AddMinutes(1)));
    }

    [Fact]
    public async Task Read_ObjectReplacedOrDeleted_HasChanged()
    {
        using var real = new RealStore(storage);
        var key = $"upload/{Guid.NewGuid():N}";
        var found = await real.PutAsync(key, [1, 2, 3, 4]);
        await using (var slice = await real.Reader.OpenAsync(key, found, 1, 2, Token))
        {
            var bytes = new byte[2];
            await slice.ReadExactlyAsync(bytes, Token);
            Assert.Equal([2, 3], bytes);
        }

        await real.PutAsync(key, [1, 2, 3, 5]);
        await Assert.ThrowsAsync<ObjectChangedException>(() => real.Reader.OpenAsync(key, found, 1, 2, Token));
        await real.PutAsync(key, [1]);
        await Assert.ThrowsAsync<ObjectChangedException>(() => real.Reader.OpenAsync(key, found, 1, 2, Token));
        await _store.DeleteAsync(key, Token);
        await Assert.ThrowsAsync<ObjectChangedException>(() => real.Reader.OpenAsync(key, found, 1, 2, Token));
    }

    [Fact]
    public async Task SignPut_HeadersAsSigned_StoresTheObject()
    {
        var key = $"upload/{Guid.NewGuid():N}";
        var headers = new ObjectHeaders("text/plain; charset=utf-8", ImmutableDictionary<string, string>.Empty.Add("file-name", "a%20b"));
        var url = await _signer.SignPutAsync(key, headers, 3, TimeSpan.FromMinutes(5), Token);

        await PutAsync(url, [1, 2, 3]);

        var stored = await storage.Client.GetObjectMetadataAsync(storage.Bucket, key, Token);
        Assert.Equal("text/plain; charset=utf-8", stored.Headers.ContentType);
        Assert.Equal("a%20b", stored.Metadata["file-name"]);
    }

    [Fact]
    public async Task SignPut_EmptyFile_StoresIt()
    {
        var key = $"upload/{Guid.NewGuid():N}";
        var url = await _signer.SignPutAsync(key, new ObjectHeaders("text/plain", ImmutableDictionary<string, string>.Empty), 0, TimeSpan.FromMinutes(5), Token);

        await PutAsync(url, []);

        Assert.Equal(0, (await _store.HeadAsync(key, Token))!.Size);
    }

    [Fact]
    public async Task SignParts_OtherPartOrLength_IsRefusedByTheStore()
    {
        var key = $"upload/{Guid.NewGuid():N}";
        var uploadId = await CreateAsync(key);
        var url = (await _signer.SignPartsAsync(key, uploadId, [new(1, 3)], TimeSpan.FromMinutes(5), Token))[0];

        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(url with { Url = url.Url.Replace("partNumber=1", "partNumber=2", StringComparison.Ordinal) }, [1, 2, 3]));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(url, [1, 2, 3, 4]));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(url, [1, 2, 3]));
    }

    [Fact]
    [Trait("Needs", "Checksums")]
    public async Task SignParts_WithChecksums_TakesNoBytesButThose()
    {
        var key = $"upload/{Guid.NewGuid():N}";
        var (uploadId, checksum) = await StartAsync(key, PartChecksum.Sha256);
        Assert.Equal(PartChecksum.Sha256, checksum);
        byte[][] bodies = [new byte[5 * MiB], [1, 2, 3]];
        var sums = Array.ConvertAll(bodies, body => Convert.ToBase64String(SHA256.HashData(body)));
        var urls = await _signer.SignPartsAsync(key, uploadId, [new(1, null, sums[0]), new(2, 3, sums[1])], TimeSpan.FromMinutes(5), Token);

        // A byte that turned over on its way; another checksum than the signed one; none.
        Assert.Equal(HttpStatusCode.BadRequest, await SendAsync(urls[1], [1, 2, 4]));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(urls[1] with { Headers = urls[1].Headers.SetItem("x-amz-checksum-sha256", sums[0]) }, bodies[1]));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(urls[1] with { Headers = urls[1].Headers.Remove("x-amz-checksum-sha256") }, bodies[1]));
        Assert.Empty((await _store.ListPartsAsync(key, uploadId, Token))!.Value);

        await PutAsync(urls[0], bodies[0]);
        await PutAsync(urls[1], bodies[1]);
        var parts = (await _store.ListPartsAsync(key, uploadId, Token))!.Value;
        Assert.Equal(sums, parts.Select(part => part.Checksum));
        Assert.Equal(Completion.Completed, await _store.CompleteMultipartUploadAsync(key, uploadId, parts, Token));
        var copied = await _store.CopyAsync(key, (await _store.HeadAsync(key, Token))!, key + "-copy", null, onlyIfAbsent: true, Token);
        Assert.Equal((5L * MiB) + 3, copied.Target!.Size);
    }

    [Theory]
    [InlineData(9, HttpStatusCode.BadRequest)]
    [InlineData(10, HttpStatusCode.Created)]
    [InlineData(11, HttpStatusCode.BadRequest)]
    public async Task SignForm_OfOneLength_TakesNoOther(int length, HttpStatusCode status)
    {
        var key = $"upload/{Guid.NewGuid():N}";
        var headers = new ObjectHeaders("text/plain", ImmutableDictionary<string, string>.Empty.Add("file-name", "a%20b"));
        var form = await _signer.SignFormAsync(key, headers, new LengthRange(10, 10), TimeSpan.FromMinutes(5), Token);
        using var content = new MultipartFormDataContent();
        foreach (var (name, value) in form.Fields) content.Add(new StringContent(value), name);
        content.Add(new ByteArrayContent(new byte[length]), "file", "file");

        using var answer = await _http.PostAsync(new Uri(form.Url), content, Token);

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(status == HttpStatusCode.Created ? 10 : null, (await _store.HeadAsync(key, Token))?.Size);
    }

    private async Task<string> CreateAsync(string key) => (await StartAsync(key, PartChecksum.None)).UploadId;

    private Task<StartedMultipart> StartAsync(string key, PartChecksum checksum) =>
        _store.CreateMultipartUploadAsync(key, new ObjectHeaders("application/octet-stream", ImmutableDictionary<string, string>.Empty), checksum, Token);

    private async Task PutAsync(SignedPart part, byte[] body) => Assert.Equal(HttpStatusCode.OK, await SendAsync(part, body));

    private async Task<HttpStatusCode> SendAsync(SignedPart part, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        foreach (var (name, value) in part.Headers)
        {
            if (name == "Content-Type") content.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
            else if (name != "Content-Length") content.Headers.Add(name, value);
        }

        using var response = await _http.PutAsync(new Uri(part.Url), content, Token);
        return response.StatusCode;
    }
}
