using System.Buffers;
using System.Text;

namespace Media.Grains.Contents;

// Markup: what a browser would read as a document, and what can carry scripts. By the root element, past comments, declarations and white space.
public static partial class TypeSniffer
{
    private const string Html = "text/html";
    private const string Svg = "image/svg+xml";
    private const string Xml = "application/xml";

    private static readonly SearchValues<byte> NameEnds = SearchValues.Create(" \t\r\n\f>/"u8);

    // The elements that browsers take for a document's first (WHATWG MIME Sniffing, 7.1), and two that real pages begin with.
    private static readonly HashSet<string> HtmlElements = new(StringComparer.OrdinalIgnoreCase)
    {
        "html", "head", "script", "iframe", "h1", "div", "font", "table", "a", "style", "title", "b", "body", "br", "p", "meta", "link",
    };

    private static string? DetectMarkup(ReadOnlySpan<byte> head)
    {
        var text = Narrow(head);
        if (SkipWhiteSpace(text).StartsWith("%PDF-"u8))
            return "application/pdf";

        var declared = false;
        while (true)
        {
            text = SkipWhiteSpace(text);
            if (text.StartsWith("<?xml"u8))
                declared = true;
            if (text.StartsWith("<!--"u8))
            {
                if (!TrySkip(ref text, "-->"u8))
                    return declared ? Xml : null;
            }
            else if (text.StartsWith("<?"u8))
            {
                if (!TrySkip(ref text, "?>"u8))
                    return declared ? Xml : null;
            }
            else if (StartsWithIgnoreCase(text, "<!doctype"u8))
            {
                return OfDocumentType(text["<!doctype"u8.Length..]);
            }
            else
            {
                return text.StartsWith("<"u8) ? OfRoot(text[1..], declared) : declared ? Xml : null;
            }
        }
    }

    private static string OfDocumentType(ReadOnlySpan<byte> text)
    {
        text = SkipWhiteSpace(text);
        return StartsWithIgnoreCase(text, "html"u8) ? Html : text.StartsWith("svg"u8) ? Svg : Xml;
    }

    private static string? OfRoot(ReadOnlySpan<byte> text, bool declared)
    {
        var end = text.IndexOfAny(NameEnds);
        if (end <= 0)
            return declared ? Xml : null;
        var name = Encoding.Latin1.GetString(text[..end]);
        var local = name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..];
        if (local == "svg")
            return Svg;
        if (declared)
            return local == "html" ? "application/xhtml+xml" : Xml;
        return HtmlElements.Contains(name) ? Html : null;
    }

    /// <summary>The text without its byte order mark; of UTF-16 the bytes that have ASCII in them.</summary>
    private static ReadOnlySpan<byte> Narrow(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith<byte>([0xEF, 0xBB, 0xBF]))
            return head[3..];
        var low = head.StartsWith<byte>([0xFF, 0xFE]) ? 0 : head.StartsWith<byte>([0xFE, 0xFF]) ? 1 : -1;
        if (low < 0)
            return head;
        var narrow = new byte[(head.Length / 2) - 1];
        for (var at = 0; at < narrow.Length; at++)
        {
            var pair = head.Slice(2 + (2 * at), 2);
            narrow[at] = pair[1 - low] == 0 ? pair[low] : (byte)'?';
        }

        return narrow;
    }

    private static ReadOnlySpan<byte> SkipWhiteSpace(ReadOnlySpan<byte> text) => text.TrimStart(" \t\r\n\f"u8);

    private static bool TrySkip(ref ReadOnlySpan<byte> text, ReadOnlySpan<byte> end)
    {
        var at = text.IndexOf(end);
        if (at < 0)
            return false;
        text = text[(at + end.Length)..];
        return true;
    }

    private static bool StartsWithIgnoreCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> start) =>
        text.Length >= start.Length && Ascii.EqualsIgnoreCase(text[..start.Length], start);
}
