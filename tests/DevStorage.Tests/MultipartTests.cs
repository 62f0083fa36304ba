using System.Net;
using System.Security.Cryptography;
using Amazon.S3.Model;
using Media.DevStorage.Tests.Support;

namespace Media.DevStorage.Tests;

public sealed class MultipartTests(StorageServer server) : IClassFixture<StorageServer>
{
    private const int Mib = 1 << 20;
    private static readonly byte[] Five = RandomNumberGenerator.GetBytes(5 * Mib);
    private static readonly byte[] OtherFive = RandomNumberGenerator.GetBytes(5 * Mib);
    private static readonly byte[] Small = RandomNumberGenerator.GetBytes(1000);

    [Fact]
    public async Task Complete_PartsInOrder_GivesTheBytesAndTheCompositeETag()
    {
        var bucket = await server.NewBucketAsync();
        var id = await server.BeginAsync(bucket, "k");
        var first = await server.PartAsync(bucket, "k", id, 1, Five);
        var second = await server.PartAsync(bucket, "k", id, 7, Small);
        var done = await server.CompleteAsync(bucket, "k", id, first, second);
        byte[] digests = [.. MD5.HashData(Five), .. MD5.HashData(Small)];
        var expected = Convert.ToHexStringLower(MD5.HashData(digests)) + "-2";
        Assert.Equal($"\"{expected}\"", done.ETag);
        byte[] whole = [.. Five, .. Small];
        var got = await server.GetAsync(bucket, "k");
        Assert.True(whole.AsSpan().SequenceEqual(got));
    }

    [Fact]
    public async Task GetObject_RangeAcrossParts_GivesExactlyTheRange()
    {
        var bucket = await server.NewBucketAsync();
        var id = await server.BeginAsync(bucket, "k");
        await server.CompleteAsync(
            bucket, "k", id, await server.PartAsync(bucket, "k", id, 1, Five), await server.PartAsync(bucket, "k", id, 2, OtherFive),
            await server.PartAsync(bucket, "k", id, 3, Small));
        byte[] whole = [.. Five, .. OtherFive, .. Small];
        foreach (var (from, to) in ((int, int)[])[(0, 0), (5 * Mib - 1, 5 * Mib), (100, whole.Length - 1), (10 * Mib, 10 * Mib + 999)])
        {
            var got = await server.GetAsync(bucket, "k", r => r.ByteRange = new ByteRange(from, to));
            Assert.True(whole.AsSpan(from, to - from + 1).SequenceEqual(got), $"{from}-{to}");
        }

        var second = await server.S3.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = bucket, Key = "k", PartNumber = 2 });
        Assert.Equal((5L * Mib, 3), (second.ContentLength, second.PartsCount));
    }

    [Fact]
    public async Task Complete_SentTwice_AnswersTheSame()
    {
        var bucket = await server.NewBucketAsync();
        var id = await server.BeginAsync(bucket, "k");
        var part = await server.PartAsync(bucket, "k", id, 1, Small);
        var first = await server.CompleteAsync(bucket, "k", id, part);
        await server.S3.DeleteObjectAsync(bucket, "k");
        var again = await server.CompleteAsync(bucket, "k", id, part);
        Assert.Equal(first.ETag, again.ETag);
        await StorageServer.RefusedAsync(() => server.GetAsync(bucket, "k"), "NoSuchKey", HttpStatusCode.NotFound);
        await StorageServer.RefusedAsync(
            () => server.CompleteAsync(bucket, "k", id, new PartETag(2, part.ETag)), "NoSuchUpload", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Complete_ManyAtOnce_AllAnswerTheSameAndOneObjectIsThere()
    {
        var bucket = await server.NewBucketAsync();
        var id = await server.BeginAsync(bucket, "k");
        var part = await server.PartAsync(bucket, "k", id, 1, Small);
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => server.CompleteAsync(bucket, "k", id, part)));
        Assert.Single(answers.Select(a => a.ETag).Distinct());
        Assert.Single((await server.S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket })).S3Objects);
    }

    [Fact]
    public async Task Complete_BadPartLists_AreRefusedWithTheirCodes()
    {
        var bucket = await server.NewBucketAsync();
        var id = await server.BeginAsync(bucket, "k");
        var small = await server.PartAsync(bucket, "k", id, 1, Small);
        var five = await server.PartAsync(bucket, "k", id, 2, Five);
        await StorageServer.RefusedAsync(() => server.CompleteAsync(bucket, "k", id, small, five), "EntityTooSmall", HttpStatusCode.BadRequest);
        await StorageServer.RefusedAsync(() => server.CompleteAsync(bucket, "k", id, new PartETag(3, five.ETag)), "InvalidPart", HttpStatusCode.BadRequest);
        await StorageServer.RefusedAsync(() => server.CompleteAsync(bucket, "k", id, new PartETag(2, small.ETag)), "InvalidPart", HttpStatusCode.BadRequest);
        foreach (var (body, code) in ((string, string)[])
        [
            ($"<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>{five.ETag}</ETag></Part><Part><PartNumber>1</PartNumber><ETag>{small.ETag}</ETag></Part></CompleteMultipartUpload>", "InvalidPartOrder"),
            ($"<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>{five.ETag}</ETag></Part><Part><PartNumber>2</PartNumber><ETag>{five.ETag}</ETag></Part></CompleteMultipartUpload>", "InvalidPartOrder"),
            ("<CompleteMultipartUpload></CompleteMultipartUpload>", "MalformedXML"),
            ("<CompleteMultipartUpload><Part><PartNumber>x</PartNumber><ETag>y</ETag></Part></CompleteMultipartUpload>", "MalformedXML"),
            ("<CompleteMultipartUpload><Part></CompleteMultipartUpload>", "MalformedXML"),
            ("<!DOCTYPE a [<!ENTITY e \"x\">]><CompleteMultipartUpload>&e;</CompleteMultipartUpload>", "MalformedXML"),
            ("", "MalformedXML"),
        ])
        {
            var answer = await server.Raw.SendAsync("POST", $"/{bucket}/k?uploadId={id}", System.Text.Encoding.UTF8.GetBytes(body));
            Assert.Equal((400, code), (answer.Status, answer.Code));
        }

        // Nothing of that ended the upload.
        await server.CompleteAsync(bucket, "k", id, five);
    }

    [Fact]
    public async Task UploadPart_Again_ReplacesThePart()
    {
        var bucket = await server.NewBucketAsync();
        var id = await server.BeginAsync(bucket, "k");
        var old = await server.PartAsync(bucket, "k", id, 1, Five);
        var last = await server.PartAsync(bucket, "k", id, 1, Small);
        var listed = Assert.Single((await server.S3.ListPartsAsync(bucket, "k", id)).Parts);
        Assert.Equal((last.ETag, (long?)Small.Length), (listed.ETag, listed.Size));
        await StorageServer.RefusedAsync(() => server.CompleteAsync(bucket, "k", id, old), "InvalidPart", HttpStatusCode.BadRequest);
        await server.CompleteAsync(bucket, "k", id, last);
        Assert.Equal(Small, await server.GetAsync(bucket, "k"));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("10001")]
    [InlineData("-1")]
    [InlineData("3abc")]
    [InlineData("")]
    public async Task UploadPart_NumberOutOfRange_IsAnInvalidArgument(string number)
    {
        var bucket = await server.NewBucketAsync();
        var id = await server.BeginAsync(bucket, "k");
        var answer = await server.Raw.SendAsync("PUT", $"/{bucket}/k?partNumber={number}&uploadId={id}", Small);
        Assert.Equal((400, "InvalidArgument"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Abort_ThenAnything_IsNoSuchUpload()
    {
        var bucket = await server.NewBucketAsync();
        var id = await server.BeginAsync(bucket, "k");
        var part = await server.PartAsync(bucket, "k", id, 1, Small);
        await StorageServer.RefusedAsync(() => server.PartAsync(bucket, "other", id, 1, Small), "NoSuchUpload", HttpStatusCode.NotFound);
        await server.S3.AbortMultipartUploadAsync(bucket, "k", id);
        await StorageServer.RefusedAsync(() => server.PartAsync(bucket, "k", id, 2, Small), "NoSuchUpload", HttpStatusCode.NotFound);
        await StorageServer.RefusedAsync(() => server.S3.ListPartsAsync(bucket, "k", id), "NoSuchUpload", HttpStatusCode.NotFound);
        await StorageServer.RefusedAsync(() => server.CompleteAsync(bucket, "k", id, part), "NoSuchUpload", HttpStatusCode.NotFound);
        await StorageServer.RefusedAsync(() => server.S3.AbortMultipartUploadAsync(bucket, "k", id), "NoSuchUpload", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task ListParts_InPages_GivesEveryPartOnceInOrder()
    {
        var bucket = await server.NewBucketAsync();
        var id = await server.BeginAsync(bucket, "k");
        int[] numbers = [10_000, 3, 17, 1, 256];
        await Task.WhenAll(numbers.Select(n => server.PartAsync(bucket, "k", id, n, Small)));
        var seen = new List<int>();
        ListPartsResponse? page = null;
        do
        {
            page = await server.S3.ListPartsAsync(new ListPartsRequest
            {
                BucketName = bucket, Key = "k", UploadId = id, MaxParts = 2, PartNumberMarker = page?.NextPartNumberMarker?.ToString(System.Globalization.CultureInfo.InvariantCulture),
            });
            seen.AddRange(page.Parts.Select(p => p.PartNumber!.Value));
        }
        while (page.IsTruncated == true);
        Assert.Equal(numbers.Order(), seen);
    }

    [Fact]
    public async Task ListMultipartUploads_InPages_GivesEveryUploadInOrder()
    {
        var bucket = await server.NewBucketAsync();
        var made = new List<(string Key, string Id)>();
        foreach (var key in (string[])["a/1", "a/1", "b", "a/1", "a/1", "a/2", "c", "a/1"])
            made.Add((key, await server.BeginAsync(bucket, key)));
        var seen = new List<(string, string)>();
        var request = new ListMultipartUploadsRequest { BucketName = bucket, MaxUploads = 1 };
        while (true)
        {
            var page = await server.S3.ListMultipartUploadsAsync(request);
            seen.AddRange(page.MultipartUploads.Select(u => (u.Key, u.UploadId)));
            if (page.IsTruncated != true)
                break;
            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }

        Assert.Equal(made.OrderBy(u => u.Key, StringComparer.Ordinal).ThenBy(u => made.IndexOf(u)), seen);
        var grouped = await server.S3.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = bucket, Delimiter = "/" });
        Assert.Equal(["a/"], grouped.CommonPrefixes);
        Assert.Equal(["b", "c"], grouped.MultipartUploads.Select(u => u.Key));
    }

    [Fact]
    public async Task UploadPart_ConnectionCut_LeavesNoPart()
    {
        var bucket = await server.NewBucketAsync();
        var id = await server.BeginAsync(bucket, "k");
        var url = server.Raw.Presign("PUT", $"/{bucket}/k", 60, null, ("partNumber", "1"), ("uploadId", id));
        var head = System.Text.Encoding.ASCII.GetBytes($"PUT {url} HTTP/1.1\r\nhost: {server.Raw.Authority}\r\ncontent-length: {5 * Mib}\r\n\r\n");
        byte[] cut = [.. head, .. Five[..(2 * Mib)]];
        await server.Raw.BytesAsync(cut, patience: TimeSpan.FromMilliseconds(300));
        Assert.Empty((await server.S3.ListPartsAsync(bucket, "k", id)).Parts ?? []);
        await server.PartAsync(bucket, "k", id, 1, Five);
        Assert.Single((await server.S3.ListPartsAsync(bucket, "k", id)).Parts);
    }

    [Fact]
    public async Task UploadPartCopy_RangesAcrossParts_AreTheBytesNamed()
    {
        var bucket = await server.NewBucketAsync();
        var id = await server.BeginAsync(bucket, "source");
        await server.CompleteAsync(
            bucket, "source", id, await server.PartAsync(bucket, "source", id, 1, Five), await server.PartAsync(bucket, "source", id, 2, OtherFive));
        byte[] whole = [.. Five, .. OtherFive];
        var copy = await server.BeginAsync(bucket, "copy");
        var first = await server.S3.CopyPartAsync(new CopyPartRequest
        {
            SourceBucket = bucket, SourceKey = "source", DestinationBucket = bucket, DestinationKey = "copy", UploadId = copy, PartNumber = 1,
            FirstByte = Mib, LastByte = (7 * Mib) - 1,
        });
        Assert.Equal($"\"{Convert.ToHexStringLower(MD5.HashData(whole.AsSpan(Mib, 6 * Mib)))}\"", first.ETag);
        var second = await server.S3.CopyPartAsync(new CopyPartRequest
        {
            SourceBucket = bucket, SourceKey = "source", DestinationBucket = bucket, DestinationKey = "copy", UploadId = copy, PartNumber = 2,
        });
        await server.CompleteAsync(bucket, "copy", copy, new PartETag(1, first.ETag), new PartETag(2, second.ETag));
        await server.S3.DeleteObjectAsync(bucket, "source");
        byte[] expected = [.. whole.AsSpan(Mib, 6 * Mib), .. whole];
        var got = await server.GetAsync(bucket, "copy");
        Assert.True(expected.AsSpan().SequenceEqual(got));
    }
}
