namespace Media.Tests.Support;

/// <summary>
/// A clock that stands still until a test moves it. Timers (and so <c>Task.Delay</c>, timeouts and periodic timers that were
/// given this clock) fire while it moves, in the order in which they are due, on the thread that moves it.
/// </summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now;
    private long _created;

    /// <summary>A clock that shows 2030-01-01 00:00 UTC.</summary>
    public ManualTimeProvider()
        : this(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>A clock that shows <paramref name="start"/>.</summary>
    public ManualTimeProvider(DateTimeOffset start) => _now = start;

    /// <inheritdoc />
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc />
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How many timers wait to fire: a test waits for this before it moves the clock.</summary>
    public int PendingTimers
    {
        get
        {
            lock (_gate)
                return _timers.Count;
        }
    }

    /// <summary>Whether a timer is due in exactly <paramref name="dueTime"/> from now.</summary>
    public bool IsPending(TimeSpan dueTime)
    {
        lock (_gate)
            return _timers.Exists(timer => timer.Due - _now == dueTime);
    }

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _now;
    }

    /// <inheritdoc />
    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <summary>Moves the clock forward by <paramref name="delta"/>.</summary>
    public void Advance(TimeSpan delta)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delta, TimeSpan.Zero);
        SetUtcNow(GetUtcNow() + delta);
    }

    /// <summary>
    /// Sets the clock. Forward, every timer that comes due on the way fires with the clock at its due time; back, as a clock
    /// that is corrected does, no timer fires, and those that wait keep their due time.
    /// </summary>
    public void SetUtcNow(DateTimeOffset value)
    {
        while (true)
        {
            ManualTimer? due;
            lock (_gate)
            {
                due = _timers.Where(timer => timer.Due <= value).MinBy(timer => (timer.Due, timer.Order));
                if (due is null)
                {
                    _now = value;
                    return;
                }

                if (due.Due > _now)
                    _now = due.Due;
                Schedule(due, due.Period > TimeSpan.Zero ? due.Period : Timeout.InfiniteTimeSpan);
            }

            due.Fire();
        }
    }

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void Schedule(ManualTimer timer, TimeSpan dueTime)
    {
        _timers.Remove(timer);
        if (dueTime == Timeout.InfiniteTimeSpan)
            return;
        timer.Due = _now + dueTime;
        timer.Order = _created++;
        _timers.Add(timer);
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private bool _disposed;

        public DateTimeOffset Due { get; set; }

        public long Order { get; set; }

        public TimeSpan Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            bool now;
            lock (clock._gate)
            {
                if (_disposed)
                    return false;
                Period = period;
                now = dueTime == TimeSpan.Zero;
                clock.Schedule(this, !now ? dueTime : period > TimeSpan.Zero ? period : Timeout.InfiniteTimeSpan);
            }

            // As with the system's timers, what is due at once runs on another thread, never inside the caller.
            if (now)
                ThreadPool.QueueUserWorkItem(static timer => timer.Fire(), this, preferLocal: false);
            return true;
        }

        public void Dispose()
        {
            lock (clock._gate)
            {
                _disposed = true;
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
