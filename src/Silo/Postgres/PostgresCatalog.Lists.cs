using Media.Grains.Files;
using Npgsql;
using static Media.Silo.Postgres.CatalogRows;
using static Media.Silo.Postgres.SqlParameters;

namespace Media.Silo.Postgres;

// Lists of files. See docs/decisions/catalog-listing.md.
internal sealed partial class PostgresCatalog
{
    /// <summary>
    /// How many files are looked through for a name before those with the name are looked for in all. A name that so many files do not fill a page with is
    /// rare enough for the other way.
    /// </summary>
    internal const int NameWindow = 5_000;

    public async Task<FilePage?> ListFilesAsync(FileFilter filter, CancellationToken cancellationToken)
    {
        if (FilePosition.Parse(filter.After) is not { } after) return null;
        var limit = Math.Clamp(filter.Limit, 1, 1_000);
        return await database.RunAsync(
            static async (connection, wish, token) =>
            {
                // One row more than asked for tells whether there is another page.
                var files = await ListAsync(connection, wish.listing, wish.after, wish.limit + 1, token);
                var next = files.Count > wish.limit ? FilePosition.Of(files[wish.limit - 1]).ToString() : null;
                if (next is not null) files.RemoveAt(wish.limit);
                return new FilePage([.. files], next);
            },
            (listing: new FileListing(filter), after, limit),
            cancellationToken);
    }

    private static async Task<List<CatalogFile>> ListAsync(
        NpgsqlConnection connection, FileListing listing, FilePosition after, int count, CancellationToken cancellationToken)
    {
        if (!listing.LooksForNames) return await ReadFilesAsync(connection, listing, listing.PageSql, after, count, cancellationToken);

        var files = await ReadFilesAsync(connection, listing, listing.WindowSql(NameWindow), after, count, cancellationToken);
        if (files.Count == count || await FindWindowEndAsync(connection, listing, after, cancellationToken) is not { } end) return files;
        files.AddRange(await ReadFilesAsync(connection, listing, listing.RestSql, end, count - files.Count, cancellationToken));
        return files;
    }

    private static async Task<List<CatalogFile>> ReadFilesAsync(
        NpgsqlConnection connection, FileListing listing, string sql, FilePosition after, int limit, CancellationToken cancellationToken)
    {
        await using var command = listing.Command(connection, sql, after, limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var files = new List<CatalogFile>(limit);
        while (await reader.ReadAsync(cancellationToken)) files.Add(ReadFile(reader));
        return files;
    }

    private static async Task<FilePosition?> FindWindowEndAsync(
        NpgsqlConnection connection, FileListing listing, FilePosition after, CancellationToken cancellationToken)
    {
        await using var command = listing.Command(connection, listing.WindowEndSql(NameWindow), after, 1);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new FilePosition(reader.GetFieldValue<DateTimeOffset>(0), reader.GetString(1)) : null;
    }
}
