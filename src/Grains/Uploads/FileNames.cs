using System.Globalization;
using System.Text;

namespace Media.Grains.Uploads;

/// <summary>Turns any name a client sends into one that is safe as a file name on every common system and in a header.</summary>
public static class FileNames
{
    /// <summary>Most bytes of UTF-8 in a cleaned name: the limit of common file systems.</summary>
    public const int MaxBytes = 255;

    /// <summary>Most UTF-16 units in a name as given.</summary>
    public const int MaxLength = 1_024;

    private const string Unnamed = "file";

    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "CON", "PRN", "AUX", "NUL",
        "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
        "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
    };

    /// <summary>
    /// Cleans a name: only what follows the last slash or backslash; no control characters, no marks that change the direction of text, no
    /// characters that Windows forbids; white space folded; no dots or spaces at the ends; at most <see cref="MaxBytes"/>, the extension kept.
    /// </summary>
    /// <returns>A name that is never empty.</returns>
    public static string Clean(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var cleaned = new StringBuilder(name.Length);
        foreach (var rune in name.AsSpan(name.LastIndexOfAny(['/', '\\']) + 1).EnumerateRunes())
            Append(cleaned, rune);

        var result = Shorten(cleaned.ToString().Trim(' ', '.'));
        if (result.Length == 0)
            return Unnamed;

        var dot = result.IndexOf('.', StringComparison.Ordinal);
        return Reserved.Contains(dot < 0 ? result : result[..dot]) ? "_" + result : result;
    }

    private static void Append(StringBuilder cleaned, Rune rune)
    {
        switch (Rune.GetUnicodeCategory(rune))
        {
            // Direction marks and other invisible characters; U+FFFD stands for a broken surrogate pair.
            case UnicodeCategory.Control when rune.Value is not ('\t' or '\n' or '\r'):
            case UnicodeCategory.Format when rune.Value is not 0x200D:
            case UnicodeCategory.Surrogate:
            case UnicodeCategory.OtherSymbol when rune.Value is 0xFFFD:
                break;
            case UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Control:
                if (cleaned.Length > 0 && cleaned[^1] != ' ')
                    cleaned.Append(' ');
                break;
            default:
                if (rune.Value is '<' or '>' or ':' or '"' or '|' or '?' or '*')
                    cleaned.Append('-');
                else
                    cleaned.Append(rune.ToString());
                break;
        }
    }

    private static string Shorten(string name)
    {
        if (Encoding.UTF8.GetByteCount(name) <= MaxBytes)
            return name;

        // An extension longer than this is no extension but the end of a sentence.
        var dot = name.LastIndexOf('.');
        var extension = dot > 0 && name.Length - dot <= 16 ? name[dot..] : "";
        var room = MaxBytes - Encoding.UTF8.GetByteCount(extension);
        var stem = new StringBuilder();
        foreach (var rune in name.AsSpan(0, name.Length - extension.Length).EnumerateRunes())
        {
            room -= rune.Utf8SequenceLength;
            if (room < 0)
                break;
            stem.Append(rune.ToString());
        }

        return stem.ToString().TrimEnd(' ', '.') + extension;
    }
}
