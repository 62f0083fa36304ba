using System.Globalization;

namespace Media.CommandLine;

/// <summary>One file's progress as a line of text.</summary>
internal static class ProgressLine
{
    private const int LeastName = 12;
    private const int WidestBar = 30;

    /// <summary>A line for a terminal, at most <paramref name="columns"/> wide. The narrower, the less of it: bar, size, rate go first.</summary>
    public static string Bar(string name, LineProgress progress, int columns, bool colour)
    {
        name = Printable.Of(name);
        var percent = progress.Percent.PadLeft(5);
        if (progress.Note is { } note && columns >= 40)
            return Printable.Fit(name, columns / 3) + percent + "  " + Printable.Fit(Printable.Of(note), columns - (columns / 3) - percent.Length - 2);

        var size = $"  {Sizes.Bytes(progress.Done)} of {Sizes.Bytes(progress.Size)}";
        var rate = progress.Rate is { } bytes ? $"  {Sizes.Bytes(bytes)}/s" : "";
        var left = progress.Remaining is { } remaining ? $"  {Sizes.Time(remaining)} left" : "";
        var stage = progress.Stage is { } word ? "  " + word : "";

        var room = columns - percent.Length - LeastName;
        var tail = "";
        // What it is at goes last: without it a second bar would look like the first one begun anew.
        var fits = stage.Length <= room;
        room -= fits ? stage.Length : 0;
        foreach (var piece in (ReadOnlySpan<string>)[left, rate, size])
        {
            if (piece.Length > room)
                continue;
            room -= piece.Length;
            tail = piece + tail;
        }

        tail = (fits ? stage : "") + tail;
        var bar = room >= 10 ? Math.Min(WidestBar, (room - 2) / 2) : 0;
        room -= bar == 0 ? 0 : bar + 2;
        var shown = Printable.Fit(name, Math.Min(LeastName + room, columns - percent.Length));
        return shown + (bar == 0 ? "" : "  " + Blocks(progress, bar, colour)) + percent + tail;
    }

    /// <summary>A line for a log.</summary>
    public static string Plain(string name, LineProgress progress)
    {
        var stage = progress.Stage is { } word ? word + " " : "";
        var rate = progress.Rate is { } bytes ? $", {Sizes.Bytes(bytes)}/s" : "";
        var left = progress.Remaining is { } remaining ? $", {Sizes.Time(remaining)} left" : "";
        var note = progress.Note is { } text ? $" ({Printable.Of(text)})" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Printable.Of(name)}: {stage}{progress.Percent}, {Sizes.Bytes(progress.Done)} of {Sizes.Bytes(progress.Size)}{rate}{left}{note}");
    }

    private static string Blocks(LineProgress progress, int width, bool colour)
    {
        var full = progress.Size == 0 ? 0 : (int)Math.Clamp(progress.Done * (double)width / progress.Size, 0, width);
        var done = new string('█', full);
        var rest = new string('░', width - full);
        return colour ? $"\e[36m{done}\e[2m{rest}\e[0m" : done + rest;
    }
}
