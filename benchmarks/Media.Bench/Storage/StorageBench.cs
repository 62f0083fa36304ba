using System.Globalization;
using Media.Bench.Measuring;
using Media.Bench.Servers;

namespace Media.Bench.Storage;

/// <summary>DevStorage against Ceph RGW where that is installed, and against files with fsync where not.</summary>
internal sealed class StorageBench : Benchmark
{
    private const string Bucket = "bench";
    private const int PartSize = 8 << 20;
    private const int SmallSize = 1_024;
    private const int SmallConnections = 16;
    private const int SmallCount = 320;

    public override string Name => "storage";

    public override string Summary => "DevStorage's PUT and GET, large and small, its memory and its start, against Ceph RGW or else files with fsync";

    public override async Task RunAsync(Report report, BenchSettings settings, CancellationToken cancellationToken)
    {
        await StorageStart.MeasureAsync(report, settings.Full ? 100_000 : 10_000, cancellationToken);
        await using var storage = await DevStorageProcess.StartAsync(cancellationToken);
        using var store = storage.Access(Bucket);
        await store.CreateBucketAsync(cancellationToken);
        var ours = new StoreObjects("DevStorage", store);
        if (CephCluster.IsInstalled)
        {
            await using var ceph = await CephCluster.StartAsync(cancellationToken);
            using var access = ceph.Access(Bucket);
            await access.CreateBucketAsync(cancellationToken);
            await CompareAsync(report, storage, ours, new StoreObjects("Ceph RGW", access), settings, cancellationToken);
        }
        else
        {
            using var files = new RawFiles();
            await CompareAsync(report, storage, ours, files, settings, cancellationToken);
        }
    }

    private static async Task CompareAsync(
        Report report, DevStorageProcess storage, StoreObjects ours, IObjects other, BenchSettings settings, CancellationToken cancellationToken)
    {
        var size = settings.Full ? 1L << 30 : 256L << 20;
        const int rounds = 3;
        var name = settings.Full ? "1 GiB" : "256 MiB";
        var mebibytes = size / 1_048_576.0;
        var part = new byte[PartSize];
        new Random(1).NextBytes(part);

        // What one object of a quarter of the size takes is what larger ones are compared with.
        await ours.PutAsync("warm", size / 4, part, 8, cancellationToken);
        var before = ProcessMemory.Peak(storage.ProcessId);
        await other.PutAsync("warm", size / 4, part, 8, cancellationToken);
        foreach (var connections in (int[])[1, 8])
        {
            Task<double> PutAsync(IObjects store, CancellationToken cancel) => Rate.OfAsync(mebibytes, () => store.PutAsync("large", size, part, connections, cancel));
            Task<double> GetAsync(IObjects store, CancellationToken cancel) => Rate.OfAsync(mebibytes, () => store.GetAsync("large", size, PartSize, connections, cancel));
            var text = connections == 1 ? "1 connection" : string.Create(CultureInfo.InvariantCulture, $"{connections} connections");
            report.Add($"PUT of {name}, {text}", await Comparison.InterleavedAsync(
                rounds, cancel => PutAsync(ours, cancel), cancel => PutAsync(other, cancel), cancellationToken, isWarm: true), "MiB/s", other.Title);
            report.Add($"GET of {name}, {text}", await Comparison.InterleavedAsync(
                rounds, cancel => GetAsync(ours, cancel), cancel => GetAsync(other, cancel), cancellationToken, isWarm: true), "MiB/s", other.Title);
        }

        var after = ProcessMemory.Peak(storage.ProcessId);
        report.Add("PUT of 1 KiB, 16 connections", await Comparison.InterleavedAsync(
            5, cancel => PutSmallAsync(ours, cancel), cancel => PutSmallAsync(other, cancel), cancellationToken), "objects/s", other.Title);
        report.Add($"DevStorage's peak memory, {name}", Comparison.OfAmounts(after / 1_048_576.0, before / 1_048_576.0), "MiB", "one object of a quarter of the size");
    }

    private static Task<double> PutSmallAsync(IObjects store, CancellationToken cancellationToken)
    {
        var content = new byte[SmallSize];
        return Rate.OfAsync(SmallCount, () => Parallel.ForAsync(
            0,
            SmallCount,
            new ParallelOptions { MaxDegreeOfParallelism = SmallConnections, CancellationToken = cancellationToken },
            async (at, cancel) => await store.PutSmallAsync(string.Create(CultureInfo.InvariantCulture, $"small-{at}"), content, cancel)));
    }
}
