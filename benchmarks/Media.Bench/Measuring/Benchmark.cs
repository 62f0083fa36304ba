namespace Media.Bench.Measuring;

/// <summary>One benchmark: what it is called and how it is run.</summary>
internal abstract class Benchmark
{
    /// <summary>The word on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>One line about what is measured against what.</summary>
    public abstract string Summary { get; }

    public abstract Task RunAsync(Report report, BenchSettings settings, CancellationToken cancellationToken);
}

/// <summary>What the command line says.</summary>
/// <param name="Json">One JSON object a line in place of the table.</param>
/// <param name="Full">The large sizes, which take minutes.</param>
internal sealed record BenchSettings(bool Json = false, bool Full = false);
