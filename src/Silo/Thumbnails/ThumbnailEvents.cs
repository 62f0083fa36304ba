using System.Collections.Immutable;
using Media.Grains.Events;
using Media.Grains.Files;
using Media.Grains.Ports;
using Media.Silo.Postgres;
using Npgsql;

namespace Media.Silo.Thumbnails;

/// <summary>Says of files that their thumbnails can be had: once of each, whether it came before its content's thumbnails or after.</summary>
internal static class ThumbnailEvents
{
    private const string WidthsSql = "select width from thumbnails where piece_hash = $1 order by width";

    /// <summary>
    /// For a file that comes to a content which was there before it. Called inside the transaction that adds the file, in a statement after the one that
    /// locked the content's row: thumbnails that come meanwhile wait for that lock, and find the file; those that came before are seen here.
    /// </summary>
    public static async Task WriteAsync(NpgsqlConnection connection, NewFile file, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (file.PieceHash is null) return;
        var widths = ImmutableArray.CreateBuilder<int>();
        await using (var command = new NpgsqlCommand(WidthsSql, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = file.PieceHash } } })
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken)) widths.Add(reader.GetInt32(0));
        }

        if (widths.Count > 0) await PostgresEffects.WriteAsync(connection, new StateEffects([Create(file, widths.ToImmutable(), now)], []), cancellationToken);
    }

    /// <summary>The event of one file.</summary>
    public static MediaEvent Create(NewFile file, ImmutableArray<int> widths, DateTimeOffset now) => new(
        EventTypes.ThumbnailReady,
        file.Id,
        now,
        new EventData
        {
            User = file.User,
            FileName = file.Name,
            ContentType = file.ContentType,
            DetectedType = file.DetectedType,
            Size = file.Size,
            TipHash = file.TipHash,
            PieceHash = file.PieceHash,
            Key = file.Key,
            Thumbnails = widths,
        });
}
