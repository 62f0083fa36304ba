using System.Globalization;
using Media.Bench.Measuring;
using Media.Bench.Servers;

namespace Media.Bench.Uploads;

/// <summary>Whole uploads through API, PostgreSQL and DevStorage against the S3 requests alone; what they write; and what sessions hold in memory.</summary>
internal sealed class UploadsBench : Benchmark
{
    private const string Bucket = "bench";
    private const int Clients = 16;
    private const int FileSize = 1 << 20;
    private const int ManyParts = 200;
    private static int _names;

    public override string Name => "uploads";

    public override string Summary => "whole small uploads a second against S3 alone; database writes per upload; memory for 10 000 sessions";

    public override async Task RunAsync(Report report, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using var postgres = await PostgresProcess.StartAsync(cancellationToken);
        await using var storage = await DevStorageProcess.StartAsync(cancellationToken);
        using var store = storage.Access(Bucket);
        await store.CreateBucketAsync(cancellationToken);

        var database = await postgres.CreateDatabaseAsync("uploads", cancellationToken);
        await using (var api = await ApiProcess.StartAsync(database, storage.Endpoint, Bucket, cancellationToken))
            await MeasureRateAsync(report, api, store, settings.Full ? 640 : 128, cancellationToken);

        database = await postgres.CreateDatabaseAsync("sessions", cancellationToken);
        await using (var api = await ApiProcess.StartAsync(database, storage.Endpoint, Bucket, cancellationToken))
            await MeasureMemoryAsync(report, api, cancellationToken);

        var one = await CountWritesAsync(postgres, storage, store, 1, cancellationToken);
        var many = await CountWritesAsync(postgres, storage, store, ManyParts, cancellationToken);
        report.Add($"database writes, upload of {ManyParts} parts", Comparison.OfAmounts(many, one), "rows", "an upload of 1 part");
    }

    private static async Task MeasureRateAsync(Report report, ApiProcess api, StoreAccess store, int count, CancellationToken cancellationToken)
    {
        var content = new byte[FileSize];
        new Random(1).NextBytes(content);
        var coordinator = new Coordinator(api.Client, "bench");

        Task Ours(CancellationToken cancel) => EachAsync(count, Clients, _ => UploadAsync(coordinator, store, NextName(), FileSize, content, cancel), cancel);
        Task Floor(CancellationToken cancel) => EachAsync(
            count,
            Clients,
            async _ =>
            {
                var key = $"direct/{NextName()}";
                var uploadId = await store.CreateUploadAsync(key, cancel);
                var etag = await store.PutPartAsync(key, uploadId, 1, content, cancel);
                await store.CompleteUploadAsync(key, uploadId, [etag], cancel);
            },
            cancel);

        var comparison = await Comparison.InterleavedAsync(
            3, cancel => Rate.OfAsync(count, () => Ours(cancel)), cancel => Rate.OfAsync(count, () => Floor(cancel)), cancellationToken);
        report.Add($"uploads of 1 MiB, {Clients} clients", comparison, "uploads/s", "the three S3 requests alone");
    }

    private static async Task MeasureMemoryAsync(Report report, ApiProcess api, CancellationToken cancellationToken)
    {
        const int few = 1_000, many = 10_000, batch = 250;
        var coordinator = new Coordinator(api.Client, "bench");
        Task CreateAsync(int count) => EachAsync(
            count / batch, 4, _ => coordinator.CreateBatchAsync(NextName(), batch, FileSize, cancellationToken), cancellationToken);

        await CreateAsync(few);
        var before = ProcessMemory.Resident(api.ProcessId);
        await CreateAsync(many - few);
        var after = ProcessMemory.Resident(api.ProcessId);
        report.Add("API memory, 10 000 sessions in progress", Comparison.OfAmounts(after / 1_048_576.0, before / 1_048_576.0), "MiB", "1 000 sessions in progress");
        report.Note(string.Create(
            CultureInfo.InvariantCulture, $"Memory grew by {(after - before) / 1024.0 / (many - few):0.0} KiB for each session in progress."));
    }

    // A database and an API of its own, which is stopped before the count: then every write has been reported.
    private static async Task<double> CountWritesAsync(
        PostgresProcess postgres, DevStorageProcess storage, StoreAccess store, int parts, CancellationToken cancellationToken)
    {
        const long partSize = 8L << 20;
        var database = await postgres.CreateDatabaseAsync($"writes_{parts}", cancellationToken);
        await using (var api = await ApiProcess.StartAsync(database, storage.Endpoint, Bucket, cancellationToken))
        {
            var coordinator = new Coordinator(api.Client, "bench");
            // The last part is short, and the sizes differ by parts alone.
            await UploadAsync(coordinator, store, NextName(), ((parts - 1) * partSize) + 1, new byte[partSize], cancellationToken);
            await api.StopAsync();
        }

        return await PostgresProcess.CountWritesAsync(database, cancellationToken);
    }

    private static async Task UploadAsync(
        Coordinator coordinator, StoreAccess store, string name, long size, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var upload = await coordinator.CreateAsync(name, size, cancellationToken);
        var (partSize, partCount) = upload.Plan;
        var urls = upload.Urls;
        var etags = new string[partCount];
        for (var part = 1; part <= partCount; part++)
        {
            var at = Array.FindIndex(urls, url => url.Number == part);
            if (at < 0)
            {
                urls = await coordinator.SignAsync(upload.Tag, part, Math.Min(part + 31, partCount), cancellationToken);
                at = 0;
            }

            var length = (int)Math.Min(partSize, size - ((part - 1) * partSize));
            etags[part - 1] = await store.PutAsync(urls[at].Url, content[..length], cancellationToken);
        }

        await coordinator.CompleteAsync(upload.Tag, etags, cancellationToken);
    }

    private static string NextName() => string.Create(CultureInfo.InvariantCulture, $"file-{Interlocked.Increment(ref _names)}");

    private static Task EachAsync(int count, int atOnce, Func<int, Task> work, CancellationToken cancellationToken) => Parallel.ForAsync(
        0, count, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken }, async (at, _) => await work(at));
}
