using System.Net;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using Media.DevStorage.Tests.Support;

namespace Media.DevStorage.Tests;

/// <summary>Copies that take longer than a line may be silent for: their answers begin before they end.</summary>
public sealed class LongCopyTests(LongCopyTests.Source source) : IClassFixture<LongCopyTests.Source>
{
    private StorageServer Server => source.Server;

    private string Bucket => source.Bucket;

    [Fact]
    public async Task CopyObject_TakingLong_SendsSpacesAndThenItsResult()
    {
        using var answer = await BeginCopyAsync("spaced");

        Assert.Equal("application/xml", answer.Content.Headers.ContentType?.MediaType);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Matches("^<[?]xml version=\"1.0\" encoding=\"utf-8\"[?]> +<CopyObjectResult .*</CopyObjectResult>$", text);
        Assert.Contains(source.Md5, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CopyObject_TakingLong_IsReadByAnSdk()
    {
        var versioned = await Server.NewBucketAsync();
        await Server.S3.PutBucketVersioningAsync(new PutBucketVersioningRequest
        {
            BucketName = versioned, VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled },
        });

        var copied = await Server.S3.CopyObjectAsync(Bucket, Source.Key, versioned, "copy");

        Assert.Equal($"\"{source.Md5}\"", copied.ETag);
        Assert.NotNull(copied.VersionId);
        var head = await Server.S3.GetObjectMetadataAsync(versioned, "copy");
        Assert.Equal((copied.ETag, copied.VersionId, Source.Size), (head.ETag, head.VersionId, head.ContentLength));
    }

    [Fact]
    public async Task UploadPartCopy_TakingLong_IsReadByAnSdk()
    {
        var id = await Server.BeginAsync(Bucket, "by-parts");

        var copied = await Server.S3.CopyPartAsync(new CopyPartRequest
        {
            SourceBucket = Bucket, SourceKey = Source.Key, DestinationBucket = Bucket, DestinationKey = "by-parts", UploadId = id, PartNumber = 1,
        });

        Assert.Equal($"\"{source.Md5}\"", copied.ETag);
        await Server.CompleteAsync(Bucket, "by-parts", id, new PartETag(1, copied.ETag));
        Assert.Equal(Source.Size, (await Server.S3.GetObjectMetadataAsync(Bucket, "by-parts")).ContentLength);
    }

    [Fact]
    public async Task CopyObject_RefusedAfterItsAnswerHasBegun_SaysSoInTheBody()
    {
        using var answer = await BeginCopyAsync("taken");

        // Its bytes are still being read.
        await Server.PutAsync(Bucket, "taken", [1]);

        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Matches("^<[?]xml version=\"1.0\" encoding=\"utf-8\"[?]> +<Error><Code>PreconditionFailed</Code>.*</Error>$", text);
        Assert.Equal([1], await Server.GetAsync(Bucket, "taken"));
    }

    /// <summary>The answer to a copy that is still at work.</summary>
    private async Task<HttpResponseMessage> BeginCopyAsync(string key)
    {
        var target = Server.Raw.Presign("PUT", $"/{Bucket}/{key}", 600, null, ("x-amz-copy-source", $"/{Bucket}/{Source.Key}"));
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(Server.Raw.Endpoint, target));
        request.Headers.Add("If-None-Match", "*");
        var answer = await source.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return answer;
    }

    /// <summary>A store that keeps lines alive from the first millisecond, and an object of parts in it, whose MD5 takes far longer.</summary>
    public sealed class Source : IAsyncLifetime
    {
        public const string Key = "large";
        public const long Size = Parts * PartSize;

        private const int Parts = 16;
        private const int PartSize = 16 * 1024 * 1024;

        public HttpClient Http { get; } = new();

        public StorageServer Server { get; private set; } = null!;

        public string Bucket { get; private set; } = null!;

        public string Md5 { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Server = await StorageServer.StartAsync(options => options.KeepAlive = TimeSpan.FromMilliseconds(1));
            Bucket = await Server.NewBucketAsync();
            var part = RandomNumberGenerator.GetBytes(PartSize);
            using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
            var id = await Server.BeginAsync(Bucket, Key);
            var parts = new PartETag[Parts];
            for (var number = 1; number <= Parts; number++)
            {
                parts[number - 1] = await Server.PartAsync(Bucket, Key, id, number, part);
                md5.AppendData(part);
            }

            await Server.CompleteAsync(Bucket, Key, id, parts);
            Md5 = Convert.ToHexStringLower(md5.GetHashAndReset());
        }

        public ValueTask DisposeAsync()
        {
            Http.Dispose();
            return Server.DisposeAsync();
        }
    }
}
