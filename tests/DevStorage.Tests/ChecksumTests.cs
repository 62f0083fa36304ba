using System.Security.Cryptography;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using FsCheck;
using FsCheck.Fluent;
using Media.DevStorage.Checksums;
using Media.DevStorage.Tests.Support;
using Checksum = Media.DevStorage.Checksums.Checksum;

namespace Media.DevStorage.Tests;

public sealed class ChecksumTests(StorageServer server) : IClassFixture<StorageServer>
{
    private static readonly byte[] Five = RandomNumberGenerator.GetBytes(5 << 20);
    private static readonly byte[] Small = RandomNumberGenerator.GetBytes(777);

    // Check values for "123456789" from the CRC catalogue: cbf43926, e3069283, ae8b14860a799888.
    [Theory]
    [InlineData("CRC32", "y/Q5Jg==")]
    [InlineData("CRC32C", "4waSgw==")]
    [InlineData("CRC64NVME", "rosUhgp5mIg=")]
    [InlineData("SHA1", "98O8HYCOBHMq32eZZczDTKeuNEE=")]
    public void Checksum_OfTheUsualNine_IsTheCatalogueValue(string algorithm, string expected)
    {
        Assert.True(ChecksumNames.TryParse(algorithm, out var parsed));
        using var checksum = new Checksum(parsed);
        checksum.Append("123456789"u8);
        var value = Convert.ToBase64String(checksum.Finish());
        Assert.Equal(expected, value);
    }

    [Fact]
    public void Crc_OfPiecesCombined_IsTheCrcOfTheWhole() => Prop.ForAll<byte[], byte[]>((a, b) =>
    {
        foreach (var crc in (Crc[])[Crc.Crc32, Crc.Crc32C, Crc.Crc64Nvme])
        {
            var whole = crc.Append(crc.Append(0, a), b);
            if (crc.Combine(crc.Append(0, a), crc.Append(0, b), b.Length) != whole)
                return false;
        }

        return true;
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("CRC32", "COMPOSITE")]
    [InlineData("CRC32", "FULL_OBJECT")]
    [InlineData("CRC32C", "COMPOSITE")]
    [InlineData("CRC32C", "FULL_OBJECT")]
    [InlineData("CRC64NVME", "FULL_OBJECT")]
    [InlineData("SHA1", "COMPOSITE")]
    [InlineData("SHA256", "COMPOSITE")]
    public async Task Multipart_WithAChecksum_IsVerifiedListedAndKept(string algorithm, string type)
    {
        var bucket = await server.NewBucketAsync();
        var begun = await server.S3.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest
        {
            BucketName = bucket, Key = "k", ChecksumAlgorithm = new Amazon.S3.ChecksumAlgorithm(algorithm), ChecksumType = new Amazon.S3.ChecksumType(type),
        });
        Assert.Equal(type, begun.ChecksumType.Value);
        var header = "x-amz-checksum-" + algorithm.ToLowerInvariant();
        var wrong = await server.Raw.SendAsync("PUT", $"/{bucket}/k?partNumber=1&uploadId={begun.UploadId}", Five, [(header, Of(algorithm, Small))]);
        Assert.Equal((400, "BadDigest"), (wrong.Status, wrong.Code));
        var etags = new List<PartETag>();
        foreach (var (number, bytes) in ((int, byte[])[])[(1, Five), (2, Small)])
        {
            var answer = await server.Raw.SendAsync(
                "PUT", $"/{bucket}/k?partNumber={number}&uploadId={begun.UploadId}", bytes, [(header, Of(algorithm, bytes))]);
            Assert.Equal((200, Of(algorithm, bytes)), (answer.Status, answer.Header(header)));
            etags.Add(new PartETag(number, answer.Header("etag")));
        }

        var listed = await server.Raw.SendAsync("GET", $"/{bucket}/k?uploadId={begun.UploadId}");
        Assert.Contains(Of(algorithm, Small), listed.Text, StringComparison.Ordinal);
        await server.CompleteAsync(bucket, "k", begun.UploadId, [.. etags]);
        byte[] whole = [.. Five, .. Small];
        byte[] digests = [.. Convert.FromBase64String(Of(algorithm, Five)), .. Convert.FromBase64String(Of(algorithm, Small))];
        var expected = type == "COMPOSITE" ? Of(algorithm, digests) + "-2" : Of(algorithm, whole);
        var head = await server.Raw.SendAsync("HEAD", $"/{bucket}/k", headers: [("x-amz-checksum-mode", "ENABLED")]);
        Assert.Equal((expected, type), (head.Header(header), head.Header("x-amz-checksum-type")));
    }

    [Fact]
    public async Task CreateMultipartUpload_ImpossibleCombination_IsRefused()
    {
        var bucket = await server.NewBucketAsync();
        foreach (var (algorithm, type) in ((string, string)[])[("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE"), ("MD4", "COMPOSITE")])
        {
            var answer = await server.Raw.SendAsync(
                "POST", $"/{bucket}/k?uploads", headers: [("x-amz-checksum-algorithm", algorithm), ("x-amz-checksum-type", type)]);
            Assert.Equal((400, "InvalidRequest"), (answer.Status, answer.Code));
        }
    }

    [Fact]
    public async Task SdkDefaults_PutGetAndMultipart_Work()
    {
        var bucket = await server.NewBucketAsync();
        var client = server.Client(StorageServer.AccessKey, StorageServer.Secret, checksumsByDefault: true);
        await client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "k", InputStream = new MemoryStream(Small) });
        using var got = await client.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = "k" });
        using var body = new MemoryStream();
        await got.ResponseStream.CopyToAsync(body);
        Assert.Equal(Small, body.ToArray());
        var id = (await client.InitiateMultipartUploadAsync(bucket, "m")).UploadId;
        var part = await client.UploadPartAsync(new UploadPartRequest
        {
            BucketName = bucket, Key = "m", UploadId = id, PartNumber = 1, InputStream = new MemoryStream(Small),
        });
        await client.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest
        {
            BucketName = bucket, Key = "m", UploadId = id, PartETags = [new PartETag(part)],
        });
        Assert.Equal(Small, await server.GetAsync(bucket, "m"));
    }

    private static string Of(string algorithm, byte[] bytes)
    {
        Assert.True(ChecksumNames.TryParse(algorithm, out var parsed), algorithm);
        using var checksum = new Checksum(parsed);
        checksum.Append(bytes);
        return Convert.ToBase64String(checksum.Finish());
    }
}
