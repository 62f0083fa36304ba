using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Media.Tests.Support;

/// <summary>Waits for a condition with a deadline, in place of sleeping.</summary>
public static class Eventually
{
    /// <summary>How long is waited where nothing else is said: long enough for a loaded machine.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Asks every 20 ms until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not hold in time. What it threw last is the inner exception.</exception>
    public static async Task TrueAsync(
        Func<Task<bool>> condition,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(condition))] string expression = "")
    {
        var limit = timeout ?? DefaultTimeout;
        var clock = Stopwatch.StartNew();
        Exception? last = null;
        do
        {
            try
            {
                if (await condition())
                    return;
                last = null;
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                last = e;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
        }
        while (clock.Elapsed < limit);
        throw new TimeoutException($"Not true within {limit}: {expression}", last);
    }

    /// <summary>Asks every 20 ms until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not hold in time.</exception>
    public static Task TrueAsync(
        Func<bool> condition,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(condition))] string expression = "") =>
        TrueAsync(() => Task.FromResult(condition()), timeout, cancellationToken, expression);
}
