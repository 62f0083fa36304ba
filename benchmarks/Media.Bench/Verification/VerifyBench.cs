using System.Globalization;
using Amazon.Runtime;
using Amazon.S3;
using Media.Bench.Measuring;
using Media.Bench.Servers;
using Media.Bench.Storage;
using Media.Silo.S3;
using Media.Tests.Support;

namespace Media.Bench.Verification;

/// <summary>Verification by a silo of its own, through API, database and store, against what the store gives and what the processors hash.</summary>
internal sealed class VerifyBench : Benchmark
{
    private const string Bucket = "bench";
    private const string Key = "bench/large";
    private const int PartSize = 8 << 20;
    // As the silo reads: slices of 16 pieces, two at once for each processor.
    private const int SliceLength = 64 << 20;
    private const int Rounds = 3;
    private const double MemoryGoal = 200;
    // What AWS says one connection to S3 gives (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-design-patterns.html).
    private const long FarStoreRate = 90_000_000;
    // As the product has it: see docs/decisions/s3-xml-in-memory.md.
    private static readonly S3HttpClients Http = new(connectTimeout: TimeSpan.FromSeconds(10), timeout: TimeSpan.FromMinutes(2));
    private static readonly int Connections = 2 * Environment.ProcessorCount;

    public override string Name => "verify";

    public override string Summary => "reading back and hashing of a large object by the silo, against plain parallel GETs and against hashing alone; memory";

    public override async Task RunAsync(Report report, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using var postgres = await PostgresProcess.StartAsync(cancellationToken);
        await using (var storage = await DevStorageProcess.StartAsync(cancellationToken))
        {
            using var store = storage.Access(Bucket);
            var target = new Target(store, storage.Endpoint, TestStorage.AccessKey, TestStorage.SecretKey);
            await MeasureAsync(report, settings, postgres, "DevStorage", "verify_dev", target, cancellationToken);
            await storage.LimitReadsAsync(FarStoreRate, cancellationToken);
            await MeasureAsync(report, settings, postgres, "a store that gives each connection 90 MB/s", "verify_far", target, cancellationToken);
        }

        if (!CephCluster.IsInstalled)
        {
            report.Note("Ceph RGW is not installed: not measured.");
            return;
        }

        await using var ceph = await CephCluster.StartAsync(cancellationToken);
        using var access = ceph.Access(Bucket);
        await MeasureAsync(report, settings, postgres, "Ceph RGW", "verify_ceph", new(access, ceph.Endpoint, ceph.AccessKey, ceph.SecretKey), cancellationToken);
    }

    private static async Task MeasureAsync(
        Report report, BenchSettings settings, PostgresProcess postgres, string title, string databaseName, Target target, CancellationToken cancellationToken)
    {
        var size = settings.Full ? 4L << 30 : 1L << 30;
        var mebibytes = size / 1_048_576.0;
        var name = string.Create(CultureInfo.InvariantCulture, $"{size >> 30} GiB on {title}");
        await target.Store.CreateBucketAsync(cancellationToken);
        var part = new byte[PartSize];
        new Random(1).NextBytes(part);
        await new StoreObjects(title, target.Store).PutAsync(Key, size, part, 8, cancellationToken);

        var database = await postgres.CreateDatabaseAsync(databaseName, cancellationToken);
        await using var api = await ApiProcess.StartAsync(
            database,
            target.Endpoint,
            Bucket,
            cancellationToken,
            ("Media__S3__AccessKey", target.AccessKey),
            ("Media__S3__SecretKey", target.SecretKey),
            ("Media__Silo__OnlyProcess", "false"),
            ("Media__Jobs__Concurrency", "0"));
        await using var silo = await SiloProcess.StartAsync(database, target.Endpoint, target.AccessKey, target.SecretKey, Bucket, cancellationToken);
        using var sdk = CreateClient(target);
        var upload = new VerifiedUpload(api.Client, sdk, Bucket);

        async Task<double> VerifyAsync() => mebibytes / (await upload.MeasureAsync(Key, size, cancellationToken)).TotalSeconds;
        Task<double> ReadAsync(bool isHashed) =>
            Rate.OfAsync(mebibytes, () => PlainReads.ReadAsync(target.Store, Key, size, SliceLength, Connections, isHashed, cancellationToken));
        Task<double> HashAsync() => Task.Run(() => Rate.Of(mebibytes, () => PlainReads.Hash(part, size)), cancellationToken);

        // One round for the page cache and for compilation.
        await VerifyAsync();
        await ReadAsync(isHashed: true);
        await HashAsync();
        var rounds = new (double Verify, double Get, double Hash, double Both)[Rounds];
        for (var i = 0; i < Rounds; i++)
        {
            var verify = i % 2 == 0 ? await VerifyAsync() : 0;
            var (get, hash, both) = (await ReadAsync(isHashed: false), await HashAsync(), await ReadAsync(isHashed: true));
            rounds[i] = (verify > 0 ? verify : await VerifyAsync(), get, hash, both);
        }

        report.Add(name, Comparison.OfRounds(rounds.Select(round => (round.Verify, Math.Min(round.Get, round.Hash)))), "MiB/s", "GETs alone, or hashing alone where that is slower (goal 0.9)");
        report.Add(
            $"{name}, all sharing the processors",
            Comparison.OfRounds(rounds.Select(round => (round.Verify, 1 / ((1 / round.Get) + (1 / round.Hash))))),
            "MiB/s",
            "GETs and hashing one after the other");
        report.Add($"{name}, the same work", Comparison.OfRounds(rounds.Select(round => (round.Verify, round.Both))), "MiB/s", "the same GETs, hashed as they come, and nothing else");
        report.Add($"peak memory, {name}", Comparison.OfAmounts(ProcessMemory.Peak(silo.ProcessId) / 1_048_576.0, MemoryGoal), "MiB", "the most it may take");
    }

    private static AmazonS3Client CreateClient(Target target) => new(
        new BasicAWSCredentials(target.AccessKey, target.SecretKey),
        new AmazonS3Config
        {
            ServiceURL = target.Endpoint.ToString(),
            AuthenticationRegion = "us-east-1",
            ForcePathStyle = true,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            HttpClientFactory = Http,
        });

    private sealed record Target(StoreAccess Store, Uri Endpoint, string AccessKey, string SecretKey);
}
