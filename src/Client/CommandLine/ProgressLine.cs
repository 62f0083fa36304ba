using System.Globalization;
using Media.Client.Uploading;

namespace Media.CommandLine;

/// <summary>One file's progress as a line of text.</summary>
internal static class ProgressLine
{
    private const int LeastName = 12;
    private const int WidestBar = 30;

    /// <summary>A line for a terminal, at most <paramref name="columns"/> wide. The narrower, the less of it: bar, size, rate go first.</summary>
    public static string Bar(string name, UploadProgress progress, int columns, bool colour)
    {
        name = Printable.Of(name);
        var percent = string.Create(CultureInfo.InvariantCulture, $"{Percent(progress),4}%");
        if (progress.Note is { } note && columns >= 40)
            return Printable.Fit(name, columns / 3) + percent + "  " + Printable.Fit(Printable.Of(note), columns - (columns / 3) - percent.Length - 2);

        var size = $"  {Sizes.Bytes(progress.BytesDone)} of {Sizes.Bytes(progress.Size)}";
        var rate = progress.Phase switch
        {
            UploadPhase.Uploading when progress.BytesPerSecond is { } bytes => $"  {Sizes.Bytes(bytes)}/s",
            UploadPhase.Completing => "  completing",
            UploadPhase.Waiting => "  waiting",
            UploadPhase.Starting => "  starting",
            _ => "",
        };
        var left = progress is { Phase: UploadPhase.Uploading, Remaining: { } remaining } ? $"  {Sizes.Time(remaining)} left" : "";

        var room = columns - percent.Length - LeastName;
        var tail = "";
        foreach (var piece in (ReadOnlySpan<string>)[left, rate, size])
        {
            if (piece.Length > room)
                continue;
            room -= piece.Length;
            tail = piece + tail;
        }

        var bar = room >= 10 ? Math.Min(WidestBar, (room - 2) / 2) : 0;
        room -= bar == 0 ? 0 : bar + 2;
        var shown = Printable.Fit(name, Math.Min(LeastName + room, columns - percent.Length));
        return shown + (bar == 0 ? "" : "  " + Blocks(progress, bar, colour)) + percent + tail;
    }

    /// <summary>A line for a log.</summary>
    public static string Plain(string name, UploadProgress progress)
    {
        var rate = progress.BytesPerSecond is { } bytes ? $", {Sizes.Bytes(bytes)}/s" : "";
        var left = progress.Remaining is { } remaining ? $", {Sizes.Time(remaining)} left" : "";
        var note = progress.Note is { } text ? $" ({Printable.Of(text)})" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Printable.Of(name)}: {Percent(progress)}%, {Sizes.Bytes(progress.BytesDone)} of {Sizes.Bytes(progress.Size)}{rate}{left}{note}");
    }

    // 100 only when the object is stored.
    private static int Percent(UploadProgress progress) => progress switch
    {
        { Phase: UploadPhase.Done } => 100,
        { Size: 0 } => 0,
        _ => (int)Math.Clamp(progress.BytesDone * 100.0 / progress.Size, 0, 99),
    };

    private static string Blocks(UploadProgress progress, int width, bool colour)
    {
        var full = progress.Size == 0 ? 0 : (int)Math.Clamp(progress.BytesDone * (double)width / progress.Size, 0, width);
        var done = new string('█', full);
        var rest = new string('░', width - full);
        return colour ? $"\e[36m{done}\e[2m{rest}\e[0m" : done + rest;
    }
}
