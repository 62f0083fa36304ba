using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Media.Silo.Postgres;

/// <summary>Where a page of a list ends: opaque to clients, 8 bytes of time and the tag, in base64url.</summary>
/// <param name="Time">What the list is in the order of, since 1970, in the list's own unit.</param>
/// <param name="Tag">The last tag of the page.</param>
internal readonly record struct PageCursor(long Time, string Tag)
{
    private const int LongestTag = 64;

    public static bool TryParse(string text, [NotNullWhen(true)] out PageCursor? cursor)
    {
        cursor = null;
        if (text.Length > (8 + LongestTag) * 2 || !Base64Url.IsValid(text)) return false;
        var bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length is <= 8 or > 8 + LongestTag) return false;
        var tag = bytes.AsSpan(8);
        if (tag.ContainsAnyExceptInRange((byte)'!', (byte)'~')) return false;
        var time = BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (time < 0) return false;
        cursor = new PageCursor(time, Encoding.ASCII.GetString(tag));
        // One text per cursor: padding and stray bits are not ours.
        return string.Equals(cursor.Value.ToString(), text, StringComparison.Ordinal);
    }

    public override string ToString()
    {
        var bytes = new byte[8 + Encoding.ASCII.GetByteCount(Tag)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, Time);
        Encoding.ASCII.GetBytes(Tag, bytes.AsSpan(8));
        return Base64Url.EncodeToString(bytes);
    }
}
