using System.Globalization;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Media.Silo.Outbox;

/// <summary>
/// Publishes events to a topic exchange: persistent, and delivered when the broker has confirmed them. One connection, made when it is needed; after one
/// that could not be made the next is tried after a pause, and events fail at once until then.
/// </summary>
internal sealed partial class RabbitMqSender : IEventSender
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(2);

    private readonly RabbitMqOptions _options;
    private readonly string _source;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConnectionFactory _factory;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private IConnection? _connection;
    private IChannel? _channel;
    private TimeSpan _pause = ShortestPause;
    private DateTimeOffset _notBefore;
    private string _failure = "";

    public RabbitMqSender(EventsOptions options, TimeProvider time, ILogger<RabbitMqSender> logger)
    {
        _options = options.RabbitMq;
        _source = options.Source;
        _timeout = options.Timeout;
        _time = time;
        _logger = logger;
        _factory = CreateFactory(_options, _timeout);
    }

    public async Task<SendOutcome> SendAsync(OutgoingEvent outgoing, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            if (await GetChannelAsync(either.Token) is not { } channel) return SendOutcome.Failed(_failure);
            var key = _options.RoutingKey.Replace("{type}", outgoing.Type, StringComparison.Ordinal).Replace("{subject}", outgoing.Subject, StringComparison.Ordinal);
            // Returns when the broker has confirmed.
            await channel.BasicPublishAsync(_options.Exchange, key, mandatory: false, CreateProperties(outgoing), CloudEvent.Write(outgoing, _source), either.Token);
            return SendOutcome.Delivered;
        }
        catch (PublishException)
        {
            return SendOutcome.Failed("The broker did not take the message.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return SendOutcome.Failed(string.Create(CultureInfo.InvariantCulture, $"The broker did not confirm within {_timeout.TotalSeconds:0.###} s."));
        }
        catch (Exception failure) when (IsBrokers(failure))
        {
            return SendOutcome.Failed(failure.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _gate.Dispose();
    }

    private static ConnectionFactory CreateFactory(RabbitMqOptions options, TimeSpan timeout)
    {
        var factory = new ConnectionFactory
        {
            ClientProvidedName = "media events",
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
            RequestedConnectionTimeout = timeout,
            ContinuationTimeout = timeout,
        };
        if (!string.IsNullOrEmpty(options.Uri))
        {
            factory.Uri = new Uri(options.Uri);
            return factory;
        }

        factory.HostName = options.Host!;
        factory.Port = options.Port > 0 ? options.Port : AmqpTcpEndpoint.UseDefaultPort;
        factory.VirtualHost = options.VirtualHost;
        factory.UserName = options.User;
        factory.Password = options.Password;
        factory.Ssl.Enabled = options.Tls;
        factory.Ssl.ServerName = options.Host!;
        return factory;
    }

    private static bool IsBrokers(Exception failure) =>
        failure is RabbitMQClientException or IOException or TimeoutException or ObjectDisposedException or System.Net.Sockets.SocketException;

    private BasicProperties CreateProperties(OutgoingEvent outgoing) => new()
    {
        ContentType = CloudEvent.ContentType,
        DeliveryMode = DeliveryModes.Persistent,
        MessageId = outgoing.Id,
        Type = outgoing.Type,
        Timestamp = new AmqpTimestamp(outgoing.Time.ToUnixTimeSeconds()),
        AppId = "media",
        // For exchanges and consumers that look at headers; the message has it all in its body too.
        Headers = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["cloudEvents_specversion"] = CloudEvent.SpecVersion,
            ["cloudEvents_id"] = outgoing.Id,
            ["cloudEvents_source"] = _source,
            ["cloudEvents_type"] = outgoing.Type,
            ["cloudEvents_subject"] = outgoing.Subject,
            ["cloudEvents_time"] = CloudEvent.FormatTime(outgoing.Time),
        },
    };

    /// <returns>Null where there is none, and it is too early to try again.</returns>
    private async Task<IChannel?> GetChannelAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _channel) is { IsOpen: true } open) return open;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_channel is { IsOpen: true } other) return other;
            if (_time.GetUtcNow() < _notBefore) return null;
            await CloseAsync();
            try
            {
                var channel = await ConnectAsync(cancellationToken);
                _pause = ShortestPause;
                Volatile.Write(ref _channel, channel);
                return channel;
            }
            catch (Exception failure) when (IsBrokers(failure) || failure is OperationCanceledException)
            {
                _failure = failure is OperationCanceledException ? "The broker does not answer." : (failure.InnerException ?? failure).Message;
                _notBefore = _time.GetUtcNow() + _pause;
                LogNotConnected(_failure, _pause);
                _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
                await CloseAsync();
                cancellationToken.ThrowIfCancellationRequested();
                return null;
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<IChannel> ConnectAsync(CancellationToken cancellationToken)
    {
        _connection = await _factory.CreateConnectionAsync(cancellationToken);
        var channel = await _connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
        if (_options.DeclareExchange)
        {
            await channel.ExchangeDeclareAsync(
                _options.Exchange, ExchangeType.Topic, durable: true, autoDelete: false, arguments: null, passive: false, noWait: false, cancellationToken);
        }

        return channel;
    }

    private async Task CloseAsync()
    {
        _channel = null;
        if (Interlocked.Exchange(ref _connection, null) is not { } connection) return;
        await connection.AbortAsync(CloseTime);
        await connection.DisposeAsync();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "RabbitMQ cannot be reached ({Reason}); trying again in {Pause}.")]
    private partial void LogNotConnected(string reason, TimeSpan pause);
}
