using Media.Silo.Postgres;
using Npgsql;
using NpgsqlTypes;
using static Media.Silo.Postgres.SqlParameters;

namespace Media.Silo.Outbox;

/// <summary>The <c>outbox</c> table as a whole: who is to be told of what is new, who is no longer there, and what is old enough to go.</summary>
internal sealed class OutboxStore(PostgresDatabase database)
{
    /// <summary>The channel that wakes whoever sends events.</summary>
    internal const string DeliveriesChannel = "media_deliveries";

    // One process at a time: two that took rows beside each other could hand on a subject's second event before its first.
    private const string LockSql = "select pg_try_advisory_xact_lock(hashtextextended('media_outbox', 0))";

    private const string DispatchSql = $"""
        with batch as (select id, type, subject from outbox where dispatched_at is null order by id limit $3),
        made as (
            insert into outbox_deliveries (outbox_id, destination, subject)
            select id, name, subject from (
                select distinct batch.id, batch.subject, wish.name
                from batch join unnest($1, $2) as wish(name, pattern) on batch.type like wish.pattern) as told
            order by id
            on conflict (outbox_id, destination) do nothing
            returning 1),
        done as (update outbox set dispatched_at = now() from batch where outbox.id = batch.id)
        select (select count(*) from batch), (select pg_notify('{DeliveriesChannel}', '') from made limit 1)
        """;

    private const string SeeSql = """
        insert into outbox_destinations (name) select unnest($1)
        on conflict (name) do update set seen_at = now()
        """;

    private const string BurySql = """
        with gone as (
            select id from outbox_deliveries
            where delivered_at is null and dead_at is null
                and destination in (select name from outbox_destinations where seen_at <= now() - $1)
            limit $2 for update skip locked)
        update outbox_deliveries d set dead_at = now(), lease = null, last_error = $3 from gone where d.id = gone.id
        """;

    private const string PurgeDeliveriesSql = """
        delete from outbox_deliveries where id in (select id from outbox_deliveries where delivered_at < now() - $1 limit $2)
        """;

    private const string PurgeEventsSql = """
        delete from outbox where id in (
            select o.id from outbox o where o.dispatched_at < now() - $1 and not exists (select from outbox_deliveries d where d.outbox_id = o.id) limit $2)
        """;

    /// <summary>Makes a delivery of each waiting event for each destination that takes its type, oldest first.</summary>
    /// <param name="destinations">Whom to tell of what.</param>
    /// <param name="most">How many events in one transaction.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many events there were; null where another process is at it.</returns>
    public Task<long?> DispatchAsync(IReadOnlyList<Destination> destinations, int most, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        var patterns = new List<string>();
        foreach (var destination in destinations)
        {
            foreach (var pattern in destination.Patterns)
            {
                names.Add(destination.Name);
                patterns.Add(pattern);
            }
        }

        return database.RunAsync(
            static async (connection, wish, token) =>
            {
                await using var transaction = await connection.BeginTransactionAsync(token);
                await using (var exclusive = new NpgsqlCommand(LockSql, connection, transaction))
                {
                    if (await exclusive.ExecuteScalarAsync(token) is not true) return null;
                }

                await using var command = new NpgsqlCommand(DispatchSql, connection, transaction)
                {
                    Parameters = { Texts(wish.names), Texts(wish.patterns), new NpgsqlParameter<int> { TypedValue = wish.most } },
                };
                var count = (long?)await command.ExecuteScalarAsync(token);
                await transaction.CommitAsync(token);
                return count;
            },
            (names: names.ToArray(), patterns: patterns.ToArray(), most),
            cancellationToken);
    }

    /// <summary>Says that somebody has these destinations in their settings.</summary>
    public Task SeeAsync(string[] names, CancellationToken cancellationToken) => database.ExecuteAsync(SeeSql, [Texts(names)], cancellationToken);

    /// <summary>Gives deliveries up whose destination nobody has had in their settings for a time.</summary>
    /// <returns>How many.</returns>
    public Task<int> BuryAsync(TimeSpan unseenFor, int most, CancellationToken cancellationToken) => database.ExecuteAsync(
        BurySql,
        [new NpgsqlParameter<TimeSpan> { TypedValue = unseenFor }, new NpgsqlParameter<int> { TypedValue = most }, new NpgsqlParameter<string> { TypedValue = "The destination is no longer in the settings." }],
        cancellationToken);

    /// <summary>Deletes what was delivered before a time, and then events that nobody is to be told of any more.</summary>
    /// <returns>How many rows; fewer than <paramref name="most"/> of each when there are no more.</returns>
    public async Task<(int Deliveries, int Events)> PurgeAsync(TimeSpan retention, int most, CancellationToken cancellationToken)
    {
        NpgsqlParameter[] parameters = [new NpgsqlParameter<TimeSpan> { TypedValue = retention }, new NpgsqlParameter<int> { TypedValue = most }];
        var deliveries = await database.ExecuteAsync(PurgeDeliveriesSql, parameters, cancellationToken);
        return (deliveries, await database.ExecuteAsync(PurgeEventsSql, parameters, cancellationToken));
    }
}
