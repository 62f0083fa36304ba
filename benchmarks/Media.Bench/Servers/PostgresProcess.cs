using Media.AppHost.Postgres;
using Media.AppHost.Processes;
using Media.Tests.Support;
using Npgsql;

namespace Media.Bench.Servers;

/// <summary>A PostgreSQL of its own with its own settings, so that a commit waits for the disk as it does in production.</summary>
internal sealed class PostgresProcess : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly PostgresCluster _cluster;
    private readonly ChildProcess _process;

    private PostgresProcess(TemporaryFolder folder, PostgresCluster cluster, ChildProcess process) => (_folder, _cluster, _process) = (folder, cluster, process);

    public static async Task<PostgresProcess> StartAsync(CancellationToken cancellationToken)
    {
        var binaries = await PostgresBinaries.LocateAsync(cancellationToken);
        var folder = new TemporaryFolder();
        try
        {
            var options = new PostgresClusterOptions { Folder = folder.Path("postgres"), Port = FreePort.Next() };
            var cluster = await PostgresCluster.PrepareAsync(binaries, options, cancellationToken);
            var process = await ChildProcess.StartAsync(cluster.Server, cancellationToken);
            try
            {
                await Eventually.TrueAsync(() => cluster.AnswersAsync(cancellationToken), TimeSpan.FromSeconds(60), cancellationToken);
                return new PostgresProcess(folder, cluster, process);
            }
            catch
            {
                await process.DisposeAsync();
                throw;
            }
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Makes a database.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateDatabaseAsync(string name, CancellationToken cancellationToken)
    {
        await _cluster.CreateDatabaseAsync(name, cancellationToken);
        return _cluster.ConnectionString(name);
    }

    /// <summary>
    /// Rows written to <c>grain_state</c> since the database was made. Connections report what they did when they end at the latest, so nobody
    /// may be connected any more.
    /// </summary>
    public static async Task<long> CountWritesAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await Eventually.TrueAsync(
            async () =>
            {
                await using var others = source.CreateCommand(
                    "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
                return await others.ExecuteScalarAsync(cancellationToken) is 0L;
            },
            cancellationToken: cancellationToken);
        await using var writes = source.CreateCommand(
            "select n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables where relname = 'grain_state'");
        return (long)(await writes.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Waits until the server has nothing to tidy up: what was written is on the disk, and nothing is being vacuumed.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(_cluster.ConnectionString("postgres"));
        await using (var checkpoint = source.CreateCommand("checkpoint"))
        {
            checkpoint.CommandTimeout = 0;
            await checkpoint.ExecuteNonQueryAsync(cancellationToken);
        }

        await Eventually.TrueAsync(
            async () =>
            {
                await using var vacuums = source.CreateCommand("select count(*) from pg_stat_activity where backend_type = 'autovacuum worker'");
                return await vacuums.ExecuteScalarAsync(cancellationToken) is 0L;
            },
            TimeSpan.FromMinutes(10),
            cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Signal(UnixSignal.Quit);
        await _process.StopAsync(TimeSpan.FromSeconds(5));
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
