using System.Text.Json;
using Media.Grains.Ports;
using Media.Silo.Jobs;
using Npgsql;
using NpgsqlTypes;

namespace Media.Silo.Postgres;

/// <summary>Puts events and jobs into the database in the transaction of what brings them about.</summary>
internal static class PostgresEffects
{
    /// <summary>The channel that wakes whoever tells events.</summary>
    internal const string EventsChannel = "media_outbox";

    private static readonly string AloneSql = $"with written as (select 1){Clauses(1)} select 1";

    /// <summary>Clauses that follow a clause <c>written</c> of a <c>with</c> query and take effect where that has a row.</summary>
    /// <param name="parameter">The number of the first of two parameters, those of <see cref="Parameters"/>.</param>
    public static string Clauses(int parameter) => $"""
        , announced as (
            insert into outbox (event_id, type, subject, at, data)
            select e.id, e.type, e.subject, to_timestamp(e.time / 1000.0), jsonb_strip_nulls(e.data)
            from written, jsonb_to_recordset(${parameter}) as e(id text, type text, subject text, time bigint, data jsonb)
            on conflict (event_id) do nothing
            returning pg_notify('{EventsChannel}', ''))
        , planned as (
            insert into jobs (kind, key, due_at) select j.kind, j.key, now() + make_interval(secs => j.delay / 1000.0)
            from written, jsonb_to_recordset(${parameter + 1}) as j(kind text, key text, delay bigint)
            on conflict (kind, key) do nothing
            returning pg_notify('{JobStore.Channel}', ''))
        """;

    /// <summary>The values for <see cref="Clauses"/>.</summary>
    public static IEnumerable<NpgsqlParameter> Parameters(StateEffects effects) => [Json(effects.Events), Json(effects.Jobs.Select(PlannedRow.Of))];

    /// <summary>Writes them on a connection of the caller's, inside its transaction.</summary>
    public static async Task WriteAsync(NpgsqlConnection connection, StateEffects effects, CancellationToken cancellationToken)
    {
        if (effects.IsEmpty) return;
#pragma warning disable CA2100 // Made of constants.
        await using var command = new NpgsqlCommand(AloneSql, connection);
#pragma warning restore CA2100
        foreach (var parameter in Parameters(effects)) command.Parameters.Add(parameter);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter<byte[]> Json<T>(IEnumerable<T> values) =>
        new() { TypedValue = JsonSerializer.SerializeToUtf8Bytes(values, StateJson.Options), NpgsqlDbType = NpgsqlDbType.Jsonb };

    /// <param name="Kind">Its kind.</param>
    /// <param name="Key">Its key.</param>
    /// <param name="Delay">Milliseconds.</param>
    private sealed record PlannedRow(string Kind, string Key, long Delay)
    {
        public static PlannedRow Of(PlannedJob job) => new(job.Kind, job.Key, (long)job.Delay.TotalMilliseconds);
    }
}
