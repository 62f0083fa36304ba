using System.Collections.Immutable;
using Media.Grains.Ports;
using Media.Silo.Postgres;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Media.Silo.Outbox;

/// <summary>The view of the deliveries from outside.</summary>
internal sealed class PostgresEventDeliveries(PostgresDatabase database, IOptions<EventsOptions> options) : IEventDeliveries
{
    // What goes beyond the count is not looked at: the oldest and its error are then those of what was counted.
    private static readonly string DestinationsSql = $"""
        select s.name, waiting.count, dead.count, o.at, waiting.last_error, s.seen_at > now() - $1
        from outbox_destinations s
        cross join lateral (
            select count(*) as count, min(outbox_id) as oldest, (array_agg(last_error order by outbox_id) filter (where last_error is not null))[1] as last_error
            from (
                select d.outbox_id, d.last_error from outbox_deliveries d
                where d.destination = s.name and d.delivered_at is null and d.dead_at is null limit {EventDestination.MaxCount}) as w) as waiting
        cross join lateral (
            select count(*) as count from (
                select from outbox_deliveries d where d.destination = s.name and d.dead_at is not null limit {EventDestination.MaxCount}) as g) as dead
        left join outbox o on o.id = waiting.oldest
        order by s.name
        """;

    private const string DeadLettersSql = """
        select d.id, d.destination, o.event_id, o.type, o.subject, o.at, d.attempts, d.last_error, d.dead_at
        from outbox_deliveries d join outbox o on o.id = d.outbox_id
        where d.dead_at is not null and ($1::bigint is null or d.id < $1)
        order by d.id desc limit $2
        """;

    private const string RetrySql = $"""
        with known as (
            select d.id, coalesce(s.seen_at > now() - $2, false) as configured
            from outbox_deliveries d left join outbox_destinations s on s.name = d.destination
            where d.id = $1 and d.dead_at is not null),
        back as (
            update outbox_deliveries d set dead_at = null, due_at = now(), attempts = 0, first_tried_at = null
            from known where d.id = known.id and known.configured)
        select configured, case when configured then pg_notify('{OutboxStore.DeliveriesChannel}', '') end from known
        """;

    private const string DismissSql = "delete from outbox_deliveries where id = $1 and dead_at is not null";

    public Task<ImmutableArray<EventDestination>> ListDestinationsAsync(CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, unseenFor, token) =>
            {
#pragma warning disable CA2100 // Made of constants.
                await using var command = new NpgsqlCommand(DestinationsSql, connection) { Parameters = { new NpgsqlParameter<TimeSpan> { TypedValue = unseenFor } } };
#pragma warning restore CA2100
                await using var reader = await command.ExecuteReaderAsync(token);
                var destinations = ImmutableArray.CreateBuilder<EventDestination>();
                while (await reader.ReadAsync(token))
                {
                    var destination = new EventDestination(
                        reader.GetString(0),
                        (int)reader.GetInt64(1),
                        (int)reader.GetInt64(2),
                        await reader.IsDBNullAsync(3, token) ? null : reader.GetFieldValue<DateTimeOffset>(3),
                        await reader.IsDBNullAsync(4, token) ? null : reader.GetString(4),
                        reader.GetBoolean(5));
                    if (destination.IsConfigured || destination.Waiting > 0 || destination.Dead > 0) destinations.Add(destination);
                }

                return destinations.ToImmutable();
            },
            options.Value.ForgetAfter,
            cancellationToken);

    public Task<ImmutableArray<DeadLetter>> ListDeadLettersAsync(long? before, int limit, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, page, token) =>
            {
                await using var command = new NpgsqlCommand(DeadLettersSql, connection)
                {
                    Parameters = { new NpgsqlParameter { Value = (object?)page.before ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint }, new NpgsqlParameter<int> { TypedValue = page.limit } },
                };
                await using var reader = await command.ExecuteReaderAsync(token);
                var letters = ImmutableArray.CreateBuilder<DeadLetter>();
                while (await reader.ReadAsync(token))
                {
                    letters.Add(new DeadLetter(
                        reader.GetInt64(0),
                        reader.GetString(1),
                        reader.GetString(2),
                        reader.GetString(3),
                        reader.GetString(4),
                        reader.GetFieldValue<DateTimeOffset>(5),
                        reader.GetInt32(6),
                        await reader.IsDBNullAsync(7, token) ? null : reader.GetString(7),
                        reader.GetFieldValue<DateTimeOffset>(8)));
                }

                return letters.ToImmutable();
            },
            (before, limit),
            cancellationToken);

    public Task<DeadLetterRetry> RetryAsync(long id, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, wish, token) =>
            {
                await using var command = new NpgsqlCommand(RetrySql, connection)
                {
                    Parameters = { new NpgsqlParameter<long> { TypedValue = wish.id }, new NpgsqlParameter<TimeSpan> { TypedValue = wish.ForgetAfter } },
                };
                return await command.ExecuteScalarAsync(token) switch
                {
                    true => DeadLetterRetry.Waiting,
                    false => DeadLetterRetry.DestinationGone,
                    _ => DeadLetterRetry.NotFound,
                };
            },
            (id, options.Value.ForgetAfter),
            cancellationToken);

    public Task<bool> DismissAsync(long id, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, id, token) =>
            {
                await using var command = new NpgsqlCommand(DismissSql, connection) { Parameters = { new NpgsqlParameter<long> { TypedValue = id } } };
                return await command.ExecuteNonQueryAsync(token) == 1;
            },
            id,
            cancellationToken);
}
