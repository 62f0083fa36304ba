using System.Runtime.InteropServices;
using Media.Grains.Contents;
using Media.Grains.Files;
using Npgsql;

namespace Media.Silo.Postgres;

/// <summary>Rows of <c>contents</c> and <c>files</c>, there and back.</summary>
internal static class CatalogRows
{
    /// <summary>What <see cref="ReadContent"/> reads, in its order.</summary>
    public const string ContentColumns = "piece_hash, tip_hash, size, generation, state, key, etag, version_id, content_type, detected_type, files";

    /// <summary>What <see cref="ReadFile"/> reads, in its order, of what goes by the name of <c>files</c>.</summary>
    public const string FileColumns = """
        id, user_name, name, original_name, content_type, detected_type, size, tip_hash, piece_hash, key, etag, version_id, duplicate, created_at, stored_at, filed_at,
        array(select thumbnails.width from thumbnails where thumbnails.piece_hash = files.piece_hash order by thumbnails.width)
        """;

    public static Content ReadContent(NpgsqlDataReader reader) => new(
        reader.GetString(0),
        reader.GetString(1),
        reader.GetInt64(2),
        reader.GetInt64(3),
        Enum.Parse<ContentState>(reader.GetString(4)),
        reader.GetString(5),
        NullableString(reader, 6),
        NullableString(reader, 7),
        reader.GetString(8),
        NullableString(reader, 9),
        reader.GetInt32(10));

    public static CatalogFile ReadFile(NpgsqlDataReader reader) => new(
        new NewFile(
            reader.GetString(0),
            reader.GetString(1),
            reader.GetString(2),
            reader.GetString(3),
            reader.GetString(4),
            NullableString(reader, 5),
            reader.GetInt64(6),
            NullableString(reader, 7),
            NullableString(reader, 8),
            reader.GetString(9),
            reader.GetFieldValue<DateTimeOffset>(13),
            reader.GetFieldValue<DateTimeOffset>(14)),
        NullableString(reader, 10),
        NullableString(reader, 11),
        reader.GetBoolean(12),
        reader.GetFieldValue<DateTimeOffset>(15))
    {
        Thumbnails = ImmutableCollectionsMarshal.AsImmutableArray(reader.GetFieldValue<int[]>(16)),
    };

    /// <summary>The one content that a command finds, or null.</summary>
    public static async Task<Content?> ReadContentAsync(this NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? ReadContent(reader) : null;
    }

    /// <summary>The one file that a command finds, or null.</summary>
    public static async Task<CatalogFile?> ReadFileAsync(this NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? ReadFile(reader) : null;
    }

    private static string? NullableString(NpgsqlDataReader reader, int ordinal) => reader.IsDBNull(ordinal) ? null : reader.GetString(ordinal);
}
