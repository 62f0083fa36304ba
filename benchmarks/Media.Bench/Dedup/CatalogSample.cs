using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Media.Fuji;
using Media.Grains.Contents;
using Media.Silo.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace Media.Bench.Dedup;

/// <summary>A catalog of so many contents with a file each: a few types that are common and one that is rare, a few users of whom one has half of all.</summary>
/// <param name="count">How many.</param>
internal sealed class CatalogSample(int count)
{
    public const string LargestUser = "user-0";
    public const string RareType = "image/avif";
    private const int Users = 50;
    private const int RareEvery = 5_000;
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly string[] Words = ["holiday", "garden", "Report", "invoice", "birthday", "scan", "meeting", "draft", "Sunset", "interview"];

    public int Count => count;

    public static string PieceHash(int number) => Hash("piece", number);

    public static string TipHash(int number) => Hash("tip", number);

    public static long Size(int number) => 1_000 + number;

    /// <summary>The cursor of the middle of a list of so many files.</summary>
    public static string Middle(int count) => new FilePosition(new DateTimeOffset(Start.AddSeconds(count / 2)), Id(count / 2)).ToString();

    /// <summary>Fills both tables, and has them looked at for statistics.</summary>
    public async Task LoadAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using (var contents = await connection.BeginBinaryImportAsync(
            "copy contents (piece_hash, tip_hash, size, state, key, etag, content_type, detected_type, files, unreferenced_at) from stdin (format binary)", cancellationToken))
        {
            contents.Timeout = TimeSpan.FromHours(1);
            for (var number = 0; number < count; number++)
            {
                var (hash, type) = (PieceHash(number), TypeOf(number));
                await contents.StartRowAsync(cancellationToken);
                foreach (var text in (string[])[hash, TipHash(number)]) await contents.WriteAsync(text, NpgsqlDbType.Text, cancellationToken);
                await contents.WriteAsync(Size(number), NpgsqlDbType.Bigint, cancellationToken);
                foreach (var text in (string[])["Stored", ContentKeys.Of(hash), "\"etag\"", type, type]) await contents.WriteAsync(text, NpgsqlDbType.Text, cancellationToken);
                await contents.WriteAsync(1, NpgsqlDbType.Integer, cancellationToken);
                await contents.WriteNullAsync(cancellationToken);
            }

            await contents.CompleteAsync(cancellationToken);
        }

        await using (var files = await connection.BeginBinaryImportAsync(
            "copy files (id, user_name, name, original_name, content_type, detected_type, tip_hash, piece_hash, key, etag, size, duplicate, created_at, stored_at, filed_at) from stdin (format binary)",
            cancellationToken))
        {
            files.Timeout = TimeSpan.FromHours(1);
            for (var number = 0; number < count; number++)
            {
                var (hash, type, name, at) = (PieceHash(number), TypeOf(number), NameOf(number), Start.AddSeconds(number));
                await files.StartRowAsync(cancellationToken);
                foreach (var text in (string[])[Id(number), UserOf(number), name, name, type, type, TipHash(number), hash, ContentKeys.Of(hash), "\"etag\""])
                    await files.WriteAsync(text, NpgsqlDbType.Text, cancellationToken);
                await files.WriteAsync(Size(number), NpgsqlDbType.Bigint, cancellationToken);
                await files.WriteAsync(false, NpgsqlDbType.Boolean, cancellationToken);
                foreach (var time in (DateTime[])[at, at, at]) await files.WriteAsync(time, NpgsqlDbType.TimestampTz, cancellationToken);
            }

            await files.CompleteAsync(cancellationToken);
        }

        foreach (var table in (string[])["contents", "files"])
        {
#pragma warning disable CA2100 // One of the names above.
            await using var vacuum = new NpgsqlCommand($"vacuum analyze {table}", connection) { CommandTimeout = 0 };
#pragma warning restore CA2100
            await vacuum.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static string Id(int number) => string.Create(CultureInfo.InvariantCulture, $"{number:D21}");

    private static string UserOf(int number) => number % 2 == 0 ? LargestUser : string.Create(CultureInfo.InvariantCulture, $"user-{1 + (number / 2 % (Users - 1))}");

    private static string TypeOf(int number) => number % RareEvery == 2 ? RareType : (number / 2 % 10) switch
    {
        < 6 => "image/jpeg",
        < 8 => "video/mp4",
        8 => "application/pdf",
        _ => "text/plain",
    };

    private static string NameOf(int number) => string.Create(
        CultureInfo.InvariantCulture, $"{Words[number / 2 % Words.Length]} {Hash("name", number)[..6].ToLowerInvariant()} {number}.{TypeOf(number)[(TypeOf(number).IndexOf('/') + 1)..]}");

    private static string Hash(string kind, int number) =>
        Base32.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{kind} {number}"))));
}
