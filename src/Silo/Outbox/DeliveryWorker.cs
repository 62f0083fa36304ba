using Media.Silo.Postgres;
using Microsoft.Extensions.Options;

namespace Media.Silo.Outbox;

/// <summary>Sends events: one queue per destination, so that one that is slow or gone holds up no other.</summary>
internal sealed class DeliveryWorker : BackgroundService
{
    private readonly EventsOptions _options;
    private readonly DestinationQueue[] _queues;

    public DeliveryWorker(
        DeliveryStore store, Destinations destinations, PostgresListener listener, IOptions<EventsOptions> options, TimeProvider time, ILogger<DeliveryWorker> logger)
    {
        _options = options.Value;
        _queues = [.. destinations.All.Select(destination => new DestinationQueue(destination, store, _options, time, logger))];
        listener.Handle(OutboxStore.DeliveriesChannel, _ => Wake());
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (var queue in _queues) queue.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        _options.Concurrency == 0 ? Task.CompletedTask : Task.WhenAll(_queues.Select(queue => queue.RunAsync(stoppingToken)));

    private void Wake()
    {
        foreach (var queue in _queues) queue.Wake();
    }
}
