using System.Net;
using System.Security.Cryptography;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Media.DevStorage.Tests.Support;

namespace Media.DevStorage.Tests;

public sealed class EncryptionTests(StorageServer server) : IClassFixture<StorageServer>
{
    // A mark that repeats, so that any plain stretch on disk is found.
    private static readonly byte[] Plain = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("plainly-to-be-seen ", 20_000)));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(65_535, 2)]
    [InlineData(65_536, 65_536)]
    [InlineData(100_000, 200_001)]
    public async Task Encrypted_AnyRange_IsTheRangeOfThePlainBytes(int offset, int length)
    {
        var bucket = await server.NewBucketAsync();
        await server.S3.PutObjectAsync(new PutObjectRequest
        {
            BucketName = bucket, Key = "k", InputStream = new MemoryStream(Plain), ServerSideEncryptionMethod = ServerSideEncryptionMethod.AES256,
        });
        var got = await server.GetAsync(bucket, "k", r => r.ByteRange = new ByteRange(offset, offset + length - 1));
        Assert.True(Plain.AsSpan(offset, length).SequenceEqual(got));
    }

    [Fact]
    public async Task Encrypted_OnDisk_HoldsNothingOfThePlainBytes()
    {
        await using var own = await StorageServer.StartAsync();
        var bucket = await own.NewBucketAsync();
        var (key, headers) = CustomerKey();
        Assert.Equal(200, (await own.Raw.SendAsync("PUT", $"/{bucket}/s3", Plain, [("x-amz-server-side-encryption", "AES256")])).Status);
        Assert.Equal(200, (await own.Raw.SendAsync("PUT", $"/{bucket}/c", Plain, headers)).Status);
        await own.S3.CopyObjectAsync(new CopyObjectRequest
        {
            SourceBucket = bucket, SourceKey = "s3", DestinationBucket = bucket, DestinationKey = "copy", ServerSideEncryptionMethod = ServerSideEncryptionMethod.AES256,
        });
        Assert.Equal(Plain, await own.GetAsync(bucket, "copy"));
        foreach (var file in Directory.EnumerateFiles(own.Options.Data, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "lock"))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes);
            Assert.Equal(-1, bytes.ToArray().AsSpan().IndexOf("plainly-to-be-seen"u8));
            Assert.Equal(-1, bytes.ToArray().AsSpan().IndexOf(key));
        }

        // The same copied without encryption is plain again: the search above can find it.
        await own.S3.CopyObjectAsync(bucket, "s3", bucket, "plain");
        Assert.Contains(
            Directory.EnumerateFiles(Path.Combine(own.Options.Data, "blobs"), "*", SearchOption.AllDirectories),
            f => File.ReadAllBytes(f).AsSpan().IndexOf("plainly-to-be-seen"u8) >= 0);
    }

    [Fact]
    public async Task CustomerKey_OnObjects_IsNeededAndHasToBeTheSame()
    {
        var bucket = await server.NewBucketAsync();
        var (_, headers) = CustomerKey();
        var (_, others) = CustomerKey();
        await server.Raw.SendAsync("PUT", $"/{bucket}/k", Plain, headers);
        var got = await server.Raw.SendAsync("GET", $"/{bucket}/k", headers: [.. headers, ("range", "bytes=70000-70009")]);
        Assert.Equal((206, "AES256"), (got.Status, got.Header("x-amz-server-side-encryption-customer-algorithm")));
        Assert.True(Plain.AsSpan(70_000, 10).SequenceEqual(got.Body));
        Assert.Equal((400, "InvalidRequest"), await CodeAsync("GET", bucket, []));
        Assert.Equal((403, "AccessDenied"), await CodeAsync("GET", bucket, others));
        Assert.Equal(400, (await server.Raw.SendAsync("HEAD", $"/{bucket}/k")).Status);
        await server.PutAsync(bucket, "plain", Plain);
        Assert.Equal(400, (await server.Raw.SendAsync("GET", $"/{bucket}/plain", headers: headers)).Status);
        Assert.Equal((400, "InvalidArgument"), await CodeAsync("GET", bucket, [.. headers[..2], ("x-amz-server-side-encryption-customer-key-md5", "AAAA")]));
    }

    [Fact]
    public async Task CustomerKey_OnUploads_MustComeWithEveryPart()
    {
        var bucket = await server.NewBucketAsync();
        var (_, headers) = CustomerKey();
        var (_, others) = CustomerKey();
        var begun = await server.Raw.SendAsync("POST", $"/{bucket}/k?uploads", headers: headers);
        var id = begun.Text.Split("<UploadId>")[1].Split('<')[0];
        var target = $"/{bucket}/k?partNumber=1&uploadId={id}";
        Assert.Equal(400, (await server.Raw.SendAsync("PUT", target, Plain)).Status);
        Assert.Equal(400, (await server.Raw.SendAsync("PUT", target, Plain, others)).Status);
        var part = await server.Raw.SendAsync("PUT", target, Plain, headers);
        await server.CompleteAsync(bucket, "k", id, new PartETag(1, part.Header("etag")));
        Assert.Equal(Plain, (await server.Raw.SendAsync("GET", $"/{bucket}/k", headers: headers)).Body);
    }

    [Fact]
    public async Task BucketDefault_WhenPut_EncryptsWhatAsksForNothing()
    {
        var bucket = await server.NewBucketAsync();
        await server.Raw.SendAsync("PUT", $"/{bucket}?encryption", Encoding.UTF8.GetBytes(
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"));
        await server.PutAsync(bucket, "k", Plain);
        Assert.Equal(ServerSideEncryptionMethod.AES256, (await server.S3.GetObjectMetadataAsync(bucket, "k")).ServerSideEncryptionMethod);
        Assert.Equal(Plain, await server.GetAsync(bucket, "k"));
        await StorageServer.RefusedAsync(
            () => server.S3.PutObjectAsync(new PutObjectRequest
            {
                BucketName = bucket, Key = "kms", ContentBody = "x", ServerSideEncryptionMethod = ServerSideEncryptionMethod.AWSKMS,
            }),
            "NotImplemented",
            HttpStatusCode.NotImplemented);
    }

    private async Task<(int, string?)> CodeAsync(string method, string bucket, (string, string)[] headers)
    {
        var answer = await server.Raw.SendAsync(method, $"/{bucket}/k", headers: headers);
        return (answer.Status, answer.Code);
    }

    private static (byte[] Key, (string Name, string Value)[] Headers) CustomerKey()
    {
        var key = RandomNumberGenerator.GetBytes(32);
        return (key,
        [
            ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
            ("x-amz-server-side-encryption-customer-key", Convert.ToBase64String(key)),
            ("x-amz-server-side-encryption-customer-key-md5", Convert.ToBase64String(MD5.HashData(key))),
        ]);
    }
}
