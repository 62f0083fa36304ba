using System.Collections.Immutable;
using Media.Grains.Contents;
using Media.Grains.Files;
using Media.Grains.Ports;
using Media.Silo.Postgres;
using Npgsql;
using static Media.Silo.Postgres.SqlParameters;

namespace Media.Silo.Thumbnails;

/// <summary>A content that thumbnails are asked for, as it is in the catalog.</summary>
/// <param name="PieceHash">Its name.</param>
/// <param name="State">Where it is.</param>
/// <param name="Key">The object's key.</param>
/// <param name="ContentType">What it was said to be, by the first of its files.</param>
/// <param name="Widths">Of the thumbnails that there are.</param>
internal sealed record ThumbnailSubject(string PieceHash, ContentState State, string Key, string ContentType, ImmutableArray<int> Widths);

/// <summary>A thumbnail in the bucket.</summary>
/// <param name="Width">The square that it fits into, in pixels.</param>
/// <param name="Key">The object's key.</param>
/// <param name="Size">Bytes.</param>
internal sealed record StoredThumbnail(int Width, string Key, long Size);

/// <summary>The tables <c>thumbnails</c> and <c>thumbnail_failures</c>, and the events of them.</summary>
internal sealed class ThumbnailStore(PostgresDatabase database, TimeProvider time)
{
    private const string FindSql = """
        select c.state, c.key,
            coalesce((select f.content_type from files f where f.piece_hash = c.piece_hash order by f.filed_at, f.id limit 1), c.content_type),
            array(select t.width from thumbnails t where t.piece_hash = c.piece_hash order by t.width)
        from contents c where c.piece_hash = $1
        """;

    // Whoever adds a file to the content, or begins to delete it, changes this row as well.
    private const string LockSql = "select state = 'Stored' from contents where piece_hash = $1 for update";

    private const string AddSql = """
        insert into thumbnails (piece_hash, width, key, size)
        select $1, t.width, t.key, t.size from unnest($2, $3, $4) as t(width, key, size)
        on conflict (piece_hash, width) do update set key = excluded.key, size = excluded.size, created_at = now()
        """;

    private const string ForgetFailureSql = "delete from thumbnail_failures where piece_hash = $1";

    private const string FilesSql = $"select {CatalogRows.FileColumns} from files where piece_hash = $1";

    private const string FailSql = """
        insert into thumbnail_failures (piece_hash, reason, detail)
        select c.piece_hash, $2, $3 from contents c where c.piece_hash = $1
        on conflict (piece_hash) do update set reason = excluded.reason, detail = excluded.detail, at = now()
        """;

    private const int MostAtOnce = 5_000;

    private const string RetrySql = """
        with again as (
                delete from thumbnail_failures where piece_hash in (select piece_hash from thumbnail_failures where reason = any($1) limit $3)
                returning piece_hash),
            planned as (
                insert into jobs (kind, key) select $2, piece_hash from again
                on conflict (kind, key) do nothing)
        select count(*)::integer from again
        """;

    /// <summary>What there is to do, or null where there is no such content.</summary>
    public Task<ThumbnailSubject?> FindAsync(string pieceHash, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, hash, token) =>
            {
                await using var command = new NpgsqlCommand(FindSql, connection) { Parameters = { Text(hash) } };
                await using var reader = await command.ExecuteReaderAsync(token);
                return await reader.ReadAsync(token)
                    ? new ThumbnailSubject(hash, Enum.Parse<ContentState>(reader.GetString(0)), reader.GetString(1), reader.GetString(2), [.. reader.GetFieldValue<int[]>(3)])
                    : null;
            },
            pieceHash,
            cancellationToken);

    /// <summary>Records thumbnails that are in the bucket, and says so of every file of the content, in one transaction.</summary>
    /// <returns>False where the content is not there any more, or not now: then nothing is recorded.</returns>
    public Task<bool> AddAsync(string pieceHash, ImmutableArray<StoredThumbnail> thumbnails, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, work, token) =>
            {
                await using var transaction = await connection.BeginTransactionAsync(token);
                await using (var locking = new NpgsqlCommand(LockSql, connection) { Parameters = { Text(work.pieceHash) } })
                {
                    if (await locking.ExecuteScalarAsync(token) is not true) return false;
                }

                await AddRowsAsync(connection, work.pieceHash, work.thumbnails, token);
                var events = ImmutableArray.CreateBuilder<Grains.Events.MediaEvent>();
                ImmutableArray<int> widths = [.. work.thumbnails.Select(static thumbnail => thumbnail.Width)];
                foreach (var file in await FilesAsync(connection, work.pieceHash, token)) events.Add(ThumbnailEvents.Create(file, widths, work.now));
                await PostgresEffects.WriteAsync(connection, new StateEffects(events.ToImmutable(), []), token);
                await transaction.CommitAsync(token);
                return true;
            },
            (pieceHash, thumbnails, now: time.GetUtcNow()),
            cancellationToken);

    /// <summary>Records that there will be none. A content that is gone meanwhile is passed over.</summary>
    public Task FailAsync(string pieceHash, ThumbnailFailure failure, CancellationToken cancellationToken) =>
        database.ExecuteAsync(FailSql, [Text(pieceHash), Text(failure.Reason), Text(failure.Detail)], cancellationToken);

    /// <summary>Plans contents anew that came while programs were absent.</summary>
    /// <returns>How many.</returns>
    public async Task<int> RetryAsync(bool images, bool videos, CancellationToken cancellationToken)
    {
        string[] reasons = [.. images ? [ThumbnailFailureReasons.NoImageTool] : (string[])[], .. videos ? [ThumbnailFailureReasons.NoVideoTool] : (string[])[]];
        if (reasons.Length == 0) return 0;
        // A few at a time, as a statement has little time.
        for (var total = 0; ;)
        {
            var planned = await RetryAsync(reasons, cancellationToken);
            total += planned;
            if (planned < MostAtOnce) return total;
        }
    }

    private async Task<int> RetryAsync(string[] reasons, CancellationToken cancellationToken)
    {
        NpgsqlParameter[] parameters = [Texts(reasons), Text(JobKinds.MakeThumbnails), new NpgsqlParameter<int> { TypedValue = MostAtOnce }];
        return (int)(await database.ExecuteScalarAsync(RetrySql, parameters, cancellationToken))!;
    }

    private static async Task AddRowsAsync(NpgsqlConnection connection, string pieceHash, ImmutableArray<StoredThumbnail> thumbnails, CancellationToken cancellationToken)
    {
        await using var adding = new NpgsqlCommand(AddSql, connection)
        {
            Parameters =
            {
                Text(pieceHash),
                new NpgsqlParameter<int[]> { TypedValue = [.. thumbnails.Select(static thumbnail => thumbnail.Width)] },
                Texts([.. thumbnails.Select(static thumbnail => thumbnail.Key)]),
                new NpgsqlParameter<long[]> { TypedValue = [.. thumbnails.Select(static thumbnail => thumbnail.Size)] },
            },
        };
        await adding.ExecuteNonQueryAsync(cancellationToken);
        await using var forgetting = new NpgsqlCommand(ForgetFailureSql, connection) { Parameters = { Text(pieceHash) } };
        await forgetting.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<List<NewFile>> FilesAsync(NpgsqlConnection connection, string pieceHash, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(FilesSql, connection) { Parameters = { Text(pieceHash) } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var files = new List<NewFile>();
        while (await reader.ReadAsync(cancellationToken)) files.Add(CatalogRows.ReadFile(reader).File);
        return files;
    }
}
