using System.Globalization;
using System.Text;

namespace Media.CommandLine;

/// <summary>Text of foreign origin made fit for a terminal, and cut to columns.</summary>
internal static class Printable
{
    /// <summary>Replaces what could steer the terminal or turn the line around: control, format and unassigned characters.</summary>
    public static string Of(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var safe = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse);
            result.Append(safe ? rune.ToString() : "?");
        }

        return result.ToString();
    }

    /// <summary>How many columns a terminal gives the text.</summary>
    public static int Columns(string text)
    {
        var columns = 0;
        foreach (var rune in text.EnumerateRunes())
            columns += Columns(rune);
        return columns;
    }

    /// <summary>Cuts text in its middle so that the end, where names differ, stays.</summary>
    public static string Fit(string text, int columns)
    {
        if (columns <= 0)
            return "";
        if (Columns(text) <= columns)
            return text;
        if (columns == 1)
            return "…";
        var runes = text.EnumerateRunes().ToArray();
        var tail = new List<Rune>();
        var tailRoom = (columns - 1) / 2;
        for (var i = runes.Length - 1; i >= 0 && Columns(runes[i]) <= tailRoom; i--)
        {
            tail.Insert(0, runes[i]);
            tailRoom -= Columns(runes[i]);
        }

        var head = new StringBuilder();
        var room = columns - 1 - Columns(string.Concat(tail));
        foreach (var rune in runes)
        {
            if (Columns(rune) > room)
                break;
            head.Append(rune);
            room -= Columns(rune);
        }

        return head.Append('…').AppendJoin("", tail).ToString();
    }

    // Unicode's East Asian Width W and F (UAX #11), by block.
    private static int Columns(Rune rune) => (rune.Value, Rune.GetUnicodeCategory(rune)) switch
    {
        (_, UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format) => 0,
        ( >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0xA4CF or >= 0xAC00 and <= 0xD7A3 or >= 0xF900 and <= 0xFAFF or >= 0xFE30 and <= 0xFE6F
            or >= 0xFF00 and <= 0xFF60 or >= 0xFFE0 and <= 0xFFE6 or >= 0x1F300 and <= 0x1F64F or >= 0x1F680 and <= 0x1FAFF or >= 0x20000 and <= 0x3FFFD, _) => 2,
        _ => 1,
    };
}
