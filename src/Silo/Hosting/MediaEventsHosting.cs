using Media.Grains.Ports;
using Media.Silo.Jobs;
using Media.Silo.Outbox;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Media.Silo.Hosting;

/// <summary>Puts into a host what tells events to others.</summary>
internal static class MediaEventsHosting
{
    /// <summary>Adds the settings of events and the administrators' view of their deliveries; for processes that have the database.</summary>
    public static void AddMediaEventSettings(this IHostApplicationBuilder builder)
    {
        builder.AddValidated<EventsOptions>(EventsOptions.Section);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EventsOptions>, EventsOptionsValidator>());
        builder.Services.TryAddSingleton<IEventDeliveries, PostgresEventDeliveries>();
    }

    /// <summary>Adds the outbox's way to the destinations.</summary>
    public static void AddMediaEvents(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton<OutboxStore>();
        services.TryAddSingleton<DeliveryStore>();
        services.TryAddSingleton<Destinations>();
        services.AddHostedService<OutboxDispatcher>();
        services.AddHostedService<DeliveryWorker>();
        services.AddSingleton<IJobHandler, TendEventsJob>();
    }
}
