using System.Diagnostics;
using Media.Grains.Ports;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Media.Silo.Postgres;

/// <summary>
/// The way to the database: one pool per process. A call whose pooled connection turns out to be dead, as all are after the database was
/// restarted, is run once more on a fresh one; whatever the database's absence does to a call comes out as <see cref="StorageUnavailableException"/>.
/// </summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    // A pooled connection that was dead all along is found out sooner than this; later it may be the server that is in trouble.
    private static readonly TimeSpan LatestRetry = TimeSpan.FromSeconds(1);

    private readonly string _connectionString;

    public PostgresDatabase(IOptions<PostgresOptions> options, ILoggerFactory loggers)
    {
        var settings = options.Value;
        var builder = new NpgsqlConnectionStringBuilder(settings.ConnectionString)
        {
            Pooling = true,
            MaxPoolSize = settings.MaxPoolSize,
            Timeout = Math.Max(1, (int)settings.ConnectTimeout.TotalSeconds),
            CommandTimeout = Math.Max(1, (int)settings.CommandTimeout.TotalSeconds),
            // A server that is frozen rather than gone does not answer the cancellation either.
            CancellationTimeout = 500,
            MaxAutoPrepare = settings.MaxPreparedStatements,
            AutoPrepareMinUsages = 2,
            Multiplexing = false,
            // Nothing here changes a session: no SET, no temporary table, no lock that outlives its transaction.
            NoResetOnClose = true,
            IncludeErrorDetail = false,
        };
        builder.ApplicationName ??= "media";
        builder.Options = $"{builder.Options} -c statement_timeout={builder.CommandTimeout * 1000}".TrimStart();
        _connectionString = builder.ConnectionString;
        var source = new NpgsqlDataSourceBuilder(_connectionString);
        source.UseLoggerFactory(loggers);
        Source = source.Build();
    }

    /// <summary>The pool itself, for work whose failures the caller handles.</summary>
    public NpgsqlDataSource Source { get; }

    /// <summary>Runs work on a pooled connection.</summary>
    /// <param name="work">May run twice, and then the first run may have taken effect: it has to be of a kind that can be repeated.</param>
    /// <param name="argument">Handed to the work, so that it needs no closure.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StorageUnavailableException">The database does not answer.</exception>
    public async Task<TResult> RunAsync<TArgument, TResult>(
        Func<NpgsqlConnection, TArgument, CancellationToken, Task<TResult>> work, TArgument argument, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            NpgsqlConnection? connection = null;
            try
            {
                connection = await Source.OpenConnectionAsync(cancellationToken);
                return await work(connection, argument, cancellationToken);
            }
            catch (Exception failure) when (
                attempt == 1 && connection is not null && PostgresFailures.IsBrokenConnection(failure) && Stopwatch.GetElapsedTime(start) < LatestRetry)
            {
                // The other idle connections of the pool are most likely as dead.
                Source.Clear();
            }
            catch (Exception failure) when (PostgresFailures.IsUnavailable(failure))
            {
                throw new StorageUnavailableException("The database does not answer.", failure);
            }
            finally
            {
                if (connection is not null) await connection.DisposeAsync();
            }
        }
    }

    /// <summary>A connection of its own, outside the pool, for what holds on to it: listening, migrating.</summary>
    /// <param name="purpose">Shown in <c>pg_stat_activity</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<NpgsqlConnection> OpenDedicatedAsync(string purpose, CancellationToken cancellationToken)
    {
        var builder = new NpgsqlConnectionStringBuilder(_connectionString) { Pooling = false, MaxAutoPrepare = 0 };
        builder.ApplicationName = $"{builder.ApplicationName} {purpose}";
        var connection = new NpgsqlConnection(builder.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
