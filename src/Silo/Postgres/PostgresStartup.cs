using Npgsql;

namespace Media.Silo.Postgres;

/// <summary>
/// Before anything else of the process starts: waits until the database answers, however long that takes, and brings its schema up to date.
/// A schema that does not fit ends the process instead, as waiting would not help.
/// </summary>
internal sealed partial class PostgresStartup(SchemaMigrator migrator, TimeProvider time, ILogger<PostgresStartup> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var scripts = SchemaScript.LoadEmbedded();
        for (var pause = TimeSpan.FromMilliseconds(100); ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await migrator.MigrateAsync(scripts, cancellationToken);
                return;
            }
            catch (Exception failure) when (IsWorthWaiting(failure))
            {
                LogWaiting(failure.Message, pause);
                await Task.Delay(pause, time, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // 3D000: the database is not created yet, as happens where it is made beside the server's first start.
    private static bool IsWorthWaiting(Exception failure) =>
        failure is PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } || PostgresFailures.IsUnavailable(failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database does not answer ({Reason}); trying again in {Pause}.")]
    private partial void LogWaiting(string reason, TimeSpan pause);
}
