using System.Collections.Immutable;
using Amazon.S3;
using Amazon.S3.Model;
using Media.Bench.Measuring;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Silo.S3;
using Microsoft.Extensions.Options;

namespace Media.Bench.Presigning;

/// <summary>Part URLs on one thread: ours in the batches that the API asks for, and one at a time, against the SDK's.</summary>
internal sealed class PresignBench : Benchmark
{
    private const string Key = "upload/V1StGXR8Z5jdHi6BmyTx7";
    private const string UploadId = "VXBsb2FkIElEIGZvciA2aWWpbmcncyBteS1tb3ZpZS5tMnRzIHVwbG9hZA";
    private const string Other = "AWSSDK.S3 GetPreSignedURL";
    private const int Batch = 32;
    private const int Count = 64_000;
    private const int OtherCount = 8_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    public override string Name => "presign";

    public override string Summary => "part URLs a second on one thread, and bytes allocated for each, against the AWS SDK";

    public override async Task RunAsync(Report report, BenchSettings settings, CancellationToken cancellationToken)
    {
        var options = Options.Create(new S3Options
        {
            Endpoint = new Uri("https://s3.example.org"),
            Bucket = "media",
            ForcePathStyle = true,
            AccessKey = "AKIAIOSFODNN7EXAMPLE",
            SecretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        });
        using var connection = new S3Connection(options);
        var signer = new S3UrlSigner(connection, options, TimeProvider.System);
        var batch = Enumerable.Range(1, Batch).Select(static part => new PartToSign(part, null)).ToImmutableArray();

        void Batches(int count)
        {
            for (var i = 0; i < count; i += Batch) Done(signer.SignPartsAsync(Key, UploadId, batch, Lifetime, cancellationToken));
        }

        void Singles(int count)
        {
            for (var i = 0; i < count; i++)
                Done(signer.SignPartsAsync(Key, UploadId, [batch[i % Batch]], Lifetime, cancellationToken));
        }

        void Sdk(int count)
        {
            for (var i = 0; i < count; i++) Presign(connection.Client, (i % Batch) + 1);
        }

        double TheirRate() => Rate.Of(OtherCount, () => Sdk(OtherCount));
        report.Add($"URLs, {Batch} of one upload at a time", await Comparison.InterleavedAsync(9, () => Rate.Of(Count, () => Batches(Count)), TheirRate, cancellationToken), "URLs/s", Other);
        report.Add("URLs, one at a time", await Comparison.InterleavedAsync(9, () => Rate.Of(Count, () => Singles(Count)), TheirRate, cancellationToken), "URLs/s", Other);

        var theirs = Allocated(() => Sdk(OtherCount)) / OtherCount;
        report.Add($"allocated, {Batch} of one upload at a time", Comparison.OfAmounts(Allocated(() => Batches(Count)) / Count, theirs), "bytes/URL", Other);
        report.Add("allocated, one at a time", Comparison.OfAmounts(Allocated(() => Singles(Count)) / Count, theirs), "bytes/URL", Other);
    }

    private static string Presign(IAmazonS3 client, int part) => client.GetPreSignedURL(new GetPreSignedUrlRequest
    {
        BucketName = "media",
        Key = Key,
        Verb = HttpVerb.PUT,
        UploadId = UploadId,
        PartNumber = part,
        Expires = TimeProvider.System.GetUtcNow().UtcDateTime + Lifetime,
    });

    // With keys from the settings nothing is waited for: were it otherwise, this would be the thread's rate no longer.
    private static void Done(ValueTask<ImmutableArray<SignedPart>> signed)
    {
        if (!signed.IsCompletedSuccessfully) throw new InvalidOperationException("Signing was not done at once.");
    }

    private static double Allocated(Action work)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        work();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
