using Media.Silo.Jobs;
using Microsoft.Extensions.Options;

namespace Media.Silo.Outbox;

/// <summary>Gives up what is meant for destinations that are gone from the settings, and deletes what was delivered long ago.</summary>
internal sealed class TendEventsJob(OutboxStore store, Destinations destinations, IOptions<EventsOptions> options) : IRecurringJobHandler
{
    private const int Batch = 1_000;

    public string Kind => "tend-events";

    public TimeSpan Period => TimeSpan.FromMinutes(1);

    public async Task RunAsync(JobContext job, CancellationToken cancellationToken)
    {
        // After an hour in which no process ran, nobody has been seen: those of this one's settings are there nevertheless.
        await store.SeeAsync(destinations.Names, cancellationToken);
        while (await store.BuryAsync(options.Value.ForgetAfter, Batch, cancellationToken) == Batch)
        {
            // There may be more.
        }

        while (true)
        {
            var (deliveries, events) = await store.PurgeAsync(options.Value.Retention, Batch, cancellationToken);
            if (deliveries < Batch && events < Batch) return;
        }
    }
}
