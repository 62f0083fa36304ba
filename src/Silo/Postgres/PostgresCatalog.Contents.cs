using Media.Grains.Contents;
using Npgsql;
using static Media.Silo.Postgres.CatalogRows;
using static Media.Silo.Postgres.SqlParameters;

namespace Media.Silo.Postgres;

// A content's life: announced, promoted by its first file, deleted some time after its last.
internal sealed partial class PostgresCatalog
{
    /// <summary>
    /// A promotion that was announced this long ago, and of which nothing was heard since, is over. Far above what copying the largest object takes, as one
    /// that is taken for dead has to begin again.
    /// </summary>
    private static readonly TimeSpan LongestPromotion = TimeSpan.FromDays(1);

    // Whoever promotes now keeps an old announcement from being collected under its feet.
    private const string AnnounceSql = $"""
        insert into contents (piece_hash, tip_hash, size, key, content_type, detected_type) values ($1, $2, $3, $4, $5, $6)
        on conflict (piece_hash) do update set unreferenced_at = now() where contents.state = 'Promoting' and contents.files = 0
        returning {ContentColumns}
        """;

    // All by the database's clock, which is the one that wrote when the last file went.
    private const string DeleteSql = $"""
        update contents set state = 'Deleting'
        where piece_hash = $1 and files = 0
          and (state = 'Deleting' or unreferenced_at + case state when 'Promoting' then greatest($2, $3) else $2 end <= now())
        returning {ContentColumns}
        """;

    private const string RemainingSql = """
        select unreferenced_at + case state when 'Promoting' then greatest($2, $3) else $2 end - now() from contents where piece_hash = $1 and files = 0
        """;

    private const string ForgetSql = "delete from contents where piece_hash = $1 and generation = $2 and state = 'Deleting'";

    internal const string FindUnreferencedSql = """
        select piece_hash from contents
        where unreferenced_at is not null and unreferenced_at < now() - $1 and (state <> 'Promoting' or unreferenced_at < now() - $2)
        order by unreferenced_at limit $3
        """;

    public Task<Content> BeginPromotionAsync(NewContent content, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, content, token) =>
            {
                while (true)
                {
                    await using (var announce = new NpgsqlCommand(AnnounceSql, connection)
                    {
                        Parameters =
                        {
                            Text(content.PieceHash), Text(content.TipHash), Number(content.Size), Text(ContentKeys.Of(content.PieceHash)),
                            Text(content.ContentType), NullableText(content.DetectedType),
                        },
                    })
                    {
                        if (await announce.ReadContentAsync(token) is { } announced) return announced;
                    }

                    await using var find = new NpgsqlCommand(FindContentSql, connection) { Parameters = { Text(content.PieceHash) } };
                    // Null where it was deleted in between.
                    if (await find.ReadContentAsync(token) is { } found) return found;
                }
            },
            content,
            cancellationToken);

    public Task<CollectDecision> BeginDeletionAsync(string pieceHash, TimeSpan grace, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, key, token) =>
            {
                await using (var delete = new NpgsqlCommand(DeleteSql, connection) { Parameters = { Text(key.pieceHash), Interval(key.grace), Interval(LongestPromotion) } })
                {
                    if (await delete.ReadContentAsync(token) is { } content) return new CollectDecision(content, null);
                }

                await using var remaining = new NpgsqlCommand(RemainingSql, connection)
                {
                    Parameters = { Text(key.pieceHash), Interval(key.grace), Interval(LongestPromotion) },
                };
                var time = await remaining.ExecuteScalarAsync(token) as TimeSpan?;
                // Its time may have come between the two.
                return new CollectDecision(null, time < TimeSpan.Zero ? TimeSpan.Zero : time);
            },
            (pieceHash, grace),
            cancellationToken);

    public Task EndDeletionAsync(string pieceHash, long generation, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, key, token) =>
            {
                await using var command = new NpgsqlCommand(ForgetSql, connection) { Parameters = { Text(key.pieceHash), Number(key.generation) } };
                return await command.ExecuteNonQueryAsync(token);
            },
            (pieceHash, generation),
            cancellationToken);

    /// <summary>Contents whose time to be collected has come, the oldest first.</summary>
    public Task<List<string>> FindUnreferencedAsync(TimeSpan grace, int limit, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, key, token) =>
            {
                await using var command = new NpgsqlCommand(FindUnreferencedSql, connection)
                {
                    Parameters = { Interval(key.grace), Interval(LongestPromotion), Number(key.limit) },
                };
                await using var reader = await command.ExecuteReaderAsync(token);
                var hashes = new List<string>();
                while (await reader.ReadAsync(token)) hashes.Add(reader.GetString(0));
                return hashes;
            },
            (grace, limit),
            cancellationToken);
}
