namespace Media.Client;

/// <summary>How long failures are put up with, and how fast tries follow each other.</summary>
/// <param name="Outage">How long a peer that fails is asked again.</param>
/// <param name="FirstContact">The same before the server ever answered.</param>
/// <param name="FirstPause">The first pause; it doubles each time.</param>
/// <param name="LongestPause">The longest pause, unless the peer asks for more.</param>
internal sealed record RetryLimits(TimeSpan Outage, TimeSpan FirstContact, TimeSpan FirstPause, TimeSpan LongestPause);

/// <summary>
/// When to try again, and when to stop: pauses double up to a longest one, a random half of each is left out so that clients do not
/// come back in step, and a peer's <c>Retry-After</c> is waited for.
/// </summary>
internal sealed class RetryPolicy
{
    // A dead transfer takes its stall time-out to fail, so time alone would leave it few tries.
    private const int LeastTries = 8;

    private readonly RetryLimits _limits;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private int _reached;

    public RetryPolicy(RetryLimits limits, TimeProvider time, Random random)
    {
        _limits = limits;
        _time = time;
        _random = random;
    }

    /// <summary>Calls the server until it answers, or for as long as an outage may last.</summary>
    public async Task<T> CallAsync<T>(Func<Task<T>> call, Action<string?> note, CancellationToken cancellationToken)
    {
        var tries = Begin(note);
        while (true)
        {
            try
            {
                var answer = await call();
                Volatile.Write(ref _reached, 1);
                tries.Succeeded();
                return answer;
            }
            catch (MediaException e) when (e.IsTransient)
            {
                // A server that says what it lacks is the right one, if not a ready one.
                if (e.Problem is not null)
                    Volatile.Write(ref _reached, 1);
                await tries.PauseAsync(e, cancellationToken);
            }
        }
    }

    public Tries Begin(Action<string?> note) => new(this, note);

    private bool IsOver(TimeSpan failing, int count) => Volatile.Read(ref _reached) == 0
        ? failing >= Min(_limits.FirstContact, _limits.Outage)
        : failing >= _limits.Outage && count >= LeastTries;

    private TimeSpan PauseAfter(int count, TimeSpan? asked)
    {
        var longest = Min(_limits.LongestPause, _limits.FirstPause * Math.Pow(2, Math.Min(count - 1, 20)));
        var pause = longest * (0.5 + _random.NextDouble() / 2);
        return asked is { } least && least > pause ? least + _limits.FirstPause * _random.NextDouble() : pause;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    /// <summary>The tries of one thing that should work.</summary>
    internal sealed class Tries(RetryPolicy policy, Action<string?> note)
    {
        private readonly TimeProvider _time = policy._time;
        private long _since;
        private int _count;

        /// <summary>Waits before the next try.</summary>
        /// <exception cref="MediaException">It has failed for too long: <paramref name="failure"/>.</exception>
        public async Task PauseAsync(MediaException failure, CancellationToken cancellationToken)
        {
            if (_count++ == 0)
                _since = _time.GetTimestamp();
            var failing = _time.GetElapsedTime(_since);
            var pause = policy.PauseAfter(_count, failure.RetryAfter);
            if (policy.IsOver(failing, _count) || pause > policy._limits.Outage)
                throw failure;
            note(failure.Message + " Trying again.");
            await Task.Delay(pause, _time, cancellationToken);
        }

        public void Succeeded()
        {
            if (_count > 0)
                note(null);
        }
    }
}
