using System.Globalization;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Media.Grains.Ports;
using Media.Silo.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Media.Silo.Postgres;

/// <summary>
/// Tells of changed uploads: at once to listeners in this process, to those in others by NOTIFY. Notifications are sent beside the change that they
/// tell of, several in one statement where they come fast, and dropped when the database is away; that is what makes them hints. Where there are no others
/// (<see cref="SiloOptions.OnlyProcess"/>), nothing is sent.
/// </summary>
internal sealed partial class PostgresUploadSignals : BackgroundService, IUploadSignals
{
    /// <summary>The channel; payloads are <c>sender:tag</c>, <c>sender:tag:verified/size</c>, or <c>sender:tag:&lt;displaced client</c>.</summary>
    internal const string Channel = "media_upload";

    private const int MostAtOnce = 256;

    private readonly PostgresDatabase _database;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly bool _hasOthers;
    private readonly string _sender = Guid.NewGuid().ToString("N");
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<Subscription>> _subscriptions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<TakeoverSubscription>> _takeovers = new(StringComparer.Ordinal);
    private readonly Channel<string> _outgoing = System.Threading.Channels.Channel.CreateBounded<string>(
        new BoundedChannelOptions(16_384) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public PostgresUploadSignals(
        PostgresDatabase database, PostgresListener listener, IOptions<SiloOptions> options, TimeProvider time, ILogger<PostgresUploadSignals> logger)
    {
        _hasOthers = ActorRuntime.HasOthers(options.Value);
        _database = database;
        _time = time;
        _logger = logger;
        listener.Handle(Channel, OnNotification);
    }

    public ValueTask PublishAsync(string tag, CancellationToken cancellationToken)
    {
        Wake(tag);
        Send(tag);
        return ValueTask.CompletedTask;
    }

    public ValueTask PublishProgressAsync(string tag, VerificationProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(progress);
        Wake(tag, progress);
        Send(string.Create(CultureInfo.InvariantCulture, $"{tag}:{progress.Verified}/{progress.Size}"));
        return ValueTask.CompletedTask;
    }

    public ValueTask PublishTakeoverAsync(string tag, string displaced)
    {
        Tell(displaced, tag);
        Send($"{tag}:<{displaced}");
        return ValueTask.CompletedTask;
    }

    public IUploadSubscription Subscribe(string tag)
    {
        var subscription = new Subscription(this, tag);
        Add(_subscriptions, tag, subscription);
        return subscription;
    }

    public ITakeoverSubscription SubscribeTakeovers(string clientId)
    {
        var subscription = new TakeoverSubscription(this, clientId);
        Add(_takeovers, clientId, subscription);
        return subscription;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var payloads = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            while (await _outgoing.Reader.WaitToReadAsync(stoppingToken))
            {
                payloads.Clear();
                while (payloads.Count < MostAtOnce && _outgoing.Reader.TryRead(out var tag)) payloads.Add($"{_sender}:{tag}");
                await SendAsync([.. payloads], stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops; what was not sent is a hint less.
        }
    }

    private void Send(string payload)
    {
        if (_hasOthers) _outgoing.Writer.TryWrite(payload);
    }

    private async Task SendAsync(string[] payloads, CancellationToken cancellationToken)
    {
        try
        {
            await _database.RunAsync(
                static async (connection, payloads, token) =>
                {
                    await using var command = new NpgsqlCommand($"select count(pg_notify('{Channel}', payload)) from unnest($1) payload", connection)
                    {
                        Parameters = { new NpgsqlParameter<string[]> { TypedValue = payloads, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text } },
                    };
                    return await command.ExecuteScalarAsync(token);
                },
                payloads,
                cancellationToken);
        }
        catch (Exception failure) when (failure is StorageUnavailableException or PostgresException)
        {
            LogDropped(payloads.Length, failure.InnerException?.Message ?? failure.Message);
        }
    }

    private void OnNotification(string? payload)
    {
        if (payload is null)
        {
            lock (_lock)
            {
                foreach (var list in _subscriptions.Values)
                    foreach (var subscription in list) subscription.Wake();
            }
        }
        else if (payload.IndexOf(':', StringComparison.Ordinal) is var at and > 0 && !payload.AsSpan(0, at).SequenceEqual(_sender))
        {
            Hear(payload.AsSpan(at + 1));
        }
    }

    private void Hear(ReadOnlySpan<char> text)
    {
        var colon = text.IndexOf(':');
        var tag = (colon < 0 ? text : text[..colon]).ToString();
        var rest = colon < 0 ? [] : text[(colon + 1)..];
        if (rest is ['<', .. var displaced]) Tell(displaced.ToString(), tag);
        else Wake(tag, ProgressOf(rest));
    }

    private static VerificationProgress? ProgressOf(ReadOnlySpan<char> text)
    {
        var slash = text.IndexOf('/');
        return slash > 0
            && long.TryParse(text[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out var verified)
            && long.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                ? new VerificationProgress(verified, size)
                : null;
    }

    private void Wake(string tag, VerificationProgress? progress = null)
    {
        lock (_lock)
        {
            if (!_subscriptions.TryGetValue(tag, out var list)) return;
            foreach (var subscription in list) subscription.Wake(progress);
        }
    }

    private void Tell(string displaced, string tag)
    {
        lock (_lock)
        {
            if (!_takeovers.TryGetValue(displaced, out var list)) return;
            foreach (var subscription in list) subscription.Tell(tag);
        }
    }

    private void Add<T>(Dictionary<string, List<T>> listeners, string subject, T listener)
    {
        lock (_lock)
        {
            ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(listeners, subject, out _);
            (list ??= []).Add(listener);
        }
    }

    private void Remove<T>(Dictionary<string, List<T>> listeners, string subject, T listener)
    {
        lock (_lock)
        {
            if (listeners.TryGetValue(subject, out var list) && list.Remove(listener) && list.Count == 0)
                listeners.Remove(subject);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} upload signals are dropped: {Reason}")]
    private partial void LogDropped(int count, string reason);

    private sealed class Subscription(PostgresUploadSignals signals, string tag) : IUploadSubscription
    {
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public VerificationProgress? Progress { get; private set; }

        // Called under the lock of the signals.
        public void Wake(VerificationProgress? progress = null)
        {
            if (progress is not null) Progress = progress;
            Volatile.Read(ref _changed).TrySetResult();
        }

        public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
        {
            var changed = Volatile.Read(ref _changed);
            try
            {
                await changed.Task.WaitAsync(atMost, signals._time, cancellationToken);
            }
            catch (TimeoutException)
            {
                return;
            }

            // A change from here on is one that the caller has not been told of.
            Volatile.Write(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        public void Dispose() => signals.Remove(signals._subscriptions, tag, this);
    }

    private sealed class TakeoverSubscription(PostgresUploadSignals signals, string clientId) : ITakeoverSubscription
    {
        // A client has no more uploads than that under way; what is over is found by its heartbeats.
        private readonly Channel<string> _taken = System.Threading.Channels.Channel.CreateBounded<string>(
            new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

        // Called under the lock of the signals.
        public void Tell(string tag) => _taken.Writer.TryWrite(tag);

        public async Task<string?> NextAsync(TimeSpan atMost, CancellationToken cancellationToken)
        {
            using var limit = new CancellationTokenSource(atMost, signals._time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            try
            {
                return await _taken.Reader.ReadAsync(both.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return null;
            }
        }

        public void Dispose() => signals.Remove(signals._takeovers, clientId, this);
    }
}
