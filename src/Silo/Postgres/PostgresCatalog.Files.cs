using Media.Grains.Contents;
using Media.Grains.Events;
using Media.Grains.Files;
using Media.Grains.Ports;
using Media.Silo.Thumbnails;
using Npgsql;
using static Media.Silo.Postgres.CatalogRows;
using static Media.Silo.Postgres.SqlParameters;

namespace Media.Silo.Postgres;

// Files come and go in one transaction with their content's count and with the event of it.
internal sealed partial class PostgresCatalog
{
    private const string LockContentSql = $"select {ContentColumns} from contents where piece_hash = $1 for update";

    private const string WasDeletedSql = $"select exists (select from outbox where event_id = $1 || '.{EventTypes.FileDeleted}')";

    // Whoever files an upload may be told late that it is done, and try again when its owner has deleted the file: it stays deleted. Events are kept for days,
    // and tries follow each other in minutes.
    private const string InsertFileSql = $"""
        insert into files (id, user_name, name, original_name, content_type, detected_type, size, tip_hash, piece_hash, key, etag, version_id, duplicate, created_at, stored_at)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15
        where not exists (select from outbox where event_id = $1 || '.{EventTypes.FileDeleted}')
        on conflict (id) do nothing
        returning {FileColumns}
        """;

    private const string ReferToContentSql = """
        update contents set files = files + 1, unreferenced_at = null, state = 'Stored', etag = $2, version_id = $3 where piece_hash = $1
        """;

    private const string FindUsersFileSql = $"select {FileColumns} from files where id = $1 and user_name = $2";

    private const string DeleteFileSql = $"delete from files where id = $1 and user_name = $2 returning {FileColumns}";

    private const string LeaveContentSql = """
        update contents set files = files - 1, unreferenced_at = case when files = 1 then now() end where piece_hash = $1 returning files
        """;

    public Task<CatalogFile?> AddFileAsync(NewFile file, long generation, StoredObject? promoted, CancellationToken cancellationToken) =>
        database.RunAsync(AddFileAsync, new Addition(file, generation, promoted), cancellationToken);

    public Task<CatalogFile?> RemoveFileAsync(string id, string user, DateTimeOffset now, TimeSpan grace, CancellationToken cancellationToken) =>
        database.RunAsync(RemoveFileAsync, new Removal(id, user, now, grace), cancellationToken);

    private static async Task<CatalogFile?> AddFileAsync(NpgsqlConnection connection, Addition addition, CancellationToken cancellationToken)
    {
        var file = addition.File;
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        Content? content = null;
        var (etag, versionId) = (addition.Promoted?.ETag, addition.Promoted?.VersionId);
        if (file.PieceHash is not null)
        {
            content = await LockContentAsync(connection, file.PieceHash, cancellationToken);
            if (!addition.MayReferTo(content)) return await FindFiledAsync(connection, new CatalogFile(file, etag, versionId, false, file.StoredAt), cancellationToken);
            // Whoever put an object there knows it best: it may have been lost, or a store without conditions has replaced it.
            if (addition.Promoted is null) (etag, versionId) = (content!.ETag, content.VersionId);
        }

        var duplicate = content?.State == ContentState.Stored;
        if (await InsertFileAsync(connection, file, etag, versionId, duplicate, cancellationToken) is not { } added)
            return await FindFiledAsync(connection, new CatalogFile(file, etag, versionId, duplicate, file.StoredAt), cancellationToken);

        if (content is not null)
        {
            await using var refer = new NpgsqlCommand(ReferToContentSql, connection) { Parameters = { Text(content.PieceHash), NullableText(etag), NullableText(versionId) } };
            await refer.ExecuteNonQueryAsync(cancellationToken);
        }

        await PostgresEffects.WriteAsync(connection, EffectsOf(added, content), cancellationToken);
        if (duplicate) await ThumbnailEvents.WriteAsync(connection, added.File, added.FiledAt, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return added;
    }

    private static async Task<CatalogFile?> RemoveFileAsync(NpgsqlConnection connection, Removal removal, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var find = new NpgsqlCommand(FindUsersFileSql, connection) { Parameters = { Text(removal.Id), Text(removal.User) } })
        {
            // Where the answer to the commit was lost, it was this call that deleted what it had found.
            if (await find.ReadFileAsync(cancellationToken) is not { } found) return removal.Sent;
            removal.Found = found;
        }

        var pieceHash = removal.Found.File.PieceHash;
        if (pieceHash is not null) await LockContentAsync(connection, pieceHash, cancellationToken);
        await using (var delete = new NpgsqlCommand(DeleteFileSql, connection) { Parameters = { Text(removal.Id), Text(removal.User) } })
        {
            // Another call was faster.
            if (await delete.ReadFileAsync(cancellationToken) is null) return removal.Sent;
        }

        PlannedJob? collect = null;
        if (pieceHash is null)
        {
            collect = new PlannedJob(JobKinds.CollectContent, removal.Found.File.Key);
        }
        else
        {
            await using var leave = new NpgsqlCommand(LeaveContentSql, connection) { Parameters = { Text(pieceHash) } };
            if (await leave.ExecuteScalarAsync(cancellationToken) is 0) collect = new PlannedJob(JobKinds.CollectContent, pieceHash) { Delay = removal.Grace };
        }

        var deleted = EventOf(EventTypes.FileDeleted, removal.Found, removal.Now);
        await PostgresEffects.WriteAsync(connection, new StateEffects([deleted], collect is null ? [] : [collect]), cancellationToken);
        removal.Sent = removal.Found;
        await transaction.CommitAsync(cancellationToken);
        return removal.Found;
    }

    private static async Task<Content?> LockContentAsync(NpgsqlConnection connection, string pieceHash, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LockContentSql, connection) { Parameters = { Text(pieceHash) } };
        return await command.ReadContentAsync(cancellationToken);
    }

    /// <summary>A file that was filed by an earlier call, as it is; or as it would be, where its owner has deleted it since.</summary>
    private static async Task<CatalogFile?> FindFiledAsync(NpgsqlConnection connection, CatalogFile wanted, CancellationToken cancellationToken)
    {
        await using (var find = new NpgsqlCommand(FindFileSql, connection) { Parameters = { Text(wanted.File.Id) } })
        {
            if (await find.ReadFileAsync(cancellationToken) is { } found) return found;
        }

        await using var wasDeleted = new NpgsqlCommand(WasDeletedSql, connection) { Parameters = { Text(wanted.File.Id) } };
        return await wasDeleted.ExecuteScalarAsync(cancellationToken) is true ? wanted : null;
    }

    private static async Task<CatalogFile?> InsertFileAsync(
        NpgsqlConnection connection, NewFile file, string? etag, string? versionId, bool duplicate, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(InsertFileSql, connection)
        {
            Parameters =
            {
                Text(file.Id), Text(file.User), Text(file.Name), Text(file.OriginalName), Text(file.ContentType), NullableText(file.DetectedType), Number(file.Size),
                NullableText(file.TipHash), NullableText(file.PieceHash), Text(file.Key), NullableText(etag), NullableText(versionId), Flag(duplicate),
                Time(file.CreatedAt), Time(file.StoredAt),
            },
        };
        return await command.ReadFileAsync(cancellationToken);
    }

    private static StateEffects EffectsOf(CatalogFile added, Content? content)
    {
        var filed = EventOf(added.Duplicate ? EventTypes.UploadDuplicate : EventTypes.UploadVerified, added, added.FiledAt);
        // Also where it was only said to be one: that no thumbnails can be made of it is to be recorded.
        var isPicture = IsPicture(added.File.DetectedType) || IsPicture(added.File.ContentType);
        return content is not null && !added.Duplicate && isPicture
            ? new StateEffects([filed], [new PlannedJob(JobKinds.MakeThumbnails, content.PieceHash)])
            : new StateEffects([filed], []);
    }

    private static bool IsPicture(string? type) =>
        type is not null && (type.StartsWith("image/", StringComparison.OrdinalIgnoreCase) || type.StartsWith("video/", StringComparison.OrdinalIgnoreCase));

    private static MediaEvent EventOf(string type, CatalogFile file, DateTimeOffset time) => new(type, file.File.Id, time, new EventData
    {
        User = file.File.User,
        FileName = file.File.Name,
        ContentType = file.File.ContentType,
        DetectedType = file.File.DetectedType,
        Size = file.File.Size,
        TipHash = file.File.TipHash,
        PieceHash = file.File.PieceHash,
        Key = file.File.Key,
    });

    private sealed record Addition(NewFile File, long Generation, StoredObject? Promoted)
    {
        /// <summary>Whether the content is still the one that it was decided to refer to, and its object is there.</summary>
        public bool MayReferTo(Content? content) => content is not null && content.Generation == Generation && content.State switch
        {
            ContentState.Stored => true,
            ContentState.Promoting => Promoted is not null,
            _ => false,
        };
    }

    private sealed record Removal(string Id, string User, DateTimeOffset Now, TimeSpan Grace)
    {
        public CatalogFile? Found { get; set; }

        /// <summary>What an earlier run of the same call deleted, as far as it knows.</summary>
        public CatalogFile? Sent { get; set; }
    }
}
