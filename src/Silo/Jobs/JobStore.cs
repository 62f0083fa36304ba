using Media.Silo.Postgres;
using Npgsql;
using NpgsqlTypes;
using static Media.Silo.Postgres.SqlParameters;

namespace Media.Silo.Jobs;

/// <summary>A job as a worker has taken it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Key">Its key, or null.</param>
/// <param name="Payload">JSON.</param>
/// <param name="Checkpoint">JSON, or null.</param>
/// <param name="Attempts">This run included.</param>
/// <param name="Lease">Names this run; whoever takes the job next writes another.</param>
internal sealed record ClaimedJob(long Id, string Kind, string? Key, byte[] Payload, byte[]? Checkpoint, int Attempts, Guid Lease);

/// <summary>
/// The <c>jobs</c> table. All times are the database's own, so that the clocks of processes need not agree. Taking a job moves its due time to the
/// end of the lease; whoever is still at it moves it on, and nobody else can touch it without the lease's id.
/// </summary>
internal sealed class JobStore(PostgresDatabase database)
{
    /// <summary>The channel that wakes workers.</summary>
    internal const string Channel = "media_jobs";

    private const string EnqueueSql = $"""
        with added as (
            insert into jobs (kind, key, payload, due_at) values ($1, $2, $3, now() + $4)
            on conflict (kind, key) do nothing
            returning id)
        select id, pg_notify('{Channel}', '') from added
        """;

    private const string RecurSql = """
        insert into jobs (kind, key, period) values ($1, '', $2)
        on conflict (kind, key) do update set
            period = excluded.period,
            due_at = case when jobs.lease is null then least(jobs.due_at, now() + excluded.period) else jobs.due_at end
        where jobs.period is distinct from excluded.period
        """;

    // A job that crashes its worker every time would be tried for ever without the count in here.
    private const string ClaimSql = """
        update jobs set
            lease = gen_random_uuid(), due_at = now() + $3, attempts = attempts + 1, updated_at = now()
        where id in (
            select id from jobs where failed_at is null and due_at <= now() and kind = any($1)
            order by due_at, id limit $2 for update skip locked)
        returning id, kind, key, payload, checkpoint, attempts, lease
        """;

    private const string HeartbeatSql =
        "update jobs set due_at = now() + $3, checkpoint = coalesce($4, checkpoint), updated_at = now() where id = $1 and lease = $2 returning 1";

    private const string CompleteSql = """
        with recurring as (
            update jobs set lease = null, due_at = now() + period, attempts = 0, checkpoint = null, last_error = null, updated_at = now()
            where id = $1 and lease = $2 and period is not null)
        delete from jobs where id = $1 and lease = $2 and period is null
        """;

    private const string FailSql = """
        update jobs set
            lease = null, due_at = now() + $3, last_error = $4, updated_at = now(),
            failed_at = case when period is null and attempts >= $5 then now() end
        where id = $1 and lease = $2
        """;

    private const string ReleaseSql = $"""
        with released as (
            update jobs set lease = null, due_at = now() + $3, attempts = greatest(attempts - 1, 0), updated_at = now()
            where id = $1 and lease = $2
            returning 1)
        select pg_notify('{Channel}', '') from released
        """;

    private const string NextDueSql = "select min(due_at) - now() from jobs where failed_at is null and kind = any($1)";

    /// <summary>Adds a job.</summary>
    /// <param name="kind">Whose handler runs it.</param>
    /// <param name="key">At most one job of a kind has a key at a time; null for any number.</param>
    /// <param name="payload">JSON.</param>
    /// <param name="delay">How long from now it is due.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Its number, or null where there is one with that key.</returns>
    public Task<long?> EnqueueAsync(string kind, string? key, byte[] payload, TimeSpan delay, CancellationToken cancellationToken) =>
        database.RunAsync(
            static (connection, job, token) => EnqueueAsync(connection, job.kind, job.key, job.payload, job.delay, token),
            (kind, key, payload, delay),
            cancellationToken);

    /// <summary>Adds a job on a connection of the caller's, inside its transaction if it has one: it is there when the rest is.</summary>
    public static async Task<long?> EnqueueAsync(
        NpgsqlConnection connection, string kind, string? key, byte[] payload, TimeSpan delay, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(EnqueueSql, connection)
        {
            Parameters = { Text(kind), NullableText(key), Json(payload), Interval(delay) },
        };
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }

    /// <summary>Makes sure that a recurring job is there, with this period.</summary>
    public Task RecurAsync(string kind, TimeSpan period, CancellationToken cancellationToken) =>
        database.ExecuteAsync(RecurSql, [Text(kind), Interval(period)], cancellationToken);

    /// <summary>Takes due jobs.</summary>
    public Task<List<ClaimedJob>> ClaimAsync(string[] kinds, int most, TimeSpan lease, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, wish, token) =>
            {
                await using var command = new NpgsqlCommand(ClaimSql, connection)
                {
                    Parameters =
                    {
                        Texts(wish.kinds), new NpgsqlParameter<int> { TypedValue = wish.most }, Interval(wish.lease),
                    },
                };
                await using var reader = await command.ExecuteReaderAsync(token);
                var jobs = new List<ClaimedJob>();
                while (await reader.ReadAsync(token))
                {
                    jobs.Add(new ClaimedJob(
                        reader.GetInt64(0),
                        reader.GetString(1),
                        await reader.IsDBNullAsync(2, token) ? null : reader.GetString(2),
                        reader.GetFieldValue<byte[]>(3),
                        await reader.IsDBNullAsync(4, token) ? null : reader.GetFieldValue<byte[]>(4),
                        reader.GetInt32(5),
                        reader.GetGuid(6)));
                }

                return jobs;
            },
            (kinds, most, lease),
            cancellationToken);

    /// <summary>Renews a lease, and records a checkpoint where one is given.</summary>
    /// <returns>False where the lease is lost.</returns>
    public async Task<bool> HeartbeatAsync(ClaimedJob job, byte[]? checkpoint, CancellationToken cancellationToken) =>
        await database.ExecuteScalarAsync(HeartbeatSql, [Number(job.Id), Id(job.Lease), Interval(Lease), Json(checkpoint)], cancellationToken) is not null;

    /// <summary>How long a heartbeat makes the lease last.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The job is done: a recurring one is due again after its period, another is gone.</summary>
    public Task CompleteAsync(ClaimedJob job, CancellationToken cancellationToken) =>
        database.ExecuteAsync(CompleteSql, [Number(job.Id), Id(job.Lease)], cancellationToken);

    /// <summary>The run failed: the job is due again after a pause, or set aside after the last attempt.</summary>
    public Task FailAsync(ClaimedJob job, TimeSpan pause, string error, int maxAttempts, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            FailSql,
            [Number(job.Id), Id(job.Lease), Interval(pause), Text(error.Replace("\0", "", StringComparison.Ordinal)), new NpgsqlParameter<int> { TypedValue = maxAttempts }],
            cancellationToken);

    /// <summary>Gives the job back as it was, with the checkpoint that it has, for any process to take after a pause.</summary>
    public Task ReleaseAsync(ClaimedJob job, TimeSpan pause, CancellationToken cancellationToken) =>
        database.ExecuteAsync(ReleaseSql, [Number(job.Id), Id(job.Lease), Interval(pause)], cancellationToken);

    /// <summary>How long until the next job of these kinds is due; negative where one is already; null where there is none.</summary>
    public async Task<TimeSpan?> FindNextDueAsync(string[] kinds, CancellationToken cancellationToken) =>
        await database.ExecuteScalarAsync(NextDueSql, [Texts(kinds)], cancellationToken) as TimeSpan?;
}
