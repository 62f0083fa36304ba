using System.Globalization;
using Media.Grains.Contents;
using Media.Grains.Files;
using Media.Grains.Ports;
using Media.Grains.Uploads;

namespace Media.Silo.Tests.Catalog;

/// <summary>Contents and files that tests begin with.</summary>
internal static class Samples
{
    public static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private static readonly RandomTagSource Tags = new();

    /// <summary>A random hash in base32 of 52 characters.</summary>
    public static string NewHash()
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        return string.Concat(Enumerable.Range(0, 51).Select(_ => alphabet[Random.Shared.Next(32)])) + "Q";
    }

    public static NewContent Content(string? pieceHash = null, string? detectedType = "video/mp4") =>
        new(pieceHash ?? NewHash(), NewHash(), 1_000, "video/mp4", detectedType);

    /// <summary>A file of a content.</summary>
    public static NewFile File(NewContent content, string user = "ada", string name = "film.mp4") => new(
        Tags.Next(), user, name, $"C:\\{name}", content.ContentType, content.DetectedType, content.Size, content.TipHash, content.PieceHash,
        ContentKeys.Of(content.PieceHash), At(1), At(2));

    /// <summary>A file with nothing in it.</summary>
    public static NewFile EmptyFile(string user = "ada")
    {
        var tag = Tags.Next();
        return new NewFile(tag, user, "empty.txt", "empty.txt", "text/plain", null, 0, null, null, Grains.Uploads.Tags.ToKey(tag), At(1), At(2));
    }

    public static StoredObject Object(long size = 1_000, string etag = "\"etag\"", string? versionId = "v1") => new(size, etag, versionId, "video/mp4", At(3));

    /// <summary>Announces a content, and adds its first file, as who promoted it.</summary>
    public static async Task<(NewContent Content, CatalogFile File)> StoreAsync(this ICatalog catalog, NewContent? content = null, string user = "ada", string name = "film.mp4")
    {
        content ??= Content();
        var announced = await catalog.BeginPromotionAsync(content, TestContext.Current.CancellationToken);
        var added = await catalog.AddFileAsync(File(content, user, name), announced.Generation, Object(), TestContext.Current.CancellationToken);
        return (content, added!);
    }

    private static DateTimeOffset At(int minute) => DateTimeOffset.Parse("2026-02-03T04:00:00.123Z", CultureInfo.InvariantCulture).AddMinutes(minute);
}
