using System.Diagnostics;

namespace Media.Bench.Measuring;

/// <summary>How many a second.</summary>
internal static class Rate
{
    /// <param name="count">How many of its unit the work does.</param>
    /// <param name="work">The work.</param>
    public static double Of(double count, Action work)
    {
        var start = Stopwatch.GetTimestamp();
        work();
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <inheritdoc cref="Of"/>
    public static async Task<double> OfAsync(double count, Func<Task> work)
    {
        var start = Stopwatch.GetTimestamp();
        await work();
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>A second of this process's processor time, on whichever threads, in place of the clock's.</summary>
    public static async Task<double> OfProcessorAsync(double count, Func<Task> work)
    {
        var start = Environment.CpuUsage.TotalTime;
        await work();
        return count / (Environment.CpuUsage.TotalTime - start).TotalSeconds;
    }
}
