using System.Globalization;

namespace Media.Bench.Measuring;

/// <summary>
/// Latencies of several subjects at one rate, measured in turn. A virtual machine whose processors are taken away for milliseconds at a time measures just
/// that; so rounds in which much was taken do not count, as long as enough others are left.
/// </summary>
internal sealed class LatencyRounds
{
    /// <summary>Of the processors' time, taken by the machine's host.</summary>
    private const double MostStolen = 0.01;

    private const int Enough = 9;
    private const int Most = 20;
    private static readonly TimeSpan WarmTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(3);

    private readonly List<Round>[] _rounds;

    private LatencyRounds(int subjects) => _rounds = [.. Enumerable.Range(0, subjects).Select(static _ => new List<Round>())];

    /// <summary>Measures, the first subject first in one round and last in the next, until enough undisturbed rounds of each are there.</summary>
    /// <param name="rate">Requests a second.</param>
    /// <param name="subjects">Each sends the request with a number.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task<LatencyRounds> MeasureAsync(int rate, Func<int, Task>[] subjects, CancellationToken cancellationToken)
    {
        var all = new LatencyRounds(subjects.Length);
        foreach (var subject in subjects) await OpenLoop.RunAsync(rate, WarmTime, subject, cancellationToken);
        for (var round = 0; round < Most && all._rounds.Any(static rounds => rounds.Count(IsUndisturbed) < Enough); round++)
        {
            for (var turn = 0; turn < subjects.Length; turn++)
            {
                var subject = round % 2 == 0 ? turn : subjects.Length - 1 - turn;
                var before = ProcessorTimes.Now();
                var times = await OpenLoop.RunAsync(rate, RoundTime, subjects[subject], cancellationToken);
                var stolen = ProcessorTimes.Now().StolenSince(before);
                all._rounds[subject].Add(new Round(OpenLoop.Percentile(times, 0.5), OpenLoop.Percentile(times, 0.99), stolen));
            }
        }

        return all;
    }

    /// <summary>The median of a subject's rounds, of the time that 99 in 100 requests stay within, in milliseconds.</summary>
    public double P99(int subject) => Comparison.Median([.. Counted(subject).Select(static round => round.P99)]);

    /// <summary>The same of half of the requests.</summary>
    public double Half(int subject) => Comparison.Median([.. Counted(subject).Select(static round => round.Half)]);

    /// <summary>Which rounds of a subject count, in words.</summary>
    public string Describe(int subject)
    {
        var (counted, made) = (Counted(subject).Length, _rounds[subject].Count);
        var stolen = Comparison.Median([.. Counted(subject).Select(static round => round.Stolen)]);
        return string.Create(CultureInfo.InvariantCulture, $"{counted} of {made} rounds count, in which the machine's host gave {stolen:0.0 %} of the processors to others");
    }

    private Round[] Counted(int subject)
    {
        Round[] undisturbed = [.. _rounds[subject].Where(IsUndisturbed)];
        return undisturbed.Length >= Enough / 2 ? undisturbed : [.. _rounds[subject]];
    }

    private static bool IsUndisturbed(Round round) => round.Stolen <= MostStolen;

    private readonly record struct Round(double Half, double P99, double Stolen);
}
