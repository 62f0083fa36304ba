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
        var number = (int)(rate * WarmTime.TotalSeconds);
        for (var round = 0; round < Most && all._rounds.Any(static rounds => rounds.Count(IsUndisturbed) < Enough); round++)
        {
            for (var turn = 0; turn < subjects.Length; turn++)
            {
                var subject = round % 2 == 0 ? turn : subjects.Length - 1 - turn;
                var before = ProcessorTimes.Now();
                var times = await OpenLoop.RunAsync(rate, RoundTime, subjects[subject], cancellationToken, number);
                var stolen = ProcessorTimes.Now().StolenSince(before);
                all._rounds[subject].Add(new Round(times, stolen));
            }

            number += (int)(rate * RoundTime.TotalSeconds);
        }

        return all;
    }

    /// <summary>The time that a share of a subject's requests stays within, of all rounds that count, in milliseconds.</summary>
    public double Percentile(int subject, double share) => OpenLoop.Percentile([.. Counted(subject).SelectMany(static round => round.Times).Order()], share);

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

    private readonly record struct Round(double[] Times, double Stolen);
}
