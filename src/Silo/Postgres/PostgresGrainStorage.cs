using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Media.Grains.Ports;
using Npgsql;
using NpgsqlTypes;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using static Media.Silo.Postgres.SqlParameters;

namespace Media.Silo.Postgres;

/// <summary>
/// Grain state, one row per grain; the row's version is the ETag. A read, a write and a deletion are one round trip each; only a write that lost asks
/// once more, for what it lost to. What a state brings about (<see cref="IStateEffects"/>) is written by the same statement.
/// <para>
/// A connection that breaks after a write was sent leaves open whether it landed. Every write therefore carries an id that the row keeps, and the ids
/// of writes whose outcome is unknown stay with the activation's state object until it reads again: the next write goes through on the version that
/// the activation knows or on a row that one of those ids wrote last. See docs/decisions/postgres-ambiguous-writes.md.
/// </para>
/// </summary>
internal sealed class PostgresGrainStorage(PostgresDatabase database) : IGrainStorage
{
    internal const string ReadSql = "select version, state from grain_state where type = $1 and id = $2";

    internal const string InsertSql = """
        insert into grain_state as g (type, id, version, write_id, state) values ($1, $2, nextval('grain_state_version'), $4, $5)
        on conflict (type, id) do update
        set version = excluded.version, write_id = excluded.write_id, state = excluded.state, updated_at = now()
        where g.write_id = any($3)
        returning version
        """;

    internal const string UpdateSql = """
        update grain_state set version = nextval('grain_state_version'), write_id = $4, state = $5, updated_at = now()
        where type = $1 and id = $2 and (version = $6 or write_id = any($3))
        returning version
        """;

    private static readonly string InsertWithEffectsSql = $"with written as ({InsertSql}){PostgresEffects.Clauses(6)} select version from written";

    private static readonly string UpdateWithEffectsSql = $"with written as ({UpdateSql}){PostgresEffects.Clauses(7)} select version from written";

    internal const string DeleteSql = "delete from grain_state where type = $1 and id = $2 and (version = $4 or write_id = any($3)) returning version";

    internal const string VersionSql = "select version from grain_state where type = $1 and id = $2";

    private readonly ConditionalWeakTable<object, UnknownOutcomes> _unknown = [];

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var row = await database.RunAsync(
            static async (connection, key, token) =>
            {
                await using var command = new NpgsqlCommand(ReadSql, connection) { Parameters = { Text(key.Type), Text(key.Id) } };
                await using var reader = await command.ExecuteReaderAsync(token);
                return await reader.ReadAsync(token) ? (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : ((long, byte[])?)null;
            },
            new Row(stateName, grainId.Key.ToString()!),
            cancellationToken);

        _unknown.Remove(grainState);
        if (row is var (version, json))
        {
            grainState.State = JsonSerializer.Deserialize<T>(json, StateJson.Options)
                ?? throw new JsonException($"The state {stateName} of {grainId} is null in the database.");
            grainState.ETag = ToETag(version);
            grainState.RecordExists = true;
        }
        else
        {
            SetAbsent(grainState);
        }
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var row = new Row(stateName, grainId.Key.ToString()!);
        var json = Serialize(row, grainState.State);
        var unknown = _unknown.GetValue(grainState, static _ => new UnknownOutcomes());
        var write = new Write(row, ToVersion(grainState.ETag), unknown.Begin(out var writeId), writeId, json)
        {
            Effects = (grainState.State as IStateEffects)?.GetEffects() ?? StateEffects.None,
        };
        Outcome outcome;
        try
        {
            outcome = await database.RunAsync(SendWriteAsync, write, cancellationToken);
        }
        catch (PostgresException refusal)
        {
            // Whatever the server refused did not land.
            unknown.Forget(writeId);
            throw Translate(refusal, row);
        }

        _unknown.Remove(grainState);
        if (outcome.Written is not { } version) throw Lost(row, outcome.Stored, grainState.ETag);
        grainState.ETag = ToETag(version);
        grainState.RecordExists = true;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var row = new Row(stateName, grainId.Key.ToString()!);
        var unknown = _unknown.GetValue(grainState, static _ => new UnknownOutcomes());
        var deletedBefore = unknown.Deleting;
        unknown.Deleting = true;
        var write = new Write(row, ToVersion(grainState.ETag), unknown.WriteIds, default, []);
        var attempts = 0;
        var outcome = await database.RunAsync(
            (connection, argument, token) =>
            {
                attempts++;
                return SendDeleteAsync(connection, argument, token);
            },
            write,
            cancellationToken);

        _unknown.Remove(grainState);
        // Gone is what was wanted: it never was there, or an earlier try took it away before its answer was lost.
        var gone = outcome.Stored is null && (write.Version is null || deletedBefore || attempts > 1);
        if (outcome.Written is null && !gone) throw Lost(row, outcome.Stored, grainState.ETag);
        SetAbsent(grainState);
    }

    private static async Task<Outcome> SendWriteAsync(NpgsqlConnection connection, Write write, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // Made of constants.
        await using var command = new NpgsqlCommand(SqlOf(write), connection)
#pragma warning restore CA2100
        {
            Parameters =
            {
                Text(write.Row.Type), Text(write.Row.Id), WriteIds(write.Unknown),
                new NpgsqlParameter<Guid> { TypedValue = write.WriteId },
                new NpgsqlParameter<byte[]> { TypedValue = write.Json, NpgsqlDbType = NpgsqlDbType.Jsonb },
            },
        };
        if (write.Version is { } version) command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = version });
        if (!write.Effects.IsEmpty)
        {
            foreach (var parameter in PostgresEffects.Parameters(write.Effects)) command.Parameters.Add(parameter);
        }

        return await command.ExecuteScalarAsync(cancellationToken) is long written
            ? new Outcome(written, null)
            : new Outcome(null, await FindVersionAsync(connection, write.Row, cancellationToken));
    }

    private static string SqlOf(Write write) => write.Effects.IsEmpty
        ? write.Version is null ? InsertSql : UpdateSql
        : write.Version is null ? InsertWithEffectsSql : UpdateWithEffectsSql;

    private static async Task<Outcome> SendDeleteAsync(NpgsqlConnection connection, Write write, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(DeleteSql, connection)
        {
            Parameters =
            {
                Text(write.Row.Type), Text(write.Row.Id), WriteIds(write.Unknown), new NpgsqlParameter<long> { TypedValue = write.Version ?? 0 },
            },
        };
        return await command.ExecuteScalarAsync(cancellationToken) is long deleted
            ? new Outcome(deleted, null)
            : new Outcome(null, await FindVersionAsync(connection, write.Row, cancellationToken));
    }

    private static async Task<long?> FindVersionAsync(NpgsqlConnection connection, Row row, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(VersionSql, connection) { Parameters = { Text(row.Type), Text(row.Id) } };
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }

    private static byte[] Serialize<T>(Row row, T state)
    {
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Options);
        }
        catch (JsonException failure)
        {
            throw new InvalidOperationException($"The state {row.Type} of {row.Id} cannot be stored: {failure.Message}", failure);
        }
    }

    private static Exception Translate(PostgresException refusal, Row row) => refusal.SqlState == PostgresErrorCodes.UniqueViolation
        ? new StateTakenException($"Another {row.Type} than {row.Id} has what {refusal.ConstraintName} lets only one have.", refusal)
        : new InvalidOperationException($"The database refused the state {row.Type} of {row.Id}: {refusal.SqlState} {refusal.MessageText}", refusal);

    private static InconsistentStateException Lost(Row row, long? stored, string? current) => new(
        $"The state {row.Type} of {row.Id} was changed by another since it was read.", stored is { } version ? ToETag(version) : null!, current!);

    private static void SetAbsent<T>(IGrainState<T> grainState)
    {
        grainState.State = Activator.CreateInstance<T>();
        grainState.ETag = null!;
        grainState.RecordExists = false;
    }

    private static string ToETag(long version) => version.ToString(CultureInfo.InvariantCulture);

    private static long? ToVersion(string? etag) => string.IsNullOrEmpty(etag) ? null : long.Parse(etag, NumberStyles.None, CultureInfo.InvariantCulture);

    private static NpgsqlParameter<Guid[]> WriteIds(Guid[] ids) => new() { TypedValue = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid };

    private readonly record struct Row(string Type, string Id);

    /// <param name="Row">Which row.</param>
    /// <param name="Version">The version that the writer knows, or null where it knows of no row.</param>
    /// <param name="Unknown">Writes of the writer's own that may have landed, this one among them: the call may be sent twice.</param>
    /// <param name="WriteId">This write.</param>
    /// <param name="Json">The state.</param>
    private sealed record Write(Row Row, long? Version, Guid[] Unknown, Guid WriteId, byte[] Json)
    {
        /// <summary>What comes about with the state, if and only if it is written.</summary>
        public StateEffects Effects { get; init; } = StateEffects.None;
    }

    private sealed record Outcome(long? Written, long? Stored);

    /// <summary>What an activation has sent without learning how it went. Used in its turns only.</summary>
    private sealed class UnknownOutcomes
    {
        // A database that stays away for long is found out when connecting, before anything is sent; so few gather.
        private const int Most = 64;

        public Guid[] WriteIds { get; private set; } = [];

        public bool Deleting { get; set; }

        public Guid[] Begin(out Guid writeId)
        {
            writeId = Guid.NewGuid();
            return WriteIds = [.. WriteIds.AsSpan(Math.Max(0, WriteIds.Length - Most + 1)), writeId];
        }

        public void Forget(Guid writeId) => WriteIds = Array.FindAll(WriteIds, id => id != writeId);
    }
}
