using Media.Grains.Events;
using Media.Grains.Ports;
using Media.Silo.Outbox;
using Media.Silo.Postgres;
using Media.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Media.Silo.Tests.Outbox;

/// <summary>What a process does about events: it hands new ones on, and sends them.</summary>
internal sealed class EventsProcess : IAsyncDisposable
{
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly PostgresListener _listener;
    private readonly OutboxDispatcher _dispatcher;
    private readonly DeliveryWorker _worker;
    private readonly Destinations _destinations;

    private EventsProcess(PostgresDatabase database, EventsOptions options)
    {
        var settings = Options.Create(options);
        _destinations = new Destinations(settings, TimeProvider.System, NullLoggerFactory.Instance);
        _listener = new PostgresListener(database, TimeProvider.System, NullLogger<PostgresListener>.Instance);
        Store = new OutboxStore(database);
        _dispatcher = new OutboxDispatcher(Store, _destinations, _listener, settings, TimeProvider.System, NullLogger<OutboxDispatcher>.Instance);
        _worker = new DeliveryWorker(new DeliveryStore(database), _destinations, _listener, settings, TimeProvider.System, NullLogger<DeliveryWorker>.Instance);
        Tending = new TendEventsJob(Store, _destinations, settings);
        Deliveries = new PostgresEventDeliveries(database, settings);
    }

    public OutboxStore Store { get; }

    public TendEventsJob Tending { get; }

    public IEventDeliveries Deliveries { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Settings with one receiver for each address, called <c>a</c>, <c>b</c> and so on, and pauses for tests.</summary>
    public static EventsOptions To(params Uri[] urls)
    {
        var options = new EventsOptions
        {
            FirstPause = TimeSpan.FromMilliseconds(20),
            LongestPause = TimeSpan.FromMilliseconds(200),
            PollInterval = TimeSpan.FromMilliseconds(500),
            Timeout = TimeSpan.FromSeconds(30),
        };
        for (var i = 0; i < urls.Length; i++) options.Webhooks.Add(new WebhookOptions { Name = $"{(char)('a' + i)}", Url = urls[i].ToString(), Secret = Secret });
        return options;
    }

    public static async Task<EventsProcess> StartAsync(PostgresDatabase database, EventsOptions options)
    {
        var process = new EventsProcess(database, options);
        await process._listener.StartAsync(Token);
        await process._listener.Listening.WaitAsync(Eventually.DefaultTimeout, Token);
        await process._dispatcher.StartAsync(Token);
        await process._worker.StartAsync(Token);
        return process;
    }

    /// <summary>Writes events as what makes them true does: in one transaction.</summary>
    public static async Task AnnounceAsync(PostgresDatabase database, params MediaEvent[] events)
    {
        await using var connection = await database.Source.OpenConnectionAsync(Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        await PostgresEffects.WriteAsync(connection, new StateEffects([.. events], []), Token);
        await transaction.CommitAsync(Token);
    }

    public static MediaEvent Event(string subject, string type, string user = "ann") =>
        new(type, subject, new DateTimeOffset(2030, 1, 2, 3, 4, 5, 678, TimeSpan.Zero), new EventData { User = user, FileName = "Füße.mov", Size = 12 });

    public async ValueTask DisposeAsync()
    {
        await _dispatcher.StopAsync(CancellationToken.None);
        await _worker.StopAsync(CancellationToken.None);
        await _listener.StopAsync(CancellationToken.None);
        _worker.Dispose();
        _dispatcher.Dispose();
        _listener.Dispose();
        await _destinations.DisposeAsync();
    }
}
