using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Media.Grains.Contents;

// Forms that hold others, and say inside which.
public static partial class TypeSniffer
{
    private const string Zip = "application/zip";
    private const string Avif = "image/avif";
    private const string Heic = "image/heic";
    private const string Heif = "image/heif";
    private const string Opc = "application/vnd.openxmlformats-officedocument.";

    private static readonly SearchValues<char> TypeCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789.+-/");

    /// <summary>The ISO base media file format (ISO/IEC 14496-12): a first box <c>ftyp</c> with a major brand and others that the file is compatible with.</summary>
    private static string? DetectIsoMedia(ReadOnlySpan<byte> head)
    {
        if (head.Length < 16 || !head[4..].StartsWith("ftyp"u8))
            return null;
        var length = BinaryPrimitives.ReadUInt32BigEndian(head);
        if (length is < 16 or > HeadLength)
            return null;
        var box = head[..(int)Math.Min(length, (uint)head.Length)];
        var type = OfBrand(box[8..12]);
        // The brand "some HEIF", which more than one codec may be in, and unknown ones: the compatible ones tell more.
        for (var offset = 16; type is null or Heif && offset + 4 <= box.Length; offset += 4)
        {
            var other = OfBrand(box[offset..(offset + 4)]);
            if (type is null || other is Heic or Avif)
                type = other;
        }

        return type;
    }

    private static string? OfBrand(ReadOnlySpan<byte> brand)
    {
        if (brand.SequenceEqual("avif"u8) || brand.SequenceEqual("avis"u8))
            return Avif;
        if (brand.StartsWith("hei"u8) || brand.StartsWith("hev"u8))
            return Heic;
        if (brand.SequenceEqual("mif1"u8) || brand.SequenceEqual("msf1"u8) || brand.SequenceEqual("mif2"u8))
            return Heif;
        if (brand.SequenceEqual("crx "u8))
            return "image/x-canon-cr3";
        if (brand.SequenceEqual("qt  "u8))
            return QuickTime;
        if (brand.StartsWith("3g2"u8))
            return "video/3gpp2";
        if (brand.StartsWith("3g"u8))
            return "video/3gpp";
        if (brand.StartsWith("M4A"u8) || brand.StartsWith("M4B"u8) || brand.StartsWith("M4P"u8) || brand.StartsWith("F4A"u8) || brand.StartsWith("F4B"u8))
            return Mp4Audio;
        return brand.StartsWith("iso"u8) || brand.StartsWith("mp4"u8) || brand.StartsWith("M4V"u8) || brand.StartsWith("avc"u8) || brand.StartsWith("F4V"u8)
            || brand.StartsWith("f4v"u8) || brand.StartsWith("dash"u8) || brand.StartsWith("MSNV"u8) || brand.StartsWith("hvc"u8)
            ? Mp4Video
            : null;
    }

    private static string? DetectRiff(ReadOnlySpan<byte> head)
    {
        if (head.Length < 12)
            return null;
        var form = head[8..12];
        if (head.StartsWith("RIFF"u8))
            return form.SequenceEqual("WEBP"u8) ? "image/webp" : form.SequenceEqual("WAVE"u8) ? "audio/wav" : form.SequenceEqual("AVI "u8) ? "video/x-msvideo" : null;
        if (head.StartsWith("RF64"u8) || head.StartsWith("BW64"u8))
            return form.SequenceEqual("WAVE"u8) ? "audio/wav" : null;
        return head.StartsWith("FORM"u8) && (form.SequenceEqual("AIFF"u8) || form.SequenceEqual("AIFC"u8)) ? "audio/aiff" : null;
    }

    /// <summary>EBML (RFC 8794): the header's element DocType, 0x4282, names what it holds.</summary>
    private static string? DetectMatroska(ReadOnlySpan<byte> head)
    {
        if (!head.StartsWith<byte>([0x1A, 0x45, 0xDF, 0xA3]))
            return null;
        var at = head[..Math.Min(head.Length, 128)].IndexOf<byte>([0x42, 0x82]);
        if (at < 0 || at + 3 > head.Length)
            return null;
        var name = head[(at + 3)..];
        return name.StartsWith("webm"u8) ? "video/webm" : name.StartsWith("matroska"u8) ? "video/matroska" : null;
    }

    /// <summary>Ogg (RFC 3533): the first page holds the first packet of one stream, which names its codec.</summary>
    private static string? DetectOgg(ReadOnlySpan<byte> head)
    {
        if (head.Length < 28 || !head.StartsWith("OggS\0"u8))
            return null;
        var start = 27 + head[26];
        var packet = head[Math.Min(start, head.Length)..];
        if (packet.StartsWith("OpusHead"u8) || packet.StartsWith("\u0001vorbis"u8) || packet.StartsWith("\u007FFLAC"u8) || packet.StartsWith("Speex   "u8))
            return "audio/ogg";
        return packet.Length > 7 && packet[0] == 0x80 && packet[1..].StartsWith("theora"u8) ? "video/ogg" : "application/ogg";
    }

    /// <summary>ZIP, and what is made of it, as far as the names of the first entries tell.</summary>
    private static string? DetectZip(ReadOnlySpan<byte> head)
    {
        if (!head.StartsWith("PK\u0003\u0004"u8))
            return head.StartsWith("PK\u0005\u0006"u8) || head.StartsWith("PK\u0007\u0008PK\u0003\u0004"u8) ? Zip : null;
        string? office = null;
        var package = false;
        for (var first = true; ZipEntry.TryRead(head, out var entry); first = false)
        {
            if (first && entry.Name.SequenceEqual("mimetype"u8))
                return OfMimetype(entry.Content) ?? Zip;
            if (entry.Name.SequenceEqual("AndroidManifest.xml"u8))
                return "application/vnd.android.package-archive";
            if (first && entry.Name.StartsWith("META-INF/"u8))
                return "application/java-archive";
            package |= entry.Name.SequenceEqual("[Content_Types].xml"u8) || entry.Name.SequenceEqual("_rels/.rels"u8);
            office ??= entry.Name.StartsWith("word/"u8) ? Opc + "wordprocessingml.document"
                : entry.Name.StartsWith("xl/"u8) ? Opc + "spreadsheetml.sheet"
                : entry.Name.StartsWith("ppt/"u8) ? Opc + "presentationml.presentation"
                : null;
            head = entry.Rest;
        }

        return package && office is not null ? office : Zip;
    }

    // What EPUB and OpenDocument begin with, so that it can be told without unpacking.
    private static string? OfMimetype(ReadOnlySpan<byte> content)
    {
        var type = Encoding.ASCII.GetString(content).TrimEnd();
        var known = type == "application/epub+zip" || type.StartsWith("application/vnd.oasis.opendocument.", StringComparison.Ordinal);
        return known && !type.AsSpan().ContainsAnyExcept(TypeCharacters) ? type : null;
    }

    /// <summary>A local file header of a ZIP and what follows it (APPNOTE.TXT, 4.3.7).</summary>
    private readonly ref struct ZipEntry
    {
        private const int HeaderLength = 30;

        public ReadOnlySpan<byte> Name { get; private init; }

        public ReadOnlySpan<byte> Content { get; private init; }

        public ReadOnlySpan<byte> Rest { get; private init; }

        public static bool TryRead(ReadOnlySpan<byte> bytes, out ZipEntry entry)
        {
            entry = default;
            if (bytes.Length < HeaderLength || !bytes.StartsWith("PK\u0003\u0004"u8))
                return false;
            var flags = BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
            var method = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[18..]);
            var name = bytes[HeaderLength..];
            name = name[..Math.Min(name.Length, BinaryPrimitives.ReadUInt16LittleEndian(bytes[26..]))];
            var content = bytes[Math.Min(bytes.Length, HeaderLength + name.Length + BinaryPrimitives.ReadUInt16LittleEndian(bytes[28..]))..];
            // Where the length was not known when the header was written, it is behind the content.
            var next = (flags & 8) != 0 ? content.IndexOf("PK\u0003\u0004"u8) : length <= content.Length ? (int)length : -1;
            entry = new ZipEntry
            {
                Name = name,
                Content = method == 0 ? content[..(int)Math.Min(length, (uint)content.Length)] : default,
                Rest = next < 0 ? default : content[next..],
            };
            return true;
        }
    }
}
