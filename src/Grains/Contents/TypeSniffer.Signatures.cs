namespace Media.Grains.Contents;

// Forms that bytes at one place tell.
public static partial class TypeSniffer
{
    private const string Mp4Audio = "audio/mp4";
    private const string Mp4Video = "video/mp4";
    private const string QuickTime = "video/quicktime";

    private static readonly Signature[] Signatures =
    [
        new(0, [0xFF, 0xD8, 0xFF], "image/jpeg"),
        new(0, "\u0089PNG\r\n\u001A\n", "image/png"),
        new(0, "GIF87a", "image/gif"),
        new(0, "GIF89a", "image/gif"),
        new(0, "II*\0", "image/tiff"),
        new(0, "MM\0*", "image/tiff"),
        new(0, "II+\0", "image/tiff"),
        new(0, "MM\0+", "image/tiff"),
        new(0, [0xFF, 0x0A], "image/jxl"),
        new(0, "\0\0\0\u000CJXL \r\n\u0087\n", "image/jxl"),
        new(0, "\0\0\0\u000CjP  \r\n\u0087\n", "image/jp2"),
        new(0, "fLaC", "audio/flac"),
        new(0, [0x00, 0x00, 0x01, 0xBA], "video/mpeg"),
        new(0, [0x00, 0x00, 0x01, 0xB3], "video/mpeg"),
        // QuickTime from before it named itself.
        new(0, "\0", QuickTime, 4, "moov"),
        new(0, "\0", QuickTime, 4, "mdat"),
        new(0, "\0", QuickTime, 4, "wide"),
        new(0, [0x1F, 0x8B, 0x08], "application/gzip"),
        new(0, "7z\u00BC\u00AF'\u001C", "application/x-7z-compressed"),
        new(0, "Rar!\u001A\u0007", "application/vnd.rar"),
        new(0, "\u00FD7zXZ\0", "application/x-xz"),
        new(0, [0x28, 0xB5, 0x2F, 0xFD], "application/zstd"),
        new(0, "BZh", "application/x-bzip2", 4, "1AY&SY"),
        new(257, "ustar\0", "application/x-tar"),
        new(257, "ustar  \0", "application/x-tar"),
        // Word, Excel, PowerPoint and Outlook of before 2007, and installers.
        new(0, [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "application/x-ole-storage"),
        new(0, "\0asm", "application/wasm"),
        new(0, "\u007FELF", "application/x-elf"),
        new(0, [0xCF, 0xFA, 0xED, 0xFE], "application/x-mach-binary"),
        new(0, [0xCE, 0xFA, 0xED, 0xFE], "application/x-mach-binary"),
    ];

    private static string? DetectSignature(ReadOnlySpan<byte> head)
    {
        foreach (var signature in Signatures)
        {
            if (signature.Matches(head))
                return signature.Type;
        }

        return null;
    }

    private static string? DetectIcon(ReadOnlySpan<byte> head) =>
        // Reserved, type 1, a count; and the first entry's reserved byte.
        head.Length >= 22 && head.StartsWith<byte>([0, 0, 1, 0]) && head[5] == 0 && head[4] != 0 && head[9] == 0 ? "image/vnd.microsoft.icon" : null;

    private static string? DetectBitmap(ReadOnlySpan<byte> head) =>
        // Two letters are few: the reserved words and the length of the second header as well.
        head.Length >= 18 && head.StartsWith("BM"u8) && head[6..10].SequenceEqual<byte>([0, 0, 0, 0]) && head[14] is 12 or 40 or 52 or 56 or 64 or 108 or 124
            && head[15..18].SequenceEqual<byte>([0, 0, 0])
            ? "image/bmp"
            : null;

    private static string? DetectPortableExecutable(ReadOnlySpan<byte> head)
    {
        if (head.Length < 64 || !head.StartsWith("MZ"u8))
            return null;
        var offset = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(head[60..]);
        return offset <= head.Length - 4 && head[(int)offset..].StartsWith("PE\0\0"u8) ? "application/vnd.microsoft.portable-executable" : null;
    }

    private sealed class Signature(int offset, byte[] magic, string type)
    {
        private int offset2;
        private byte[] magic2 = [];

        /// <param name="offset">Where.</param>
        /// <param name="magic">One character for each byte.</param>
        /// <param name="type">What it is.</param>
        public Signature(int offset, string magic, string type)
            : this(offset, System.Text.Encoding.Latin1.GetBytes(magic), type)
        {
        }

        public Signature(int offset, string magic, string type, int offset2, string magic2)
            : this(offset, magic, type) => (this.offset2, this.magic2) = (offset2, System.Text.Encoding.Latin1.GetBytes(magic2));

        public string Type => type;

        public bool Matches(ReadOnlySpan<byte> head) => Matches(head, offset, magic) && Matches(head, offset2, magic2);

        private static bool Matches(ReadOnlySpan<byte> head, int offset, byte[] magic) =>
            head.Length >= offset && head[offset..].StartsWith(magic);
    }
}
