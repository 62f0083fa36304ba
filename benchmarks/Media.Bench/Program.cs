using Media.Bench.Actors;
using Media.Bench.Dedup;
using Media.Bench.Hashing;
using Media.Bench.Measuring;
using Media.Bench.Presigning;
using Media.Bench.Storage;
using Media.Bench.Uploads;
using Media.Bench.Verification;

Benchmark[] benchmarks =
    [new PresignBench(), new ActorsBench(), new FujiBench(), new UploadsBench(), new StorageBench(), new DedupBench(), new VerifyBench()];

var names = new List<string>();
var settings = new BenchSettings();
var list = args.Length == 0;
foreach (var argument in args)
{
    switch (argument)
    {
        case "--json":
            settings = settings with { Json = true };
            break;
        case "--full":
            settings = settings with { Full = true };
            break;
        case "--list" or "--help" or "-h":
            list = true;
            break;
        default:
            names.Add(argument);
            break;
    }
}

if (list || names.Count == 0)
{
    Console.Out.WriteLine("usage: ./bench NAME… [--json] [--full]");
    foreach (var benchmark in benchmarks)
        Console.Out.WriteLine($"  {benchmark.Name,-8}  {benchmark.Summary}");
    return list ? 0 : 2;
}

foreach (var name in names)
{
    if (!Array.Exists(benchmarks, benchmark => benchmark.Name == name))
    {
        await Console.Error.WriteLineAsync($"There is no benchmark '{name}'. ./bench lists them.");
        return 2;
    }
}

using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    interrupted.Cancel();
};

try
{
    foreach (var name in names)
    {
        var report = new Report(name, settings.Json);
        report.Begin();
        await Array.Find(benchmarks, benchmark => benchmark.Name == name)!.RunAsync(report, settings, interrupted.Token);
        report.End();
    }

    return 0;
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    return 130;
}
catch (Exception failure) when (failure is InvalidOperationException or IOException or HttpRequestException or TimeoutException)
{
    await Console.Error.WriteLineAsync($"The benchmark did not get through: {failure.Message}");
    return 1;
}
