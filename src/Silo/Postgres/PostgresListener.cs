using System.Collections.Concurrent;
using Npgsql;

namespace Media.Silo.Postgres;

/// <summary>
/// The process's one listening connection. Made again whenever it breaks; then every listener is told that it may have missed something,
/// by a null payload.
/// </summary>
internal sealed partial class PostgresListener(PostgresDatabase database, TimeProvider time, ILogger<PostgresListener> logger) : BackgroundService
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    // A connection that died without a word is found out by asking it something now and then.
    private const int ProbeMilliseconds = 15_000;

    private readonly ConcurrentDictionary<string, Action<string?>> _handlers = new(StringComparer.Ordinal);
    private TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes while the connection is up and listens.</summary>
    public Task Listening => Volatile.Read(ref _listening).Task;

    /// <summary>Says what to do with a channel's notifications. To be called before the process's services start.</summary>
    /// <param name="channel">A name of lower-case letters and underscores.</param>
    /// <param name="handle">Gets the payload; must neither block nor throw.</param>
    public void Handle(string channel, Action<string?> handle)
    {
        if (!_handlers.TryAdd(channel, handle)) throw new InvalidOperationException($"The channel {channel} is taken.");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = ShortestPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.OpenDedicatedAsync("listener", stoppingToken);
                connection.Notification += OnNotification;
                foreach (var channel in _handlers.Keys) await ExecuteAsync(connection, $"listen {channel}", stoppingToken);
                TellAll();
                pause = ShortestPause;
                _listening.TrySetResult();
                while (true)
                {
                    if (!await connection.WaitAsync(ProbeMilliseconds, stoppingToken)) await ExecuteAsync(connection, "select 1", stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (PostgresFailures.IsUnavailable(failure) || failure is NpgsqlException)
            {
                LogBroken(failure.Message, pause);
            }

            if (_listening.Task.IsCompleted) Volatile.Write(ref _listening, new(TaskCreationOptions.RunContinuationsAsynchronously));
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // Channels are names in this program's own text.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private void OnNotification(object sender, NpgsqlNotificationEventArgs notification)
    {
        if (_handlers.TryGetValue(notification.Channel, out var handle)) handle(notification.Payload);
    }

    private void TellAll()
    {
        foreach (var handle in _handlers.Values) handle(null);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The listening connection is gone ({Reason}); connecting again in {Pause}.")]
    private partial void LogBroken(string reason, TimeSpan pause);
}
