using Npgsql;

namespace Media.Silo.Postgres;

/// <summary>
/// Brings the database to this program's schema: under an advisory lock, so that processes that start together do it once; each script once, in a
/// transaction with the record of it.
/// </summary>
internal sealed partial class SchemaMigrator(PostgresDatabase database, ILogger<SchemaMigrator> logger)
{
    // "media" in ASCII; any number does that nothing else in the database locks.
    private const long Lock = 0x6d65646961;

    /// <summary>Applies what is missing.</summary>
    /// <exception cref="SchemaException">An applied script has changed since, or the database is newer than this program.</exception>
    public async Task MigrateAsync(IReadOnlyList<SchemaScript> scripts, CancellationToken cancellationToken)
    {
        // Closing the connection gives the lock back, whatever happens.
        await using var connection = await database.OpenDedicatedAsync("schema", cancellationToken);
        await ExecuteAsync(connection, "set statement_timeout = 0", cancellationToken);
        await using (var locking = new NpgsqlCommand("select pg_advisory_lock($1)", connection) { CommandTimeout = 0 })
        {
            locking.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Lock });
            await locking.ExecuteNonQueryAsync(cancellationToken);
        }

        await ExecuteAsync(
            connection,
            """
            create table if not exists schema_scripts (
                number     integer     primary key,
                name       text        not null,
                checksum   text        not null,
                applied_at timestamptz not null default now()
            )
            """,
            cancellationToken);
        var applied = await ReadAppliedAsync(connection, cancellationToken);
        Check(applied, scripts);
        foreach (var script in scripts)
        {
            if (applied.ContainsKey(script.Number)) continue;
            await ApplyAsync(connection, script, cancellationToken);
            LogApplied(script.Number, script.Name);
        }
    }

    private static void Check(Dictionary<int, (string Name, string Checksum)> applied, IReadOnlyList<SchemaScript> scripts)
    {
        var known = scripts.ToDictionary(static script => script.Number);
        foreach (var (number, (name, checksum)) in applied.OrderBy(static entry => entry.Key))
        {
            if (!known.TryGetValue(number, out var script))
            {
                throw new SchemaException(
                    $"The database is newer than this program: schema script {number:D3}_{name} was applied to it, and this program ends at {scripts[^1].Number:D3}. Run the newer program.");
            }

            if (!string.Equals(script.Checksum, checksum, StringComparison.Ordinal))
            {
                throw new SchemaException(
                    $"Schema script {number:D3}_{script.Name} is not the one that was applied to the database (as {name}). An applied script is never changed; add a new one.");
            }
        }
    }

    private static async Task<Dictionary<int, (string Name, string Checksum)>> ReadAppliedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var applied = new Dictionary<int, (string, string)>();
        await using var command = new NpgsqlCommand("select number, name, checksum from schema_scripts", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken)) applied.Add(reader.GetInt32(0), (reader.GetString(1), reader.GetString(2)));
        return applied;
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, SchemaScript script, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, script.Sql, cancellationToken);
        await using var record = new NpgsqlCommand("insert into schema_scripts (number, name, checksum) values ($1, $2, $3)", connection)
        {
            Parameters = { new() { Value = script.Number }, new() { Value = script.Name }, new() { Value = script.Checksum } },
        };
        await record.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Applied schema script {Number} {Name}.")]
    private partial void LogApplied(int number, string name);
}
