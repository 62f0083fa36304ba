using Microsoft.Extensions.Options;

namespace Media.Silo.Outbox;

/// <summary>Somebody who is told of events.</summary>
/// <param name="Name">As in the database.</param>
/// <param name="Patterns">Which types, as patterns of SQL's LIKE.</param>
/// <param name="Sender">The way there.</param>
internal sealed record Destination(string Name, string[] Patterns, IEventSender Sender)
{
    /// <summary>The broker's name; no webhook may have it.</summary>
    public const string RabbitMq = "rabbitmq";
}

/// <summary>All destinations of the settings.</summary>
internal sealed class Destinations : IAsyncDisposable
{
    public Destinations(IOptions<EventsOptions> options, TimeProvider time, ILoggerFactory loggers)
    {
        var settings = options.Value;
        var all = new List<Destination>(settings.Webhooks.Count + 1);
        foreach (var webhook in settings.Webhooks)
            all.Add(new Destination(webhook.Name, EventFilter.ToPatterns(webhook.Types), new WebhookSender(webhook, settings, time)));
        if (settings.RabbitMq.IsSet)
        {
            all.Add(new Destination(
                Destination.RabbitMq, EventFilter.ToPatterns(settings.RabbitMq.Types), new RabbitMqSender(settings, time, loggers.CreateLogger<RabbitMqSender>())));
        }

        All = all;
        Names = [.. all.ConvertAll(static destination => destination.Name)];
    }

    public IReadOnlyList<Destination> All { get; }

    public string[] Names { get; }

    public async ValueTask DisposeAsync()
    {
        foreach (var destination in All) await destination.Sender.DisposeAsync();
    }
}
