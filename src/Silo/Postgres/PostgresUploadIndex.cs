using System.Collections.Immutable;
using System.Text.Json;
using Media.Grains;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Grains.Users;
using Npgsql;
using NpgsqlTypes;
using static Media.Silo.Postgres.SqlParameters;

namespace Media.Silo.Postgres;

/// <summary>Finds sessions by the expression indexes of the schema over their stored state. The conditions repeat the indexes' words, or they are not used.</summary>
internal sealed class PostgresUploadIndex(PostgresDatabase database, TimeProvider time) : IUploadIndex
{
    private const string Sessions = $"type = '{StorageNames.UploadSession}'";
    private const string Active = "state->>'state' in ('Created', 'Uploading', 'Completing')";

    internal const string FindAnyInProgressSql = $"""
        select id from grain_state
        where {Sessions} and {Active} and state->>'tipHash' is not null
          and state->>'user' = $1 and (state->>'size')::bigint = $2 and state->>'tipHash' = $3
        order by (state->>'createdAt')::bigint desc limit 1
        """;

    // One that claims the same piece hash goes before one that claims none.
    internal const string FindInProgressSql = $"""
        select id from grain_state
        where {Sessions} and {Active} and state->>'tipHash' is not null
          and state->>'user' = $1 and (state->>'size')::bigint = $2 and state->>'tipHash' = $3
          and coalesce(state->>'pieceHash', '') in ($4, '')
        order by coalesce(state->>'pieceHash', '') desc limit 1
        """;

    internal const string FindByUploadIdSql = $"""
        select id from grain_state
        where {Sessions} and state->>'uploadId' is not null and state->>'uploadId' = $2 and state->>'user' = $1
        limit 1
        """;

    internal const string ListSql = $"""
        select id, state from grain_state
        where {Sessions} and state->>'user' = $1 and ((state->>'createdAt')::bigint, id) < ($2, $3)
          and ($4::text[] is null or state->>'state' = any($4))
        order by (state->>'createdAt')::bigint desc, id desc limit $5
        """;

    internal const string FindDueSql = $"""
        select id from grain_state
        where {Sessions} and {Active} and (state->>'expiresAt')::bigint <= $1
        order by (state->>'expiresAt')::bigint limit $2
        """;

    // The conditions are not in the where clause, lest the planner looks for them in an index other than the primary key's.
    internal const string IsActiveSql = $"select coalesce({Active} and state->>'uploadId' = $2, false) from grain_state where {Sessions} and id = $1";

    internal const string FindSql = $"select id, state->>'state', (state->>'size')::bigint from grain_state where {Sessions} and id = any($1)";

    public Task<string?> FindInProgressAsync(string user, long size, string tipHash, string? pieceHash, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, key, token) =>
            {
                await using var command = new NpgsqlCommand(key.pieceHash is null ? FindAnyInProgressSql : FindInProgressSql, connection)
                {
                    Parameters = { Text(key.user), Number(key.size), Text(key.tipHash) },
                };
                if (key.pieceHash is not null) command.Parameters.Add(Text(key.pieceHash));
                return await command.ExecuteScalarAsync(token) as string;
            },
            (user, size, tipHash, pieceHash),
            cancellationToken);

    public Task<string?> FindByUploadIdAsync(string user, string uploadId, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, key, token) =>
            {
                await using var command = new NpgsqlCommand(FindByUploadIdSql, connection) { Parameters = { Text(key.user), Text(key.uploadId) } };
                return await command.ExecuteScalarAsync(token) as string;
            },
            (user, uploadId),
            cancellationToken);

    public async Task<UploadPage?> ListAsync(string user, UploadFilter filter, CancellationToken cancellationToken)
    {
        var after = new PageCursor(long.MaxValue, "");
        if (filter.After is { } text)
        {
            if (!PageCursor.TryParse(text, out var cursor)) return null;
            after = cursor.Value;
        }

        var limit = Math.Clamp(filter.Limit, 1, 1_000);
        var now = time.GetUtcNow();
        return await database.RunAsync(
            async (connection, key, token) =>
            {
                await using var command = new NpgsqlCommand(ListSql, connection)
                {
                    // One row more than asked for tells whether there is another page.
                    Parameters = { Text(user), Number(key.Time), Text(key.Tag), States(filter.States), Number(limit + 1) },
                };
                await using var reader = await command.ExecuteReaderAsync(token);
                var page = ImmutableArray.CreateBuilder<Upload>();
                while (await reader.ReadAsync(token))
                {
                    if (page.Count == limit)
                    {
                        var last = page[^1];
                        return new UploadPage(page.ToImmutable(), new PageCursor(last.CreatedAt.ToUnixTimeMilliseconds(), last.Tag).ToString());
                    }

                    var state = JsonSerializer.Deserialize<UploadSessionState>(reader.GetFieldValue<byte[]>(1), StateJson.Options)!;
                    page.Add(state.ToUpload(reader.GetString(0), now));
                }

                return new UploadPage(page.ToImmutable(), null);
            },
            after,
            cancellationToken);
    }

    public Task<ImmutableArray<string>> FindDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, key, token) =>
            {
                await using var command = new NpgsqlCommand(FindDueSql, connection)
                {
                    Parameters = { Number(key.now.ToUnixTimeMilliseconds()), Number(key.limit) },
                };
                await using var reader = await command.ExecuteReaderAsync(token);
                var tags = ImmutableArray.CreateBuilder<string>();
                while (await reader.ReadAsync(token)) tags.Add(reader.GetString(0));
                return tags.ToImmutable();
            },
            (now, limit),
            cancellationToken);

    public Task<bool> IsActiveAsync(string tag, string uploadId, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, key, token) =>
            {
                await using var command = new NpgsqlCommand(IsActiveSql, connection) { Parameters = { Text(key.tag), Text(key.uploadId) } };
                return await command.ExecuteScalarAsync(token) is true;
            },
            (tag, uploadId),
            cancellationToken);

    public Task<ImmutableArray<KnownSession>> FindAsync(ImmutableArray<string> tags, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, tags, token) =>
            {
                await using var command = new NpgsqlCommand(FindSql, connection) { Parameters = { Texts([.. tags]) } };
                await using var reader = await command.ExecuteReaderAsync(token);
                var found = ImmutableArray.CreateBuilder<KnownSession>(tags.Length);
                while (await reader.ReadAsync(token))
                {
                    var state = Enum.TryParse<UploadState>(reader.GetString(1), out var known) && Enum.IsDefined(known) ? known : default(UploadState?);
                    found.Add(new KnownSession(reader.GetString(0), state, await reader.IsDBNullAsync(2, token) ? null : reader.GetInt64(2)));
                }

                return found.ToImmutable();
            },
            tags,
            cancellationToken);

    private static NpgsqlParameter States(ImmutableArray<UploadState> states) =>
        NullableTexts(states.IsDefaultOrEmpty ? null : Array.ConvertAll([.. states], static state => state.ToString()));

    private static NpgsqlParameter NullableTexts(string[]? values) => new()
    {
        Value = (object?)values ?? DBNull.Value,
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
    };
}
