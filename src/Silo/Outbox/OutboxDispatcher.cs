using Media.Silo.Jobs;
using Media.Silo.Postgres;
using Microsoft.Extensions.Options;

namespace Media.Silo.Outbox;

/// <summary>
/// Hands new events on to the destinations' queues, woken by what writes them and by polling. Also says, now and then, which destinations this process has
/// in its settings.
/// </summary>
internal sealed partial class OutboxDispatcher : BackgroundService
{
    private const int Batch = 500;

    // Many uploads at once would have it look for each event by itself.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(20);

    private readonly OutboxStore _store;
    private readonly Destinations _destinations;
    private readonly EventsOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WakeSignal _wake;
    private DateTimeOffset _seeAgain;

    public OutboxDispatcher(
        OutboxStore store, Destinations destinations, PostgresListener listener, IOptions<EventsOptions> options, TimeProvider time, ILogger<OutboxDispatcher> logger)
    {
        _store = store;
        _destinations = destinations;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _wake = new WakeSignal(time);
        listener.Handle(PostgresEffects.EventsChannel, _ => _wake.Set());
    }

    public override void Dispose()
    {
        base.Dispose();
        _wake.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await SeeAsync(stoppingToken);
                // Where another process is at it, that one was woken too.
                while (await _store.DispatchAsync(_destinations.All, Batch, stoppingToken) == Batch)
                {
                    // There may be more.
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                LogFailed(failure.InnerException?.Message ?? failure.Message);
            }

            try
            {
                await _wake.WaitAsync(_options.PollInterval, stoppingToken);
                await Task.Delay(Gathering, _time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    // Before the first delivery is made: a destination that nobody has seen is one that nobody has.
    private async Task SeeAsync(CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        if (now < _seeAgain) return;
        await _store.SeeAsync(_destinations.Names, cancellationToken);
        _seeAgain = now + (_options.ForgetAfter / 10);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Events cannot be handed on: {Reason}")]
    private partial void LogFailed(string reason);
}
