namespace Media.Client.Uploading;

/// <summary>Keeps one upload's progress and tells it, not too often. Used from several threads.</summary>
internal sealed class ProgressTeller(long size, IProgress<UploadProgress>? listener, TimeSpan interval, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly RateMeter _meter = new(time);
    private UploadProgress _now = new() { Phase = UploadPhase.Starting, Size = size };
    private long _sent;
    private long _resumed;
    private long _lastTold = long.MinValue;

    public long BytesSent => Interlocked.Read(ref _sent);

    /// <summary>Changes what is told beside the numbers, and tells it at once.</summary>
    public void Change(Func<UploadProgress, UploadProgress> change)
    {
        lock (_gate)
        {
            Enter(change(_now));
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
            _meter.Clear();
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
            Count(_sent);
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

    /// <summary>Tells that the file is being read for its hash. Reports of several threads may come in any order.</summary>
    public void Hashed(long bytes)
    {
        lock (_gate)
        {
            Enter(_now with { Phase = UploadPhase.Hashing, BytesHashed = Math.Max(bytes, _now.BytesHashed) });
            Count(_now.BytesHashed);
        }
    }

    public void Verified(long bytes)
    {
        lock (_gate)
        {
            _now = _now with { BytesVerified = Math.Max(bytes, _now.BytesVerified) };
            Count(_now.BytesVerified);
        }
    }

    // A rate is of one kind of bytes.
    private void Enter(UploadProgress next)
    {
        if (KindOf(next.Phase) != KindOf(_now.Phase))
            _meter.Clear();
        _now = next;
    }

    private static UploadPhase KindOf(UploadPhase phase) => phase is UploadPhase.Hashing or UploadPhase.Verifying ? phase : UploadPhase.Uploading;

    private void Count(long bytes)
    {
        var at = time.GetTimestamp();
        _meter.Count(bytes, at);
        TellSoon(at);
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
        var rate = _meter.RateAt(at);
        var counted = _now.Phase switch
        {
            UploadPhase.Hashing => _now.BytesHashed,
            UploadPhase.Verifying => _now.BytesVerified,
            _ => done,
        };
        listener.Report(_now with
        {
            BytesDone = done,
            BytesResumed = _resumed,
            BytesPerSecond = rate,
            Remaining = RateMeter.Remaining(size - counted, rate),
        });
    }
}
