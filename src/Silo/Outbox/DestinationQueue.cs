using Media.Silo.Jobs;

namespace Media.Silo.Outbox;

/// <summary>
/// Takes one destination's due deliveries and sends them, several at once, never two of one subject. A lease outlasts a try, so nothing has to renew it.
/// When the process stops, tries get a moment to end, as one that is cut off may have arrived and be sent again.
/// </summary>
internal sealed partial class DestinationQueue(Destination destination, DeliveryStore store, EventsOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    // From the try's end to its record; with the time-out it is how long a lease lasts.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly WakeSignal _wake = new(time);
    private readonly HashSet<Task> _running = [];
    private readonly CancellationTokenSource _sending = new();

    private TimeSpan Lease => options.Timeout + Margin;

    /// <summary>There may be something to send.</summary>
    public void Wake() => _wake.Set();

    public void Dispose()
    {
        _wake.Dispose();
        _sending.Dispose();
    }

    /// <summary>Sends until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken stoppingToken)
    {
        // What the host starts goes on first.
        await Task.Yield();
        await using var stopping = stoppingToken.Register(() => _sending.CancelAfter(StopTime));
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _wake.WaitAsync(await ClaimAsync(stoppingToken), stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure)
            {
                LogStoreFailed(destination.Name, failure.InnerException?.Message ?? failure.Message);
                await Task.Delay(options.PollInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(_running);
    }

    /// <returns>How long to wait before looking again.</returns>
    private async Task<TimeSpan> ClaimAsync(CancellationToken stoppingToken)
    {
        _running.RemoveWhere(static task => task.IsCompleted);
        var free = options.Concurrency - _running.Count;
        // A try that ends wakes the queue.
        if (free == 0) return options.PollInterval;
        var since = time.GetTimestamp();
        var claim = await store.ClaimAsync(destination.Name, free, Lease, stoppingToken);
        foreach (var delivery in claim.Taken) _running.Add(RunAsync(delivery, since));
        if (claim.Taken.Count == free) return options.PollInterval;
        if (claim.More) return ShortestWait;
        var next = await store.FindNextDueAsync(destination.Name, stoppingToken) ?? options.PollInterval;
        return next < ShortestWait ? ShortestWait : next < options.PollInterval ? next : options.PollInterval;
    }

    private async Task RunAsync(ClaimedDelivery delivery, long since)
    {
        await Task.Yield();
        try
        {
            await SendAsync(delivery, since);
        }
        catch (Exception failure)
        {
            // The outcome could not be recorded; the lease runs out, and the event is sent again.
            LogRecordFailed(delivery.Event.Id, destination.Name, failure.InnerException?.Message ?? failure.Message);
        }
        finally
        {
            _wake.Set();
        }
    }

    private async Task SendAsync(ClaimedDelivery delivery, long since)
    {
        // A process that was held up for so long may not be the only one to have it: sent now, it could arrive after later ones.
        if (time.GetElapsedTime(since) > Margin / 2) return;
        SendOutcome outcome;
        try
        {
            outcome = await destination.Sender.SendAsync(delivery.Event, _sending.Token);
        }
        catch (OperationCanceledException) when (_sending.IsCancellationRequested)
        {
            await store.ReleaseAsync(delivery, CancellationToken.None);
            return;
        }
        catch (Exception failure)
        {
            LogSenderFailed(failure, delivery.Event.Id, destination.Name);
            outcome = SendOutcome.Failed(failure.Message);
        }

        await RecordAsync(delivery, outcome);
    }

    private async Task RecordAsync(ClaimedDelivery delivery, SendOutcome outcome)
    {
        switch (outcome.Result)
        {
            case SendResult.Delivered:
                await store.DeliveredAsync(delivery, CancellationToken.None);
                LogDelivered(delivery.Event.Id, destination.Name, delivery.Attempts);
                return;
            case SendResult.Refused:
                await store.DeadAsync(delivery, outcome.Error!, CancellationToken.None);
                LogDead(delivery.Event.Id, destination.Name, delivery.Attempts, outcome.Error!);
                return;
            default:
                var wish = outcome.RetryAfter ?? TimeSpan.Zero;
                var dead = await store.FailedAsync(
                    delivery, outcome.Error!, PauseAfter(delivery.Attempts), wish < options.LongestPause ? wish : options.LongestPause, options.GiveUpAfter, CancellationToken.None);
                if (dead) LogDead(delivery.Event.Id, destination.Name, delivery.Attempts, outcome.Error!);
                else LogFailed(delivery.Event.Id, destination.Name, delivery.Attempts, outcome.Error!);
                return;
        }
    }

    private TimeSpan PauseAfter(int attempts)
    {
        var pause = options.FirstPause * Math.Pow(2, Math.Min(attempts - 1, 30));
        return pause < options.LongestPause ? pause : options.LongestPause;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Events for {Destination} cannot be taken: {Reason}")]
    private partial void LogStoreFailed(string destination, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What came of sending event {Event} to {Destination} could not be recorded: {Reason}")]
    private partial void LogRecordFailed(string @event, string destination, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Event {Event} could not be sent to {Destination}.")]
    private partial void LogSenderFailed(Exception failure, string @event, string destination);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Event {Event} was delivered to {Destination} in attempt {Attempt}.")]
    private partial void LogDelivered(string @event, string destination, int attempt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event {Event} was not delivered to {Destination} in attempt {Attempt}: {Reason}")]
    private partial void LogFailed(string @event, string destination, int attempt, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Event {Event} for {Destination} is a dead letter after attempt {Attempt}: {Reason}")]
    private partial void LogDead(string @event, string destination, int attempt, string reason);
}
