using System.Diagnostics;
using System.Globalization;
using Media.Bench.Measuring;
using Media.Bench.Servers;
using Media.Grains.Contents;
using Media.Grains.Files;
using Media.Silo.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Media.Bench.Dedup;

/// <summary>Look-ups of contents, and pages of files, in a catalog of a million against one of ten thousand, and against bare round trips to the database.</summary>
internal sealed class DedupBench : Benchmark
{
    private const int Rate = 1_000;
    private const double GoalMilliseconds = 5;
    private const int Workers = 16;
    private const int Pages = 25;
    private static readonly TimeSpan ClosedTime = TimeSpan.FromSeconds(5);

    public override string Name => "dedup";

    public override string Summary => "look-ups of contents and pages of files among a million, against ten thousand and bare round trips";

    public override async Task RunAsync(Report report, BenchSettings settings, CancellationToken cancellationToken)
    {
        await using var postgres = await PostgresProcess.StartAsync(cancellationToken);
        var (few, many) = (new CatalogSample(10_000), new CatalogSample(1_000_000));
        await using var small = await OpenAsync(postgres, few, "small", report, cancellationToken);
        await using var large = await OpenAsync(postgres, many, "large", report, cancellationToken);
        await postgres.SettleAsync(cancellationToken);

        await MeasureLatencyAsync(report, (small, few), (large, many), cancellationToken);
        await MeasureRateAsync(report, (small, few), (large, many), cancellationToken);
        await MeasurePagesAsync(report, new PostgresCatalog(small), new PostgresCatalog(large), cancellationToken);
    }

    private static async Task<PostgresDatabase> OpenAsync(PostgresProcess postgres, CatalogSample sample, string name, Report report, CancellationToken cancellationToken)
    {
        var connectionString = await postgres.CreateDatabaseAsync(name, cancellationToken);
        // A page that takes longer than the product would wait is to be seen as that, not as a failure.
        var options = Options.Create(new PostgresOptions { ConnectionString = connectionString, CommandTimeout = TimeSpan.FromMinutes(2) });
        var database = new PostgresDatabase(options, NullLoggerFactory.Instance);
        await new SchemaMigrator(database, NullLogger<SchemaMigrator>.Instance).MigrateAsync(SchemaScript.LoadEmbedded(), cancellationToken);
        var start = Stopwatch.GetTimestamp();
        await sample.LoadAsync(connectionString, cancellationToken);
        report.Note(string.Create(
            CultureInfo.InvariantCulture, $"{sample.Count:#,0} contents with a file each were loaded in {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s; load average {MachineLoad.Now()}."));
        return database;
    }

    private static async Task MeasureLatencyAsync(
        Report report, (PostgresDatabase Database, CatalogSample Sample) small, (PostgresDatabase Database, CatalogSample Sample) large, CancellationToken cancellationToken)
    {
        var rounds = await LatencyRounds.MeasureAsync(
            Rate,
            [LookUps(large, cancellationToken), LookUps(small, cancellationToken), RoundTrips(large.Database, cancellationToken), static _ => Task.CompletedTask],
            cancellationToken);
        report.Add("p99 of 1 000 look-ups/s, 1 000 000 contents", Comparison.OfAmounts(rounds.Percentile(0, 0.99), GoalMilliseconds), "ms", "the goal");
        report.Add("the same, growth", Comparison.OfAmounts(rounds.Percentile(0, 0.99), rounds.Percentile(1, 0.99)), "ms", "10 000 contents");
        report.Add("the same, above the floor", Comparison.OfAmounts(rounds.Percentile(0, 0.99), rounds.Percentile(2, 0.99)), "ms", "select 1");
        report.Add("the same, above the machine's own", Comparison.OfAmounts(rounds.Percentile(0, 0.99), rounds.Percentile(3, 0.99)), "ms", "nothing at all");
        report.Note(string.Create(CultureInfo.InvariantCulture, $"Half of the look-ups among 1 000 000 took {rounds.Percentile(0, 0.5):0.00} ms or less. {rounds.Describe(0)}."));
    }

    private static async Task MeasureRateAsync(
        Report report, (PostgresDatabase Database, CatalogSample Sample) small, (PostgresDatabase Database, CatalogSample Sample) large, CancellationToken cancellationToken)
    {
        Task<double> RateOf(Func<int, Task> request) => ClosedLoopAsync(request, cancellationToken);
        var growth = await Comparison.InterleavedAsync(
            3, cancel => RateOf(LookUps(large, cancel)), cancel => RateOf(LookUps(small, cancel)), cancellationToken, isWarm: true);
        report.Add($"look-ups, {Workers} at once, 1 000 000 contents", growth, "look-ups/s", "10 000 contents");
        var floor = await Comparison.InterleavedAsync(
            3, cancel => RateOf(LookUps(large, cancel)), cancel => RateOf(RoundTrips(large.Database, cancel)), cancellationToken, isWarm: true);
        report.Add("the same, to the floor", floor, "look-ups/s", "select 1");
    }

    private static async Task MeasurePagesAsync(Report report, PostgresCatalog small, PostgresCatalog large, CancellationToken cancellationToken)
    {
        (string Name, FileFilter Filter)[] lists =
        [
            ("everybody's", new FileFilter()),
            ("a user's", new FileFilter { User = CatalogSample.LargestUser }),
            ("a user's, common type", new FileFilter { User = CatalogSample.LargestUser, Type = "image/jpeg" }),
            ("a user's, rare type", new FileFilter { User = CatalogSample.LargestUser, Type = CatalogSample.RareType }),
            ("a user's, kind of type", new FileFilter { User = CatalogSample.LargestUser, Type = "video/*" }),
            ("everybody's, rare type", new FileFilter { Type = CatalogSample.RareType }),
            ("piece hash", new FileFilter { User = CatalogSample.LargestUser, Hash = CatalogSample.PieceHash(4_000) }),
            ("tip hash", new FileFilter { Hash = CatalogSample.TipHash(4_000) }),
            ("common name", new FileFilter { User = CatalogSample.LargestUser, Name = "holiday" }),
            ("rare name", new FileFilter { User = CatalogSample.LargestUser, Name = "abc" }),
            ("name that is not there", new FileFilter { User = CatalogSample.LargestUser, Name = "zebra crossing" }),
            ("two letters that are not there", new FileFilter { User = CatalogSample.LargestUser, Name = "#!" }),
        ];
        foreach (var (name, filter) in lists) await ComparePagesAsync($"page of 100, {name}", filter);
        await ComparePagesAsync("page of 100, a user's, in the middle of it", new FileFilter { User = CatalogSample.LargestUser }, fromTheMiddle: true);

        async Task ComparePagesAsync(string figure, FileFilter filter, bool fromTheMiddle = false)
        {
            var (few, many) = (filter, filter);
            if (fromTheMiddle)
            {
                few = filter with { After = CatalogSample.Middle(10_000) };
                many = filter with { After = CatalogSample.Middle(1_000_000) };
            }

            await PageAsync(small, few);
            await PageAsync(large, many);
            var (ours, other) = (new double[Pages], new double[Pages]);
            for (var page = 0; page < Pages; page++) (ours[page], other[page]) = (await PageAsync(large, many), await PageAsync(small, few));
            report.Add(figure, Comparison.OfAmounts(Comparison.Median(ours), Comparison.Median(other)), "ms", "10 000 files");
        }

        async Task<double> PageAsync(PostgresCatalog catalog, FileFilter filter)
        {
            var start = Stopwatch.GetTimestamp();
            _ = await catalog.ListFilesAsync(filter, cancellationToken) ?? throw new InvalidOperationException("The cursor was not taken.");
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }

    /// <summary>As clients ask: every other one by the tip, the next by the piece hash, as one that was told that it may be stored does.</summary>
    private static Func<int, Task> LookUps((PostgresDatabase Database, CatalogSample Sample) source, CancellationToken cancellationToken)
    {
        var catalog = new PostgresCatalog(source.Database);
        return async request =>
        {
            // Neighbours in time are none on disk.
            var number = (int)((request + 1L) * 7_919 % source.Sample.Count);
            var isFound = request % 2 == 0
                ? await catalog.HasTipAsync(CatalogSample.TipHash(number), CatalogSample.Size(number), cancellationToken)
                : await catalog.FindContentAsync(CatalogSample.PieceHash(number), cancellationToken) is { State: ContentState.Stored };
            if (!isFound) throw new InvalidOperationException("A content that was loaded was not found.");
        };
    }

    private static Func<int, Task> RoundTrips(PostgresDatabase database, CancellationToken cancellationToken) => _ => database.RunAsync(
        static async (connection, _, token) =>
        {
            await using var command = new NpgsqlCommand("select 1", connection);
            return await command.ExecuteScalarAsync(token);
        },
        0,
        cancellationToken);

    private static async Task<double> ClosedLoopAsync(Func<int, Task> request, CancellationToken cancellationToken)
    {
        var (done, start) = (0, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(start) < ClosedTime)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await request(Interlocked.Increment(ref done));
            }
        }));
        return done / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
