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
    /// <param name="first">The first one's number.</param>
    /// <returns>Milliseconds, the fastest first.</returns>
    public static async Task<double[]> RunAsync(int rate, TimeSpan duration, Func<int, Task> request, CancellationToken cancellationToken, int first = 0)
    {
        var count = (int)(rate * duration.TotalSeconds);
        var times = new ConcurrentBag<double>();
        var start = Stopwatch.GetTimestamp();
        // On a thread of its own: a timer of .NET comes as seldom as the kernel's tick, every 4 or 10 ms, and that wait would be taken for the server's.
        var running = await Task.Factory.StartNew(SendAll, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.WhenAll(running);
        return [.. times.Order()];

        List<Task> SendAll()
        {
            var sent = new List<Task>(count);
            while (sent.Count < count)
            {
                cancellationToken.ThrowIfCancellationRequested();
                // The first is due at once.
                var due = Math.Min(count, (int)(Stopwatch.GetElapsedTime(start).TotalSeconds * rate) + 1);
                while (sent.Count < due)
                {
                    var number = sent.Count;
                    // The next is not to wait for what this one does before it waits itself.
                    sent.Add(Task.Run(() => SendAsync(number), cancellationToken));
                }

                cancellationToken.WaitHandle.WaitOne(1);
            }

            return sent;
        }

        async Task SendAsync(int number)
        {
            await request(first + number);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds - (number * 1_000.0 / rate));
        }
    }

    /// <summary>The time that so many of all requests stay within.</summary>
    public static double Percentile(double[] sorted, double share) => sorted[(int)Math.Min(sorted.Length - 1, Math.Ceiling(sorted.Length * share) - 1)];
}
