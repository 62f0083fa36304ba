using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Media.AppHost;
using Media.Bench.Measuring;
using Media.Fuji;
using Media.Tests.Support;

namespace Media.Bench.Hashing;

/// <summary>The content hash against the bare SHA-256 of the same bytes. The files are written just before, so they are in the page cache.</summary>
internal sealed class FujiBench : Benchmark
{
    private const int MiB = 1 << 20;
    private const double BytesPerUnit = MiB;
    private const string Unit = "MiB/s";
    private static readonly FujiOptions OneCore = new() { Parallelism = 1 };

    public override string Name => "fuji";

    public override string Summary => "hashing on one core and on all, and the command, against bare SHA-256; allocation against the size";

    public override async Task RunAsync(Report report, BenchSettings settings, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Path("content");
        var size = (settings.Full ? 4_096L : 2_048L) * MiB;
        var content = new byte[256 * MiB];
        new Random(1).NextBytes(content);
        await WriteAsync(path, content, size, cancellationToken);

        await MeasureOneCoreAsync(report, content, cancellationToken);
        await MeasureAllCoresAsync(report, content, path, size, cancellationToken);
        await MeasureCommandAsync(report, content, path, size, cancellationToken);
        await MeasureAllocationAsync(report, content, cancellationToken);
    }

    // By processor time: what others on the machine take from either side does not count.
    private static async Task MeasureOneCoreAsync(Report report, byte[] content, CancellationToken cancellationToken)
    {
        var units = content.Length / BytesPerUnit;
        Task InMemory() => FujiHash.StreamAsync(new MemoryStream(content), content.Length, OneCore, cancellationToken: cancellationToken);
        Task Copied() => FujiHash.StreamAsync(new RepeatingStream(content, content.Length), content.Length, OneCore, cancellationToken: cancellationToken);
        Task Raw() => Task.Run(() => SHA256.HashData(content), cancellationToken);
        Task<Comparison> CompareAsync(Func<Task> fuji) => Comparison.InterleavedAsync(
            9, _ => Rate.OfProcessorAsync(units, fuji), _ => Rate.OfProcessorAsync(units, Raw), cancellationToken);

        report.Add("one core, bytes in memory, processor time", await CompareAsync(InMemory), Unit, "SHA256.HashData (goal 0.95)");
        report.Add("one core, stream that copies, processor time", await CompareAsync(Copied), Unit, "SHA256.HashData of the same in memory");
    }

    private static async Task MeasureAllCoresAsync(Report report, byte[] content, string path, long size, CancellationToken cancellationToken)
    {
        var cores = Environment.ProcessorCount;
        var against = string.Create(CultureInfo.InvariantCulture, $"{cores} x SHA256.HashData of one core (goal 0.9)");
        Task File() => FujiHash.FileAsync(path, cancellationToken: cancellationToken);
        Task InMemory() => FujiHash.MemoryAsync(content, cancellationToken: cancellationToken);
        Task Raw() => Task.Run(() => SHA256.HashData(content), cancellationToken);
        async Task<double> RawOnAllAsync() => cores * await Rate.OfAsync(content.Length / BytesPerUnit, Raw);

        report.Add("all cores, bytes in memory", await Comparison.InterleavedAsync(
            9, _ => Rate.OfAsync(content.Length / BytesPerUnit, InMemory), _ => RawOnAllAsync(), cancellationToken), Unit, against);
        report.Add("all cores, cached file", await Comparison.InterleavedAsync(
            7, _ => Rate.OfAsync(size / BytesPerUnit, File), _ => RawOnAllAsync(), cancellationToken), Unit, against);

        // Where others take their share of the processors, one thread's share times the cores is out of reach: time spent computing tells.
        report.Add("all cores, cached file, processor time", await Comparison.InterleavedAsync(
            7,
            _ => Rate.OfProcessorAsync(size / BytesPerUnit, File),
            _ => Rate.OfProcessorAsync(content.Length / BytesPerUnit, Raw),
            cancellationToken), Unit, "SHA256.HashData (goal 0.9)");
    }

    private static async Task MeasureCommandAsync(Report report, byte[] content, string path, long size, CancellationToken cancellationToken)
    {
        // What a person types, with all that it does before it hashes. The round that does not count builds it.
        var command = Path.Combine(Rooms.Root, "media");
        var comparison = await Comparison.InterleavedAsync(
            7,
            _ => Rate.OfAsync(size / BytesPerUnit, () => RunAsync(command, ["hash", path], cancellationToken)),
            _ => Task.Run(() => Rate.Of(size / BytesPerUnit, () => HashOnAllCores(content, size)), cancellationToken),
            cancellationToken);
        report.Add(string.Create(CultureInfo.InvariantCulture, $"media hash, cached file of {size >> 30} GiB"), comparison, Unit, "SHA256.HashData on all cores (goal 0.85)");
    }

    private static async Task MeasureAllocationAsync(Report report, byte[] content, CancellationToken cancellationToken)
    {
        async Task<double> AllocatedAsync(int mebibytes)
        {
            var size = (long)mebibytes * MiB;
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await FujiHash.StreamAsync(new RepeatingStream(content, size), size, cancellationToken: cancellationToken);
            return GC.GetTotalAllocatedBytes(precise: true) - before;
        }

        await AllocatedAsync(64);
        await AllocatedAsync(1_024);
        var small = await AllocatedAsync(64);
        report.Add("allocated for a stream of 1 GiB", Comparison.OfAmounts(await AllocatedAsync(1_024), small), "bytes", "a stream of 64 MiB");
    }

    private static void HashOnAllCores(byte[] content, long size) =>
        Parallel.For(0, size / (64 * MiB), at =>
        {
            Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(content.AsSpan((int)(at * 64 * MiB % content.Length), 64 * MiB), digest);
        });

    private static async Task WriteAsync(string path, byte[] content, long size, CancellationToken cancellationToken)
    {
        await using var file = File.Create(path);
        for (long written = 0; written < size; written += content.Length) await file.WriteAsync(content, cancellationToken);
    }

    private static async Task RunAsync(string command, string[] arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        try
        {
            await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }

        if (process.ExitCode != 0) throw new InvalidOperationException($"{command} ended with {process.ExitCode}.");
    }
}
