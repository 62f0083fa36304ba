using System.Diagnostics;
using System.Globalization;
using Media.Bench.Measuring;
using Media.Bench.Servers;
using Media.Tests.Support;

namespace Media.Bench.Storage;

/// <summary>How long DevStorage takes to start on a folder with many objects, against an empty one.</summary>
internal static class StorageStart
{
    private const string Bucket = "bench";
    private const int Rounds = 3;

    public static async Task MeasureAsync(Report report, int objects, CancellationToken cancellationToken)
    {
        using var full = new TemporaryFolder();
        using var empty = new TemporaryFolder();
        await FillAsync(full.FullName, objects, cancellationToken);
        var (ours, other) = (new double[Rounds], new double[Rounds]);
        for (var round = 0; round < Rounds; round++)
            (ours[round], other[round]) = (await TimeAsync(full.FullName, cancellationToken), await TimeAsync(empty.FullName, cancellationToken));
        report.Add(
            string.Create(CultureInfo.InvariantCulture, $"start with {objects:#,0} objects"), Comparison.OfAmounts(Comparison.Median(ours), Comparison.Median(other)), "ms", "an empty folder");
    }

    private static async Task FillAsync(string data, int objects, CancellationToken cancellationToken)
    {
        await using var storage = await DevStorageProcess.StartUnsyncedAsync(data, cancellationToken);
        using var store = storage.Access(Bucket);
        await store.CreateBucketAsync(cancellationToken);
        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, objects, atOnce, async (at, cancel) =>
            await store.PutObjectAsync(string.Create(CultureInfo.InvariantCulture, $"upload/{at * 7_919L % objects:d6}"), new byte[] { 1 }, cancel));
    }

    /// <summary>Milliseconds from its start to its first answer.</summary>
    private static async Task<double> TimeAsync(string data, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await using var storage = await DevStorageProcess.StartUnsyncedAsync(data, cancellationToken);
        using var store = storage.Access("other");
        await store.CreateBucketAsync(cancellationToken);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
