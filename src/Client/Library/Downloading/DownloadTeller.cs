namespace Media.Client.Downloading;

/// <summary>Keeps one download's progress and tells it, not too often.</summary>
internal sealed class DownloadTeller(long size, IProgress<DownloadProgress>? listener, TimeSpan interval, TimeProvider time)
{
    private readonly RateMeter _meter = new(time);
    private DownloadProgress _now = new() { Phase = DownloadPhase.Downloading, Size = size };
    private long _lastTold = long.MinValue;

    public long BytesReceived { get; private set; }

    public void Enter(DownloadPhase phase)
    {
        _now = _now with { Phase = phase, Note = null };
        Tell(time.GetTimestamp());
    }

    public void Note(string? note)
    {
        _now = _now with { Note = note };
        Tell(time.GetTimestamp());
    }

    /// <summary>Goes on from, or back to, so many bytes.</summary>
    public void StartFrom(long bytes)
    {
        _meter.Clear();
        _now = _now with { BytesDone = bytes };
        Tell(time.GetTimestamp());
    }

    public void Received(int bytes)
    {
        BytesReceived += bytes;
        _now = _now with { BytesDone = _now.BytesDone + bytes };
        var at = time.GetTimestamp();
        _meter.Count(_now.BytesDone, at);
        if (time.GetElapsedTime(_lastTold, at) >= interval)
            Tell(at);
    }

    private void Tell(long at)
    {
        _lastTold = at;
        var rate = _meter.RateAt(at);
        listener?.Report(_now with { BytesPerSecond = rate, Remaining = RateMeter.Remaining(size - _now.BytesDone, rate) });
    }
}
