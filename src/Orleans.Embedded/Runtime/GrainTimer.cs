using Orleans.Runtime;

namespace Orleans.Embedded;

/// <summary>Puts a turn into its activation's queue each time it is due; the next is due when that turn has ended.</summary>
internal sealed class GrainTimer : IGrainTimer
{
    private readonly CancellationTokenSource _disposed = new();
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly GrainTimerCreationOptions _options;
    private readonly ITimer _clock;
    private long _period;
    private volatile bool _changed;

    public GrainTimer(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        (_activation, _callback, _options) = (activation, callback, options);
        using (ExecutionContext.SuppressFlow())
            _clock = activation.Runtime.Time.CreateTimer(static self => ((GrainTimer)self!).Due(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        _changed = true;
        Volatile.Write(ref _period, period.Ticks);
        _clock.Change(dueTime, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        if (_disposed.IsCancellationRequested)
            return;
        _disposed.Cancel();
        _clock.Dispose();
        _activation.Forget(this);
    }

    private void Due()
    {
        if (!_disposed.IsCancellationRequested)
            _activation.TryEnqueue(new Tick(this));
    }

    private sealed class Tick : Call
    {
        private readonly GrainTimer _timer;

        public Tick(GrainTimer timer)
            : base(timer._activation.GrainId, null) => (_timer, Interleaves, KeepsAlive) = (timer, timer._options.Interleave, timer._options.KeepAlive);

        public override string Name => "timer";

        public override bool OutlivesActivation => false;

        public override bool HoldsSilo => false;

        public override Task Run(Activation activation)
        {
            _timer._changed = false;
            return _timer._disposed.IsCancellationRequested ? Task.CompletedTask : _timer._callback(_timer._disposed.Token);
        }

        public override void Settle(Exception? failure)
        {
            if (failure is not null && !_timer._disposed.IsCancellationRequested)
                Log.TimerFailed(_timer._activation.Runtime.Logger, Target, failure);
            if (!_timer._disposed.IsCancellationRequested && !_timer._changed)
                _timer._clock.Change(new TimeSpan(Volatile.Read(ref _timer._period)), Timeout.InfiniteTimeSpan);
        }
    }
}
