using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Media.Silo.Postgres;

/// <summary>Where a page of a list ends: opaque to clients, 8 bytes of creation time and the tag, in base64url.</summary>
/// <param name="CreatedAt">Milliseconds since 1970.</param>
/// <param name="Tag">The last tag of the page.</param>
internal readonly record struct UploadCursor(long CreatedAt, string Tag)
{
    private const int LongestTag = 64;

    public static bool TryParse(string text, [NotNullWhen(true)] out UploadCursor? cursor)
    {
        cursor = null;
        if (text.Length > (8 + LongestTag) * 2 || !Base64Url.IsValid(text)) return false;
        var bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length is <= 8 or > 8 + LongestTag) return false;
        var tag = bytes.AsSpan(8);
        if (tag.ContainsAnyExceptInRange((byte)'!', (byte)'~')) return false;
        var createdAt = BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (createdAt < 0) return false;
        cursor = new UploadCursor(createdAt, Encoding.ASCII.GetString(tag));
        // One text per cursor: padding and stray bits are not ours.
        return string.Equals(cursor.Value.ToString(), text, StringComparison.Ordinal);
    }

    public override string ToString()
    {
        var bytes = new byte[8 + Encoding.ASCII.GetByteCount(Tag)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, CreatedAt);
        Encoding.ASCII.GetBytes(Tag, bytes.AsSpan(8));
        return Base64Url.EncodeToString(bytes);
    }
}
