namespace Media.AppHost.Resources;

/// <summary>When what ended is started again: at once-ish at first, then ever later.</summary>
internal sealed record RestartPolicy
{
    /// <summary>The wait after the first failure.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After being ready for this long, the next failure counts as the first again.</summary>
    public TimeSpan SteadyAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How many starts are tried before the first success. What never worked is not crashing but set up wrongly, and is
    /// reported instead; what did work is started again for ever.
    /// </summary>
    public int FirstStarts { get; init; } = 3;

    /// <summary>The wait after the given number of failures in a row, doubling from the first.</summary>
    public TimeSpan DelayAfter(int failures)
    {
        var delay = FirstDelay * Math.Pow(2, Math.Min(failures - 1, 30));
        return delay < LongestDelay ? delay : LongestDelay;
    }
}
