using System.Globalization;
using Media.Client.Downloading;
using Media.Client.Uploading;

namespace Media.CommandLine;

/// <summary>How far a file is, as its line shows it.</summary>
/// <param name="Size">The file's size in bytes.</param>
/// <param name="Done">Bytes that the stage is through with.</param>
internal sealed record LineProgress(long Size, long Done)
{
    /// <summary>What it is at, in a word; null while bytes are sent or received, which is what a bar is taken for.</summary>
    public string? Stage { get; init; }

    /// <summary>Whether nothing more is to come.</summary>
    public bool IsOver { get; init; }

    /// <summary>Bytes a second.</summary>
    public double? Rate { get; init; }

    /// <summary>Time left.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>What holds it up.</summary>
    public string? Note { get; init; }

    /// <summary>How much of the stage is done. 100 only when nothing more is to come.</summary>
    public string Percent => string.Create(
        CultureInfo.InvariantCulture, $"{(IsOver ? 100 : Size == 0 ? 0 : (int)Math.Clamp(Done * 100.0 / Size, 0, 99))}%");

    public static LineProgress Of(UploadProgress progress) => progress.Phase switch
    {
        UploadPhase.Uploading => With(progress, progress.BytesDone, null, counts: true),
        UploadPhase.Hashing => With(progress, progress.BytesHashed, "hashing", counts: true),
        UploadPhase.Verifying => With(progress, progress.BytesVerified, "verifying", counts: true),
        UploadPhase.Completing => With(progress, progress.BytesDone, "completing", counts: false),
        UploadPhase.Waiting => With(progress, progress.BytesDone, "waiting", counts: false),
        UploadPhase.Starting => With(progress, progress.BytesDone, "starting", counts: false),
        _ => With(progress, progress.Size, null, counts: false) with { IsOver = true },
    };

    public static LineProgress Of(DownloadProgress progress) => new(progress.Size, progress.BytesDone)
    {
        Stage = progress.Phase == DownloadPhase.Verifying ? "verifying" : null,
        IsOver = progress.Phase == DownloadPhase.Done,
        Rate = progress.Phase == DownloadPhase.Downloading ? progress.BytesPerSecond : null,
        Remaining = progress.Phase == DownloadPhase.Downloading ? progress.Remaining : null,
        Note = progress.Note,
    };

    private static LineProgress With(UploadProgress progress, long done, string? stage, bool counts) => new(progress.Size, done)
    {
        Stage = stage,
        Rate = counts ? progress.BytesPerSecond : null,
        Remaining = counts ? progress.Remaining : null,
        Note = progress.Note,
    };
}
