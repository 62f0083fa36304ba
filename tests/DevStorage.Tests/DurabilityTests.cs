using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Media.DevStorage.Metadata;
using Media.DevStorage.Tests.Support;

namespace Media.DevStorage.Tests;

/// <summary>
/// The program is killed in the middle of work and started again. <c>DEVSTORAGE_KILLS</c> says how many times (a few by default).
/// </summary>
public sealed class DurabilityTests : IDisposable
{
    private const string Bucket = "durable";
    private const int Clients = 8;

    private readonly string _folder = Directory.CreateTempSubdirectory("devstorage-").FullName;
    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);
    private int _sequence;

    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("DEVSTORAGE_KILLS") ?? "5", CultureInfo.InvariantCulture);

    private string Data => Path.Combine(_folder, "data");

    [Fact]
    public async Task Killed_AtRandomMomentsWhileClientsWork_KeepsWhatItAcknowledgedAndNothingHalf()
    {
        var port = StorageProcess.FreePort();
        var random = new Random(Environment.TickCount);
        for (var kill = 0; kill <= Kills; kill++)
        {
            using var process = await StorageProcess.StartAsync(Data, port);
            using var s3 = process.Client();
            await s3.PutBucketAsync(Bucket);
            await VerifyAsync(s3);
            if (kill == Kills)
            {
                await NothingIsLeftOverAsync(s3);
                return;
            }

            using var stop = new CancellationTokenSource();
            var working = Task.WhenAll(Enumerable.Range(0, Clients).Select(client => WorkAsync(s3, client, stop.Token)));
            await Task.Delay(random.Next(50, 700), CancellationToken.None);
            process.Kill();
            await stop.CancelAsync();
            await working;
        }
    }

    [Fact]
    public async Task Terminated_WhileIdle_EndsCleanlyHavingSaidOneLine()
    {
        using var process = await StorageProcess.StartAsync(Data, 0);
        Assert.Equal(0, await process.TerminateAsync());
        Assert.Equal("", process.RestOfOutput());
    }

    [Fact]
    public async Task Started_OnAFolderInUse_RefusesInsteadOfSharingIt()
    {
        using var process = await StorageProcess.StartAsync(Data, 0);
        await Assert.ThrowsAnyAsync<IOException>(() => DevStorageServer.StartAsync(new DevStorageOptions { Data = Data }));
    }

    [Fact]
    public async Task Started_AfterATornWrite_DropsTheTornRecordAlone()
    {
        using (var process = await StorageProcess.StartAsync(Data, 0))
        {
            using var s3 = process.Client();
            await s3.PutBucketAsync(Bucket);
            await PutAsync(s3, "k", "whole");
            process.Kill();
        }

        var log = Directory.GetFiles(Path.Combine(Data, "journal"), "*.log").Order(StringComparer.Ordinal).Last();
        await using (var file = new FileStream(log, FileMode.Append))
            await file.WriteAsync(new byte[] { 200, 0, 0, 0, 1, 2, 3, 4, (byte)'{' });
        for (var again = 0; again < 2; again++)
        {
            using var process = await StorageProcess.StartAsync(Data, 0);
            using var s3 = process.Client();
            Assert.Equal("whole", await ReadAsync(s3, "k"));
            await PutAsync(s3, "after", "more");
            Assert.Equal("more", await ReadAsync(s3, "after"));
            process.Kill();
        }
    }

    [Fact]
    public async Task Started_WithAHundredThousandObjects_ListsThem()
    {
        var options = new DevStorageOptions { Data = Data, Fsync = false };
        options.Keys.Add(new DevStorageKey { Id = StorageServer.AccessKey, Secret = StorageServer.Secret });
        using (var store = new Store(options))
        {
            await store.Catalog.CommitAsync(change =>
            {
                change.Record(new BucketCreated(Bucket, StorageServer.AccessKey, 0));
                for (var n = 0; n < 100_000; n++)
                {
                    change.Record(new VersionPut(Bucket, new ObjectVersion
                    {
                        Key = string.Create(CultureInfo.InvariantCulture, $"upload/{n * 7919L % 100_000:d6}"),
                        ETag = "d41d8cd98f00b204e9800998ecf8427e",
                        Properties = new ObjectProperties { ContentType = "video/mp4", Metadata = new Dictionary<string, string> { ["owner"] = "alice" } },
                        Parts = [new Metadata.ObjectPart { Md5 = "d41d8cd98f00b204e9800998ecf8427e", Slices = [] }],
                    }));
                }

                return true;
            });
        }

        using var process = await StorageProcess.StartAsync(Data, 0, "--no-fsync");
        using var s3 = process.Client();
        var (listed, request) = (0, new ListObjectsV2Request { BucketName = Bucket });
        for (var last = ""; ; )
        {
            var page = await s3.ListObjectsV2Async(request);
            foreach (var stored in page.S3Objects)
            {
                Assert.True(string.CompareOrdinal(stored.Key, last) > 0, $"{stored.Key} after {last}");
                last = stored.Key;
                listed++;
            }

            if (page.IsTruncated != true) break;
            request.ContinuationToken = page.NextContinuationToken;
        }

        Assert.Equal(100_000, listed);
        process.Kill();
    }

    [Fact]
    public async Task Checkpointed_ByManyStarts_StillHasEverything()
    {
        for (var start = 0; start < 12; start++)
        {
            using var process = await StorageProcess.StartAsync(Data, 0, "--no-fsync");
            using var s3 = process.Client();
            await s3.PutBucketAsync(Bucket);
            await PutAsync(s3, "k" + start, "v" + start);
            for (var earlier = 0; earlier <= start; earlier++)
                Assert.Equal("v" + earlier, await ReadAsync(s3, "k" + earlier));
            process.Kill();
        }

        Assert.True(Directory.GetFiles(Path.Combine(Data, "journal")).Length < 12);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(Data, "journal"), "*.snapshot"));
    }

    [Fact]
    public void Blobs_MadeByManyAtOnce_AllFindTheirFolder()
    {
        using var disk = new Blobs.Disk(fsync: false);
        var blobs = new Blobs.BlobStore(Path.Combine(_folder, "blobs"), disk);
        blobs.Start();
        using var ready = new Barrier(16);
        var threads = Enumerable.Range(0, 16).Select(_ => new Thread(() =>
        {
            for (var n = 0; n < 640; n++)
            {
                if (n % 64 == 0)
                    ready.SignalAndWait();
                blobs.Create(100).File.Dispose();
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Assert.Equal(16 * 640, Directory.GetFiles(Path.Combine(_folder, "blobs"), "*", SearchOption.AllDirectories).Length);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Every client has keys of its own, so that it knows what must be there, or what may be there when no answer came.
    private async Task WorkAsync(AmazonS3Client s3, int client, CancellationToken stop)
    {
        var random = new Random(client + Environment.TickCount);
        while (!stop.IsCancellationRequested)
        {
            var key = $"c{client}/{random.Next(12)}";
            var known = _known.GetOrAdd(key, _ => new Known());
            var next = random.Next(4) == 0 ? null : $"{Interlocked.Increment(ref _sequence)} {random.Next(200_000)}";
            known.Possible.Add(next);
            try
            {
                if (next is null)
                    await s3.DeleteObjectAsync(Bucket, key, stop);
                else if (random.Next(3) == 0)
                    await CompleteAsync(s3, key, next);
                else
                    await PutAsync(s3, key, next);
                known.Possible.Clear();
                known.Possible.Add(next);
            }
            catch (Exception e) when (e is AmazonS3Exception or HttpRequestException or SocketException or IOException or OperationCanceledException or WebException or Amazon.Runtime.AmazonClientException)
            {
                Assert.False(e is AmazonS3Exception { StatusCode: HttpStatusCode.InternalServerError }, e.Message);
                return;
            }
        }
    }

    private async Task VerifyAsync(AmazonS3Client s3)
    {
        var listed = new List<S3Object>();
        var request = new ListObjectsV2Request { BucketName = Bucket };
        ListObjectsV2Response page;
        do
        {
            page = await s3.ListObjectsV2Async(request);
            listed.AddRange(page.S3Objects ?? []);
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
        var there = listed.ToDictionary(o => o.Key, StringComparer.Ordinal);
        foreach (var (key, known) in _known)
        {
            string? found = null;
            if (there.Remove(key, out var listedObject))
            {
                var text = await ReadAsync(s3, key);
                found = text.TrimEnd('.');
                Assert.True(text == Content(found), $"{key} is not whole");
                Assert.Equal(listedObject.Size, text.Length);
            }

            Assert.True(known.Possible.Contains(found), $"{key} is '{found}', and should be one of '{string.Join("', '", known.Possible)}'");
            known.Possible.Clear();
            known.Possible.Add(found);
        }

        Assert.Empty(there.Keys);
    }

    // With the uploads that no answer told of out of the way, every blob on disk is some object's.
    private async Task NothingIsLeftOverAsync(AmazonS3Client s3)
    {
        foreach (var upload in (await s3.ListMultipartUploadsAsync(Bucket)).MultipartUploads ?? [])
            await s3.AbortMultipartUploadAsync(Bucket, upload.Key, upload.UploadId);
        var objects = _known.Values.Count(k => k.Possible.Single() is not null);
        await Eventually.TrueAsync(
            () => Task.FromResult(Directory.GetFiles(Path.Combine(Data, "blobs"), "*", SearchOption.AllDirectories).Length == objects),
            $"{objects} blobs for {objects} objects");
    }

    private static async Task CompleteAsync(AmazonS3Client s3, string key, string text)
    {
        var id = (await s3.InitiateMultipartUploadAsync(Bucket, key)).UploadId;
        var part = await s3.UploadPartAsync(new UploadPartRequest
        {
            BucketName = Bucket, Key = key, UploadId = id, PartNumber = 1, InputStream = new MemoryStream(Encoding.ASCII.GetBytes(Content(text))),
        });
        await s3.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest
        {
            BucketName = Bucket, Key = key, UploadId = id, PartETags = [new PartETag(1, part.ETag)],
        });
    }

    private static Task PutAsync(AmazonS3Client s3, string key, string text) => s3.PutObjectAsync(new PutObjectRequest
    {
        BucketName = Bucket, Key = key, InputStream = new MemoryStream(Encoding.ASCII.GetBytes(text.Contains(' ', StringComparison.Ordinal) ? Content(text) : text)),
    });

    private static async Task<string> ReadAsync(AmazonS3Client s3, string key)
    {
        using var got = await s3.GetObjectAsync(Bucket, key);
        using var reader = new StreamReader(got.ResponseStream, Encoding.ASCII);
        return await reader.ReadToEndAsync();
    }

    // "sequence padding": the text says how long it is, so that a cut one is noticed.
    private static string Content(string text) => text + new string('.', int.Parse(text.Split(' ')[1], CultureInfo.InvariantCulture));

    private sealed class Known
    {
        public List<string?> Possible { get; } = [null];
    }
}
