using System.Collections.Concurrent;
using System.Diagnostics;

namespace Media.Bench.Measuring;

/// <summary>Requests that come at a set rate, whether earlier ones are answered or not, as those of many clients do.</summary>
internal static class OpenLoop
{
    /// <summary>Sends requests, and takes each one's time from the moment it was to be sent at: one that waits for its turn is slow, not late.</summary>
    /// <param name="rate">How many a second.</param>
    /// <param name="duration">For how long.</param>
    /// <param name="request">Sends the request with a number.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>Milliseconds, the fastest first.</returns>
    public static async Task<double[]> RunAsync(int rate, TimeSpan duration, Func<int, Task> request, CancellationToken cancellationToken)
    {
        var count = (int)(rate * duration.TotalSeconds);
        var times = new ConcurrentBag<double>();
        var running = new List<Task>(count);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        var start = Stopwatch.GetTimestamp();
        while (running.Count < count)
        {
            var due = Math.Min(count, (int)(Stopwatch.GetElapsedTime(start).TotalSeconds * rate));
            while (running.Count < due) running.Add(SendAsync(running.Count));
            await timer.WaitForNextTickAsync(cancellationToken);
        }

        await Task.WhenAll(running);
        return [.. times.Order()];

        async Task SendAsync(int number)
        {
            // The next is not to wait for what this one does before it waits itself.
            await Task.Yield();
            await request(number);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds - (number * 1_000.0 / rate));
        }
    }

    /// <summary>The time that so many of all requests stay within.</summary>
    public static double Percentile(double[] sorted, double share) => sorted[(int)Math.Min(sorted.Length - 1, Math.Ceiling(sorted.Length * share) - 1)];
}
