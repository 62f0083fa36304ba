using Media.Silo.Postgres;
using Npgsql;
using NpgsqlTypes;
using static Media.Silo.Postgres.SqlParameters;

namespace Media.Silo.Outbox;

/// <summary>A delivery as a process has taken it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Lease">Names this try; whoever takes the delivery next writes another.</param>
/// <param name="Attempts">This try included.</param>
/// <param name="Event">What to send.</param>
internal sealed record ClaimedDelivery(long Id, Guid Lease, int Attempts, OutgoingEvent Event);

/// <summary>What a look for due deliveries found.</summary>
/// <param name="Taken">To be sent.</param>
/// <param name="More">Whether there may be more that are due.</param>
internal sealed record Claim(List<ClaimedDelivery> Taken, bool More);

/// <summary>
/// The <c>outbox_deliveries</c> table, one destination's queue at a time. All times are the database's own. A delivery that is due while an earlier one of its
/// subject waits is put off until that one's turn is over; when the earlier one is done with, the next is made due at once.
/// </summary>
internal sealed class DeliveryStore(PostgresDatabase database)
{
    private const string Waiting = "delivered_at is null and dead_at is null";

    private const string LockDueSql = $"""
        select id from outbox_deliveries
        where destination = $1 and {Waiting} and due_at <= now()
        order by due_at, outbox_id limit $2 for update skip locked
        """;

    // A statement of its own, so that it sees what was done with before the rows were locked: who is done with an earlier delivery then makes the next due
    // either before this looks, or after it has put it off.
    private const string TakeSql = $"""
        with judged as (
            select d.id, earlier.due_at as until, earlier.id is not null as blocked,
                row_number() over (partition by earlier.id is not null order by d.due_at, d.outbox_id) as place
            from outbox_deliveries d
            left join lateral (
                select e.id, e.due_at from outbox_deliveries e
                where e.destination = d.destination and e.subject = d.subject and e.outbox_id < d.outbox_id and {Waiting}
                order by e.outbox_id limit 1) as earlier on true
            where d.id = any($1)),
        put_off as (
            update outbox_deliveries d set due_at = greatest(judged.until, now() + $3) from judged where d.id = judged.id and judged.blocked),
        taken as (
            update outbox_deliveries d set
                lease = gen_random_uuid(), due_at = now() + $3, attempts = attempts + 1, first_tried_at = coalesce(first_tried_at, now())
            from judged where d.id = judged.id and not judged.blocked and judged.place <= $2
            returning d.id, d.outbox_id, d.lease, d.attempts)
        select taken.id, taken.lease, taken.attempts, o.event_id, o.type, o.subject, o.at, o.data
        from taken join outbox o on o.id = taken.outbox_id order by o.id
        """;

    // What ends a delivery: the clause `settled` has its row, and the next of its subject becomes due.
    private const string FollowSql = $"""
        freed as (
            update outbox_deliveries n set due_at = now()
            from settled s cross join lateral (
                select f.id from outbox_deliveries f
                where f.destination = s.destination and f.subject = s.subject and f.outbox_id > s.outbox_id and {Waiting}
                order by f.outbox_id limit 1) as following
            where n.id = following.id and n.lease is null)
        select 1 from settled
        """;

    private const string DeliveredSql = $"""
        with settled as (
            update outbox_deliveries set delivered_at = now(), lease = null, last_error = null
            where id = $1 and lease = $2 and {Waiting} returning destination, subject, outbox_id),
        {FollowSql}
        """;

    private const string DeadSql = $"""
        with settled as (
            update outbox_deliveries set dead_at = now(), lease = null, last_error = $3
            where id = $1 and lease = $2 and {Waiting} returning destination, subject, outbox_id),
        {FollowSql}
        """;

    // The last try is at the very end of the time that there is.
    private const string FailedSql = """
        update outbox_deliveries set
            lease = null, last_error = $3,
            due_at = least(now() + greatest($4 * (0.8 + 0.4 * random()), $5), first_tried_at + $6)
        where id = $1 and lease = $2 and now() < first_tried_at + $6
        returning 1
        """;

    private const string ReleaseSql = "update outbox_deliveries set lease = null, due_at = now(), attempts = greatest(attempts - 1, 0) where id = $1 and lease = $2 returning 1";

    private const string NextDueSql = $"select min(due_at) - now() from outbox_deliveries where destination = $1 and {Waiting}";

    /// <summary>Takes due deliveries: of each subject only the first that waits.</summary>
    /// <param name="destination">Whose.</param>
    /// <param name="most">How many to take.</param>
    /// <param name="lease">How long nobody else can take them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<Claim> ClaimAsync(string destination, int most, TimeSpan lease, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, wish, token) =>
            {
                // More than are taken, as those that have to wait for others are among them.
                var looked = Math.Max(64, wish.most * 4);
                await using var transaction = await connection.BeginTransactionAsync(token);
                var due = await LockDueAsync(connection, wish.destination, looked, token);
                var taken = due.Length == 0 ? [] : await TakeAsync(connection, due, wish.most, wish.lease, token);
                await transaction.CommitAsync(token);
                return new Claim(taken, due.Length == looked);
            },
            (destination, most, lease),
            cancellationToken);

    /// <summary>The destination has it; the next of its subject is due.</summary>
    public Task DeliveredAsync(ClaimedDelivery delivery, CancellationToken cancellationToken) =>
        ExecuteAsync(DeliveredSql, Key(delivery), cancellationToken);

    /// <summary>The destination does not have it: it is due again after a pause, or given up where its time is over.</summary>
    /// <param name="delivery">Which.</param>
    /// <param name="error">Why not.</param>
    /// <param name="pause">Give or take a fifth.</param>
    /// <param name="atLeast">What the destination asked for.</param>
    /// <param name="giveUpAfter">How much time there is from the first try on.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether it is given up now.</returns>
    public async Task<bool> FailedAsync(
        ClaimedDelivery delivery, string error, TimeSpan pause, TimeSpan atLeast, TimeSpan giveUpAfter, CancellationToken cancellationToken)
    {
        NpgsqlParameter[] parameters = [.. Key(delivery), TextOfOthers(error), Interval(pause), Interval(atLeast), Interval(giveUpAfter)];
        return !await ExecuteAsync(FailedSql, parameters, cancellationToken) && await DeadAsync(delivery, error, cancellationToken);
    }

    /// <summary>It becomes a dead letter; the next of its subject is due.</summary>
    /// <returns>False where the lease is lost.</returns>
    public Task<bool> DeadAsync(ClaimedDelivery delivery, string error, CancellationToken cancellationToken) =>
        ExecuteAsync(DeadSql, [.. Key(delivery), TextOfOthers(error)], cancellationToken);

    /// <summary>Gives it back as it was, for another process to take at once.</summary>
    public Task ReleaseAsync(ClaimedDelivery delivery, CancellationToken cancellationToken) => ExecuteAsync(ReleaseSql, Key(delivery), cancellationToken);

    /// <summary>How long until the next delivery is due; negative where one is already; null where there is none.</summary>
    public async Task<TimeSpan?> FindNextDueAsync(string destination, CancellationToken cancellationToken) =>
        await database.ExecuteScalarAsync(NextDueSql, [Text(destination)], cancellationToken) as TimeSpan?;

    private static async Task<long[]> LockDueAsync(NpgsqlConnection connection, string destination, int most, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LockDueSql, connection) { Parameters = { Text(destination), new NpgsqlParameter<int> { TypedValue = most } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var ids = new List<long>();
        while (await reader.ReadAsync(cancellationToken)) ids.Add(reader.GetInt64(0));
        return [.. ids];
    }

    private static async Task<List<ClaimedDelivery>> TakeAsync(NpgsqlConnection connection, long[] due, int most, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(TakeSql, connection)
        {
            Parameters = { new NpgsqlParameter<long[]> { TypedValue = due }, Number(most), Interval(lease) },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var taken = new List<ClaimedDelivery>();
        while (await reader.ReadAsync(cancellationToken))
        {
            taken.Add(new ClaimedDelivery(
                reader.GetInt64(0),
                reader.GetGuid(1),
                reader.GetInt32(2),
                new OutgoingEvent(
                    reader.GetString(3), reader.GetString(4), reader.GetString(5), reader.GetFieldValue<DateTimeOffset>(6), reader.GetFieldValue<byte[]>(7))));
        }

        return taken;
    }

    /// <returns>Whether there was a row.</returns>
    private async Task<bool> ExecuteAsync(string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken) =>
        await database.ExecuteScalarAsync(sql, parameters, cancellationToken) is not null;

    private static NpgsqlParameter[] Key(ClaimedDelivery delivery) => [Number(delivery.Id), Id(delivery.Lease)];

    // What a receiver answers can have NUL in it, which the database has no form for.
    private static NpgsqlParameter<string> TextOfOthers(string value) => Text(value.Replace("\0", "", StringComparison.Ordinal));
}
