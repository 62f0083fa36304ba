using Media.Grains.Ports;
using Media.Silo.Postgres;
using Microsoft.Extensions.Options;

namespace Media.Silo.Jobs;

/// <summary>
/// Takes due jobs and runs them, several at once. Woken by a notification, by the next job's due time and by polling. A run's lease is renewed while it
/// lasts; when the process stops, runs are cancelled and their jobs given back.
/// </summary>
internal sealed partial class JobWorker : BackgroundService
{
    private readonly JobStore _store;
    private readonly JobOptions _options;
    private readonly Dictionary<string, IJobHandler> _handlers = new(StringComparer.Ordinal);
    private readonly string[] _unlimited;
    private readonly IJobHandler[] _limited;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WakeSignal _wake;
    private readonly Dictionary<Task, string> _running = [];

    public JobWorker(
        JobStore store, IEnumerable<IJobHandler> handlers, PostgresListener listener, IOptions<JobOptions> options, TimeProvider time, ILogger<JobWorker> logger)
    {
        _store = store;
        _options = options.Value;
        _store.Lease = _options.LeaseDuration;
        foreach (var handler in handlers)
        {
            if (!_handlers.TryAdd(handler.Kind, handler)) throw new InvalidOperationException($"Two handlers want jobs of kind {handler.Kind}.");
        }

        _limited = [.. _handlers.Values.Where(static handler => handler.MostAtOnce < int.MaxValue)];
        _unlimited = [.. _handlers.Keys.Except(_limited.Select(static handler => handler.Kind))];
        _time = time;
        _wake = new WakeSignal(time);
        _logger = logger;
        listener.Handle(JobStore.Channel, _ => _wake.Set());
    }

    public override void Dispose()
    {
        base.Dispose();
        _wake.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_options.Concurrency == 0 || _handlers.Count == 0) return;
        var registered = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!registered)
                {
                    await RegisterAsync(stoppingToken);
                    registered = true;
                }

                await _wake.WaitAsync(await ClaimAsync(stoppingToken), stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure)
            {
                LogStoreFailed(failure.InnerException?.Message ?? failure.Message);
                await Task.Delay(_options.PollInterval, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(_running.Keys);
    }

    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        foreach (var handler in _handlers.Values)
        {
            if (handler is IRecurringJobHandler recurring) await _store.RecurAsync(handler.Kind, recurring.Period, cancellationToken);
        }
    }

    /// <returns>How long to wait before looking again.</returns>
    private async Task<TimeSpan> ClaimAsync(CancellationToken stoppingToken)
    {
        foreach (var task in _running.Keys)
        {
            if (task.IsCompleted) _running.Remove(task);
        }

        var free = _options.Concurrency - _running.Count;
        if (_unlimited.Length > 0) free -= await StartAsync(_unlimited, free, stoppingToken);
        // Kinds with a limit come last, so that the others do not wait for them.
        List<string> open = [.. _unlimited];
        foreach (var handler in _limited)
        {
            var room = handler.MostAtOnce - _running.Values.Count(kind => kind == handler.Kind);
            if (room <= 0) continue;
            var started = await StartAsync([handler.Kind], Math.Min(free, room), stoppingToken);
            free -= started;
            if (started < room) open.Add(handler.Kind);
        }

        // A run that ends wakes the worker, for kinds that have no room now, too.
        if (free == 0 || open.Count == 0) return _options.PollInterval;
        var next = await _store.FindNextDueAsync([.. open], stoppingToken) ?? _options.PollInterval;
        return next < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : next < _options.PollInterval ? next : _options.PollInterval;
    }

    private async Task<int> StartAsync(string[] kinds, int most, CancellationToken stoppingToken)
    {
        if (most == 0) return 0;
        var jobs = await _store.ClaimAsync(kinds, most, _options.LeaseDuration, stoppingToken);
        foreach (var job in jobs) _running.Add(RunAsync(job, stoppingToken), job.Kind);
        return jobs.Count;
    }

    private async Task RunAsync(ClaimedJob job, CancellationToken stoppingToken)
    {
        // The worker's own loop goes on first.
        await Task.Yield();
        try
        {
            await RunLeasedAsync(job, stoppingToken);
        }
        catch (Exception failure)
        {
            // The outcome could not be recorded; the lease runs out, and the job is taken again.
            LogRecordFailed(job.Kind, job.Id, failure.InnerException?.Message ?? failure.Message);
        }
        finally
        {
            _wake.Set();
        }
    }

    private async Task RunLeasedAsync(ClaimedJob job, CancellationToken stoppingToken)
    {
        using var run = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        using var heart = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var lost = new StrongBox();
        var beating = BeatAsync(job, lost, run, heart.Token);
        Exception? failure = null;
        var handler = _handlers[job.Kind];
        var context = new JobContext(_store, job);
        try
        {
            await handler.RunAsync(context, run.Token);
        }
        catch (Exception thrown)
        {
            failure = thrown;
        }

        await heart.CancelAsync();
        await beating;
        if (lost.Value || failure is JobLostException)
        {
            LogLost(job.Kind, job.Id);
        }
        else if (failure is null && context.PostponedBy is { } pause)
        {
            await _store.ReleaseAsync(job, pause, CancellationToken.None);
        }
        else if (failure is null)
        {
            await _store.CompleteAsync(job, CancellationToken.None);
        }
        else if (failure is OperationCanceledException && stoppingToken.IsCancellationRequested)
        {
            await _store.ReleaseAsync(job, TimeSpan.Zero, CancellationToken.None);
        }
        else
        {
            LogFailed(failure, job.Kind, job.Id, job.Attempts);
            await _store.FailAsync(job, PauseAfter(job.Attempts), failure.Message, handler.IsTriedForEver ? int.MaxValue : _options.MaxAttempts, CancellationToken.None);
        }
    }

    private async Task BeatAsync(ClaimedJob job, StrongBox lost, CancellationTokenSource run, CancellationToken cancellationToken)
    {
        var lastBeat = _time.GetTimestamp();
        try
        {
            using var timer = new PeriodicTimer(_options.LeaseDuration / 3, _time);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                try
                {
                    var sent = _time.GetTimestamp();
                    lost.Value = !await _store.HeartbeatAsync(job, null, cancellationToken);
                    lastBeat = sent;
                }
                catch (StorageUnavailableException)
                {
                    // Without the database nobody else can take the job either, but once it is back another may be first.
                    lost.Value = _time.GetElapsedTime(lastBeat) > _options.LeaseDuration;
                }

                if (!lost.Value) continue;
                await run.CancelAsync();
                return;
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private TimeSpan PauseAfter(int attempts)
    {
        var pause = _options.FirstPause * Math.Pow(2, Math.Min(attempts - 1, 30));
        return pause < _options.LongestPause ? pause : _options.LongestPause;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Jobs cannot be taken: {Reason}")]
    private partial void LogStoreFailed(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The outcome of {Kind} job {Id} could not be recorded: {Reason}")]
    private partial void LogRecordFailed(string kind, long id, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease of {Kind} job {Id} is lost.")]
    private partial void LogLost(string kind, long id);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Kind} job {Id} failed in attempt {Attempt}.")]
    private partial void LogFailed(Exception failure, string kind, long id, int attempt);

    private sealed class StrongBox
    {
        public volatile bool Value;
    }
}
