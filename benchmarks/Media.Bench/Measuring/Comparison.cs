namespace Media.Bench.Measuring;

/// <summary>Two things that were measured in turn in the same run.</summary>
/// <param name="Ours">The median of ours.</param>
/// <param name="Other">The median of the other's.</param>
/// <param name="Ratio">The median of the rounds' ratios; above 1 is ahead, whichever way the unit counts.</param>
internal readonly record struct Comparison(double Ours, double Other, double Ratio)
{
    /// <summary>Measures both in turn, several times, and changes who goes first with every round, so that what else runs on the machine meets both.</summary>
    /// <param name="rounds">How often.</param>
    /// <param name="ours">Measures ours; more is better.</param>
    /// <param name="other">Measures the other; more is better.</param>
    /// <param name="cancellationToken">Stops between two measurements.</param>
    /// <param name="isWarm">Whether both have done the same before; else one round is made that does not count.</param>
    public static async Task<Comparison> InterleavedAsync(
        int rounds,
        Func<CancellationToken, Task<double>> ours,
        Func<CancellationToken, Task<double>> other,
        CancellationToken cancellationToken,
        bool isWarm = false)
    {
        if (!isWarm)
        {
            await ours(cancellationToken);
            await other(cancellationToken);
        }

        var our = new double[rounds];
        var their = new double[rounds];
        for (var round = 0; round < rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var first = round % 2 == 0;
            if (first) our[round] = await ours(cancellationToken);
            their[round] = await other(cancellationToken);
            if (!first) our[round] = await ours(cancellationToken);
        }

        return Of(our, their);
    }

    /// <summary>Of rounds that the caller has made, of more than two things.</summary>
    public static Comparison OfRounds(IEnumerable<(double Ours, double Other)> rounds)
    {
        var all = rounds.ToArray();
        return Of(Array.ConvertAll(all, static round => round.Ours), Array.ConvertAll(all, static round => round.Other));
    }

    /// <summary>As <see cref="InterleavedAsync"/>, for what runs on the calling thread alone.</summary>
    public static Task<Comparison> InterleavedAsync(int rounds, Func<double> ours, Func<double> other, CancellationToken cancellationToken) =>
        InterleavedAsync(rounds, _ => Task.FromResult(ours()), _ => Task.FromResult(other()), cancellationToken);

    /// <summary>Two amounts of which less is better: bytes, or writes.</summary>
    public static Comparison OfAmounts(double ours, double other) => new(ours, other, other / ours);

    private static Comparison Of(double[] ours, double[] other)
    {
        var ratios = new double[ours.Length];
        for (var round = 0; round < ratios.Length; round++) ratios[round] = ours[round] / other[round];
        return new Comparison(Median(ours), Median(other), Median(ratios));
    }

    /// <summary>The one in the middle.</summary>
    public static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
