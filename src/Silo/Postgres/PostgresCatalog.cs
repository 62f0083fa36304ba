using Media.Grains.Contents;
using Media.Grains.Files;
using Media.Grains.Ports;
using Npgsql;
using static Media.Silo.Postgres.CatalogRows;
using static Media.Silo.Postgres.SqlParameters;

namespace Media.Silo.Postgres;

/// <summary>
/// The catalog's tables. A change of a content or of the files that refer to it locks the content's row first, so that changes of one content come one after
/// the other, in whichever process, and no two can wait for each other. See docs/decisions/content-state-in-catalog.md.
/// </summary>
internal sealed partial class PostgresCatalog(PostgresDatabase database) : ICatalog
{
    internal const string FindContentSql = $"select {ContentColumns} from contents where piece_hash = $1";

    internal const string HasTipSql = "select exists (select from contents where tip_hash = $1 and size = $2 and state = 'Stored')";

    internal const string HasFileSql = "select exists (select from files where piece_hash = $2 and user_name = $1)";

    internal const string FindFileSql = $"select {FileColumns} from files where id = $1";

    public Task<Content?> FindContentAsync(string pieceHash, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, hash, token) =>
            {
                await using var command = new NpgsqlCommand(FindContentSql, connection) { Parameters = { Text(hash) } };
                return await command.ReadContentAsync(token);
            },
            pieceHash,
            cancellationToken);

    public Task<bool> HasTipAsync(string tipHash, long size, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, key, token) =>
            {
                await using var command = new NpgsqlCommand(HasTipSql, connection) { Parameters = { Text(key.tipHash), Number(key.size) } };
                return await command.ExecuteScalarAsync(token) is true;
            },
            (tipHash, size),
            cancellationToken);

    public Task<bool> HasFileAsync(string user, string pieceHash, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, key, token) =>
            {
                await using var command = new NpgsqlCommand(HasFileSql, connection) { Parameters = { Text(key.user), Text(key.pieceHash) } };
                return await command.ExecuteScalarAsync(token) is true;
            },
            (user, pieceHash),
            cancellationToken);

    public Task<CatalogFile?> FindFileAsync(string id, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, id, token) =>
            {
                await using var command = new NpgsqlCommand(FindFileSql, connection) { Parameters = { Text(id) } };
                return await command.ReadFileAsync(token);
            },
            id,
            cancellationToken);
}
