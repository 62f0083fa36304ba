using System.Diagnostics;
using Media.Grains.Ports;
using Media.Silo.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans;
using Orleans.Runtime;

namespace Media.Silo.Tests.Postgres;

/// <summary>Makes what the tests share of a database.</summary>
internal static class Database
{
    public static PostgresDatabase Open(string connectionString, Action<PostgresOptions>? configure = null)
    {
        // A busy machine is not a database that is away.
        var options = new PostgresOptions { ConnectionString = connectionString, CommandTimeout = TimeSpan.FromSeconds(30), ConnectTimeout = TimeSpan.FromSeconds(20) };
        configure?.Invoke(options);
        return new PostgresDatabase(Options.Create(options), NullLoggerFactory.Instance);
    }

    public static async Task<PostgresDatabase> OpenMigratedAsync(string connectionString, Action<PostgresOptions>? configure = null)
    {
        var database = Open(connectionString, configure);
        await MigrateAsync(database, SchemaScript.LoadEmbedded());
        return database;
    }

    public static Task MigrateAsync(PostgresDatabase database, IReadOnlyList<SchemaScript> scripts) =>
        new SchemaMigrator(database, NullLogger<SchemaMigrator>.Instance).MigrateAsync(scripts, TestContext.Current.CancellationToken);

    public static async Task<T> QueryAsync<T>(this PostgresDatabase database, string sql)
    {
        await using var command = database.Source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public static async Task ExecuteAsync(this PostgresDatabase database, string sql)
    {
        await using var connection = await database.Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 60 };
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Tries again where a try took longer than a second, as on a busy machine: a call is not repeated on another connection then.</summary>
    public static async Task InTimeAsync(Func<Task> attempt)
    {
        for (var attempts = 1; ; attempts++)
        {
            var clock = Stopwatch.StartNew();
            try
            {
                await attempt();
                return;
            }
            catch (StorageUnavailableException) when (attempts < 10 && clock.Elapsed >= TimeSpan.FromSeconds(1))
            {
            }
        }
    }

    public static GrainId Id(string key) => GrainId.Create("upload", key);

    public static async Task<GrainState<T>> ReadAsync<T>(this PostgresGrainStorage storage, string type, string key)
        where T : new()
    {
        var state = new GrainState<T>(new T());
        await storage.ReadStateAsync(type, Id(key), state);
        return state;
    }
}
