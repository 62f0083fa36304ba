namespace Media.Client.Uploading;

/// <summary>Keeps one upload's progress and tells it, not too often. Used from several threads.</summary>
internal sealed class ProgressTeller(long size, IProgress<UploadProgress>? listener, TimeSpan interval, TimeProvider time)
{
    // Rates come from the bytes of the last seconds: short enough to follow the line, long enough not to jump with each part.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan SampleEvery = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly Queue<(long At, long Sent)> _samples = new();
    private UploadProgress _now = new() { Phase = UploadPhase.Starting, Size = size };
    private long _sent;
    private long _resumed;
    private long _lastSample;
    private long _lastTold = long.MinValue;

    public string? Tag => _now.Tag;

    public long BytesSent => Interlocked.Read(ref _sent);

    /// <summary>Changes what is told beside the numbers, and tells it at once.</summary>
    public void Change(Func<UploadProgress, UploadProgress> change)
    {
        lock (_gate)
        {
            _now = change(_now);
            Tell(time.GetTimestamp());
        }
    }

    public void Note(string? note)
    {
        lock (_gate)
        {
            if (_now.Note == note)
                return;
            _now = _now with { Note = note };
            Tell(time.GetTimestamp());
        }
    }

    /// <summary>Begins a session's count.</summary>
    public void Begin(Upload upload, bool resumed)
    {
        lock (_gate)
        {
            _sent = 0;
            _resumed = 0;
            _samples.Clear();
            _now = _now with { Phase = UploadPhase.Uploading, Tag = upload.Tag, Key = upload.Key, Resumed = resumed, Note = null };
            Tell(time.GetTimestamp());
        }
    }

    /// <summary>Counts bytes on their way; a negative number takes those of a failed try back.</summary>
    public void Sent(long bytes)
    {
        lock (_gate)
        {
            _sent += bytes;
            var at = time.GetTimestamp();
            if (_samples.Count == 0 || time.GetElapsedTime(_lastSample, at) >= SampleEvery)
            {
                _lastSample = at;
                _samples.Enqueue((at, _sent));
                while (_samples.Count > 2 && time.GetElapsedTime(_samples.Peek().At, at) > Window)
                    _samples.Dequeue();
            }

            TellSoon(at);
        }
    }

    public void AlreadyThere(long bytes)
    {
        lock (_gate)
        {
            _resumed += bytes;
            TellSoon(time.GetTimestamp());
        }
    }

    private void TellSoon(long at)
    {
        if (_lastTold == long.MinValue || time.GetElapsedTime(_lastTold, at) >= interval)
            Tell(at);
    }

    private void Tell(long at)
    {
        _lastTold = at;
        if (listener is null)
            return;
        var done = _sent + _resumed;
        var rate = RateAt(at);
        listener.Report(_now with
        {
            BytesDone = done,
            BytesResumed = _resumed,
            BytesPerSecond = rate,
            Remaining = rate is > 0 && done < size ? TimeSpan.FromSeconds(Math.Min((size - done) / rate.Value, TimeSpan.FromDays(99).TotalSeconds)) : null,
        });
    }

    private double? RateAt(long at)
    {
        if (_samples.Count == 0)
            return null;
        var (since, sent) = _samples.Peek();
        var seconds = time.GetElapsedTime(since, at).TotalSeconds;
        return seconds < 0.2 ? null : Math.Max(0, (_sent - sent) / seconds);
    }
}
