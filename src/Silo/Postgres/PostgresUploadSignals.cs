using System.Globalization;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Media.Grains.Ports;
using Npgsql;
using NpgsqlTypes;

namespace Media.Silo.Postgres;

/// <summary>
/// Tells of changed uploads: at once to listeners in this process, to those in others by NOTIFY. Notifications are sent beside the change that they
/// tell of, several in one statement where they come fast, and dropped when the database is away; that is what makes them hints.
/// </summary>
internal sealed partial class PostgresUploadSignals : BackgroundService, IUploadSignals
{
    /// <summary>The channel; payloads are <c>sender:tag</c>, or <c>sender:tag:verified/size</c>.</summary>
    internal const string Channel = "media_upload";

    private const int MostAtOnce = 256;

    private readonly PostgresDatabase _database;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _sender = Guid.NewGuid().ToString("N");
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<Subscription>> _subscriptions = new(StringComparer.Ordinal);
    private readonly Channel<string> _outgoing = System.Threading.Channels.Channel.CreateBounded<string>(
        new BoundedChannelOptions(16_384) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public PostgresUploadSignals(PostgresDatabase database, PostgresListener listener, TimeProvider time, ILogger<PostgresUploadSignals> logger)
    {
        _database = database;
        _time = time;
        _logger = logger;
        listener.Handle(Channel, OnNotification);
    }

    public ValueTask PublishAsync(string tag, CancellationToken cancellationToken)
    {
        Wake(tag);
        _outgoing.Writer.TryWrite(tag);
        return ValueTask.CompletedTask;
    }

    public ValueTask PublishProgressAsync(string tag, VerificationProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(progress);
        Wake(tag, progress);
        _outgoing.Writer.TryWrite(string.Create(CultureInfo.InvariantCulture, $"{tag}:{progress.Verified}/{progress.Size}"));
        return ValueTask.CompletedTask;
    }

    public IUploadSubscription Subscribe(string tag)
    {
        var subscription = new Subscription(this, tag);
        lock (_lock)
        {
            ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(_subscriptions, tag, out _);
            (list ??= []).Add(subscription);
        }

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
            var (tag, progress) = Parse(payload[(at + 1)..]);
            Wake(tag, progress);
        }
    }

    private static (string Tag, VerificationProgress? Progress) Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) return (text, null);
        var tag = text[..colon];
        var rest = text.AsSpan(colon + 1);
        var slash = rest.IndexOf('/');
        return slash > 0
            && long.TryParse(rest[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out var verified)
            && long.TryParse(rest[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                ? (tag, new VerificationProgress(verified, size))
                : (tag, null);
    }

    private void Wake(string tag, VerificationProgress? progress = null)
    {
        lock (_lock)
        {
            if (!_subscriptions.TryGetValue(tag, out var list)) return;
            foreach (var subscription in list) subscription.Wake(progress);
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (_lock)
        {
            if (_subscriptions.TryGetValue(subscription.Tag, out var list) && list.Remove(subscription) && list.Count == 0)
                _subscriptions.Remove(subscription.Tag);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} upload signals are dropped: {Reason}")]
    private partial void LogDropped(int count, string reason);

    private sealed class Subscription(PostgresUploadSignals signals, string tag) : IUploadSubscription
    {
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Tag => tag;

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

        public void Dispose() => signals.Remove(this);
    }
}
