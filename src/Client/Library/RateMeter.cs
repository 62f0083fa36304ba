namespace Media.Client;

/// <summary>How fast bytes go by. Not for several threads.</summary>
internal sealed class RateMeter(TimeProvider time)
{
    // Short enough to follow the line, long enough not to jump with each part.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan SampleEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(99);

    private readonly Queue<(long At, long Bytes)> _samples = new();
    private long _lastSample;
    private long _bytes;

    public void Clear()
    {
        _samples.Clear();
        _bytes = 0;
    }

    /// <summary>Takes in how many bytes there were so far.</summary>
    public void Count(long bytes, long at)
    {
        _bytes = bytes;
        if (_samples.Count > 0 && time.GetElapsedTime(_lastSample, at) < SampleEvery)
            return;
        _lastSample = at;
        _samples.Enqueue((at, bytes));
        while (_samples.Count > 2 && time.GetElapsedTime(_samples.Peek().At, at) > Window)
            _samples.Dequeue();
    }

    /// <summary>Bytes a second over the last seconds; null before there is anything to measure.</summary>
    public double? RateAt(long at)
    {
        if (_samples.Count == 0)
            return null;
        var (since, bytes) = _samples.Peek();
        var elapsed = time.GetElapsedTime(since, at);
        return elapsed < Least ? null : Math.Max(0, (_bytes - bytes) / elapsed.TotalSeconds);
    }

    /// <summary>The time that bytes take at a rate; null where there is no telling.</summary>
    public static TimeSpan? Remaining(long bytes, double? rate) =>
        rate is > 0 && bytes > 0 ? TimeSpan.FromSeconds(Math.Min(bytes / rate.Value, Longest.TotalSeconds)) : null;
}
