using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Media.Bench.Measuring;

/// <summary>Says what was measured, a figure at a time: as rows of a table, or as JSON objects, one a line.</summary>
internal sealed class Report(string bench, bool json)
{
    private static readonly JsonSerializerOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    public void Begin()
    {
        if (json) return;
        Console.Out.WriteLine($"{bench}: {Environment.ProcessorCount} processors, load average {MachineLoad.Now()} before");
        Console.Out.WriteLine($"  {"figure",-44} {"ours",12} {"other",12}  {"unit",-12} {"ratio",7}  against");
    }

    /// <param name="figure">What was measured.</param>
    /// <param name="comparison">Ours and the other.</param>
    /// <param name="unit">What both are counted in.</param>
    /// <param name="against">What the other is.</param>
    public void Add(string figure, Comparison comparison, string unit, string against)
    {
        if (json)
        {
            var line = new { bench, figure, value = Rounded(comparison.Ours), unit, against, ratio = Rounded(comparison.Ratio) };
            Console.Out.WriteLine(JsonSerializer.Serialize(line, Format));
            return;
        }

        Console.Out.WriteLine(
            $"  {figure,-44} {Text(comparison.Ours),12} {Text(comparison.Other),12}  {unit,-12} {comparison.Ratio.ToString("0.00", CultureInfo.InvariantCulture),7}  {against}");
    }

    /// <summary>Something to know about the run that is no figure. Goes to standard error where the output is JSON.</summary>
    public void Note(string text) => (json ? Console.Error : Console.Out).WriteLine($"  {text}");

    public void End()
    {
        if (json) return;
        Console.Out.WriteLine(
            $"{bench}: load average {MachineLoad.Now()} after {_clock.Elapsed.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s. "
            + "Ratio: the median of interleaved rounds, ours to the other; above 1 is ahead.");
        Console.Out.WriteLine();
    }

    private static double Rounded(double value) => Math.Abs(value) < 100 ? Math.Round(value, 4) : Math.Round(value, 1);

    private static string Text(double value) => value.ToString(Math.Abs(value) switch { < 10 => "0.00", < 1_000 => "0.0", _ => "#,0" }, CultureInfo.InvariantCulture);
}
