using System.IO.Compression;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Media.Grains.Contents;

namespace Media.Grains.Tests.Contents;

public sealed class TypeSnifferTests
{
    private const string Office = "application/vnd.openxmlformats-officedocument.";

    // Bytes by their Latin-1 characters; {n} stands for n zero bytes.
    [Theory]
    [InlineData("\u00FF\u00D8\u00FF\u00E0{2}JFIF\0", "image/jpeg")]
    [InlineData("\u0089PNG\r\n\u001A\n{3}\rIHDR", "image/png")]
    [InlineData("GIF87a", "image/gif")]
    [InlineData("GIF89a\u0001\0\u0001\0", "image/gif")]
    [InlineData("RIFF\u0010{3}WEBPVP8 ", "image/webp")]
    [InlineData("{3}\u0020ftypavif{4}avifmif1miaf", "image/avif")]
    [InlineData("{3}\u0020ftypmif1{4}mif1avifmiaf", "image/avif")]
    [InlineData("{3}\u0018ftypheic{4}mif1heic", "image/heic")]
    [InlineData("{3}\u0018ftypmif1{4}mif1heic", "image/heic")]
    [InlineData("{3}\u0018ftypmif1{4}mif1abcd", "image/heif")]
    [InlineData("II*\0\u0008{3}", "image/tiff")]
    [InlineData("MM\0*{3}\u0008", "image/tiff")]
    [InlineData("II+\0\u0008\0\0\0", "image/tiff")]
    [InlineData("BM\u009A{3}{4}\u0036{3}\u0028{3}\u0001{3}", "image/bmp")]
    [InlineData("{2}\u0001\0\u0001\0\u0010\u0010{2}\u0001\0\u0020\0\u0068\u0005{2}\u0016{3}", "image/vnd.microsoft.icon")]
    [InlineData("{3}\u000CJXL \r\n\u0087\n", "image/jxl")]
    [InlineData("%PDF-1.7\n", "application/pdf")]
    [InlineData("\u00EF\u00BB\u00BF\n%PDF-1.7\n", "application/pdf")]
    [InlineData("\u001F\u008B\u0008{7}", "application/gzip")]
    [InlineData("7z\u00BC\u00AF\u0027\u001C\0\u0004", "application/x-7z-compressed")]
    [InlineData("Rar!\u001A\u0007\0", "application/vnd.rar")]
    [InlineData("Rar!\u001A\u0007\u0001\0", "application/vnd.rar")]
    [InlineData("\u00FD7zXZ\0\0\u0004", "application/x-xz")]
    [InlineData("\u0028\u00B5\u002F\u00FD\u0024", "application/zstd")]
    [InlineData("BZh91AY&SY", "application/x-bzip2")]
    [InlineData("name.txt{249}ustar\u000000", "application/x-tar")]
    [InlineData("name.txt{249}ustar  \0", "application/x-tar")]
    [InlineData("{3}\u0018ftypisom{4}isommp42", "video/mp4")]
    [InlineData("{3}\u0018ftypzzzz{4}zzzzmp42", "video/mp4")]
    [InlineData("{3}\u0018ftypM4A {4}isommp42", "audio/mp4")]
    [InlineData("{3}\u0014ftypqt  {4}qt  ", "video/quicktime")]
    [InlineData("{3}\u0008wide{3}\u0010mdat", "video/quicktime")]
    [InlineData("{3}\u0014ftyp3gp4{4}3gp4", "video/3gpp")]
    [InlineData("{3}\u0014ftyp3g2a{4}3g2a", "video/3gpp2")]
    [InlineData("\u001A\u0045\u00DF\u00A3\u009F\u0042\u0086\u0081\u0001\u0042\u0082\u0084webm", "video/webm")]
    [InlineData("\u001A\u0045\u00DF\u00A3\u00A3\u0042\u0086\u0081\u0001\u0042\u0082\u0088matroska", "video/matroska")]
    [InlineData("RIFF\u0010{3}AVI LIST", "video/x-msvideo")]
    [InlineData("RIFF\u0010{3}WAVEfmt ", "audio/wav")]
    [InlineData("FORM{3}\u0010AIFFCOMM", "audio/aiff")]
    [InlineData("OggS\0\u0002{20}\u0001\u0013OpusHead\u0001\u0002", "audio/ogg")]
    [InlineData("OggS\0\u0002{20}\u0001\u001E\u0001vorbis", "audio/ogg")]
    [InlineData("OggS\0\u0002{20}\u0001\u002A\u0080theora\u0003", "video/ogg")]
    [InlineData("OggS\0\u0002{20}\u0001\u002Asomething", "application/ogg")]
    [InlineData("fLaC{3}\u0022", "audio/flac")]
    [InlineData("ID3\u0003{6}\u0001", "audio/mpeg")]
    [InlineData("ID3\u0004{6}fLaC{3}\u0022", "audio/flac")]
    [InlineData("\u00FF\u00FB\u0090\u0000{413}\u00FF\u00FB\u0090\u0000{20}", "audio/mpeg")]
    [InlineData("\u00FF\u00F1\u0050\u0080\u0001\u007F\u00FC{4}\u00FF\u00F1\u0050\u0080\u0001\u007F\u00FC{4}", "audio/aac")]
    [InlineData("G{187}G{187}G{187}G{10}", "video/mp2t")]
    [InlineData("{4}G{191}G{191}G{10}", "video/mp2t")]
    [InlineData("{2}\u0001\u00BA\u0044{9}", "video/mpeg")]
    [InlineData("\0asm\u0001{3}", "application/wasm")]
    [InlineData("\u007FELF\u0002\u0001\u0001", "application/x-elf")]
    [InlineData("MZ{58}\u0040{3}PE{2}\u0064\u0086", "application/vnd.microsoft.portable-executable")]
    [InlineData("\u00D0\u00CF\u0011\u00E0\u00A1\u00B1\u001A\u00E1", "application/x-ole-storage")]
    public void Detect_MarkOfAForm_NamesIt(string head, string type) => Assert.Equal(type, TypeSniffer.Detect(Bytes(head)));

    [Theory]
    [InlineData("<!DOCTYPE html><html>", "text/html")]
    [InlineData(" \r\n<!-- a > b --> <HTML lang=en>", "text/html")]
    [InlineData("<script>alert(1)</script>", "text/html")]
    [InlineData("<svg xmlns=\"http://www.w3.org/2000/svg\">", "image/svg+xml")]
    [InlineData("<?xml version=\"1.0\"?>\n<!-- drawn -->\n<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"x\">\n<svg>", "image/svg+xml")]
    [InlineData("<?xml version=\"1.0\"?><svg:svg xmlns:svg=\"http://www.w3.org/2000/svg\">", "image/svg+xml")]
    [InlineData("<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\">", "application/xhtml+xml")]
    [InlineData("<?xml version=\"1.0\"?><rss>", "application/xml")]
    [InlineData("<?xml version=\"1.0\"?><!-- never ends", "application/xml")]
    public void Detect_Markup_NamesItByItsRoot(string text, string type)
    {
        Assert.Equal(type, TypeSniffer.Detect(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(type, TypeSniffer.Detect([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(text)]));
        Assert.Equal(type, TypeSniffer.Detect([.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(text)]));
        Assert.Equal(type, TypeSniffer.Detect([.. Encoding.BigEndianUnicode.Preamble, .. Encoding.BigEndianUnicode.GetBytes(text)]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("G")]
    [InlineData("Hello, world.")]
    [InlineData("the wide world, in text")]
    [InlineData("BMW and MZ are makers of motor vehicles, and so on and on, with no picture in sight at all, anywhere.")]
    [InlineData("ID3 tags are what MP3 files begin with.")]
    [InlineData("Gentlemen prefer text to transport streams.")]
    [InlineData("<unknown>")]
    [InlineData("< p>")]
    [InlineData("a <html>")]
    [InlineData("{\"html\": \"<html>\"}")]
    [InlineData("RIFF\u0010{3}ABCD")]
    [InlineData("{3}\u0018ftypzzzz{4}zzzzyyyy")]
    [InlineData("\u00FF\u00FB\u0090\u0000{413}something else")]
    [InlineData("\u00FF\u00FEH\0i\0")]
    public void Detect_NothingKnown_SaysNothing(string head) => Assert.Null(TypeSniffer.Detect(Bytes(head)));

    [Theory]
    [InlineData("[Content_Types].xml|_rels/.rels|word/document.xml", Office + "wordprocessingml.document")]
    [InlineData("[Content_Types].xml|xl/workbook.xml", Office + "spreadsheetml.sheet")]
    [InlineData("ppt/presentation.xml|_rels/.rels", Office + "presentationml.presentation")]
    [InlineData("word/a.txt|readme.txt", "application/zip")]
    [InlineData("META-INF/MANIFEST.MF|A.class", "application/java-archive")]
    [InlineData("classes.dex|AndroidManifest.xml", "application/vnd.android.package-archive")]
    [InlineData("holiday.jpg", "application/zip")]
    [InlineData("", "application/zip")]
    public void Detect_Zip_NamesWhatItIsMadeInto(string entries, string type)
    {
        var names = entries.Split('|', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(type, TypeSniffer.Detect(ZipOf([.. names.Select(name => (name, "something"))])));
    }

    [Theory]
    [InlineData("application/epub+zip", "application/epub+zip")]
    [InlineData("application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text")]
    [InlineData("text/html", "application/zip")]
    [InlineData("application/vnd.oasis.opendocument.\r\nX: y", "application/zip")]
    public void Detect_ZipWithItsTypeInFront_NamesOnlyKnownOnes(string mimetype, string type) =>
        Assert.Equal(type, TypeSniffer.Detect(ZipOf([("mimetype", mimetype), ("content.xml", "<a/>")], CompressionLevel.NoCompression)));

    [Fact]
    public void Detect_ZipThatHoldsADocument_IsNotTheDocument()
    {
        var inner = ZipOf([("[Content_Types].xml", "a"), ("word/document.xml", "b")]);
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = archive.CreateEntry("letter.docx", CompressionLevel.NoCompression).Open();
            entry.Write(inner);
        }

        Assert.Equal("application/zip", TypeSniffer.Detect(stream.ToArray()));
    }

    [Fact]
    public void Detect_AnyBytes_NeverFailsAndNeverLooksFurtherThanItSays() =>
        Prop.ForAll(
            Gen.Elements<byte[]>([], "PK\u0003\u0004"u8.ToArray(), "ID3\u0003\0\0\0\0"u8.ToArray(), Bytes("{3}\u0018ftypmif1"), "OggS\0"u8.ToArray(), [0xFF, 0xFB], [0xFF, 0xF1], "<?xml"u8.ToArray(), [0xFF, 0xFE], "MZ"u8.ToArray(), [0x1A, 0x45, 0xDF, 0xA3])
                .SelectMany(start => ArbMap.Default.GeneratorFor<byte[]>().Select(rest => (byte[])[.. start, .. rest])).ToArbitrary(),
            bytes =>
            {
                var padded = new byte[Math.Max(bytes.Length, TypeSniffer.HeadLength) + 100];
                bytes.CopyTo(padded, 0);
                _ = TypeSniffer.Detect(bytes);
                Assert.Equal(TypeSniffer.Detect(padded.AsSpan(0, TypeSniffer.HeadLength)), TypeSniffer.Detect(padded));
            }).QuickCheckThrowOnFailure();

    [Theory]
    // Nothing was claimed.
    [InlineData(null, "image/png", true)]
    [InlineData("", "image/png", true)]
    [InlineData("application/octet-stream", "application/x-elf", true)]
    // Other words.
    [InlineData("image/jpg", "image/jpeg", true)]
    [InlineData("IMAGE/JPEG; q=1", "image/jpeg", true)]
    [InlineData("audio/x-wav", "audio/wav", true)]
    [InlineData("image/x-icon", "image/vnd.microsoft.icon", true)]
    [InlineData("application/x-gzip", "application/gzip", true)]
    [InlineData("text/xml; charset=utf-8", "application/xml", true)]
    [InlineData("audio/mp3", "audio/mpeg", true)]
    // One form, several kinds.
    [InlineData("video/quicktime", "video/mp4", true)]
    [InlineData("video/mp4", "video/quicktime", true)]
    [InlineData("audio/x-m4a", "video/mp4", true)]
    [InlineData("video/x-matroska", "video/webm", true)]
    [InlineData("audio/opus", "audio/ogg", true)]
    [InlineData("image/heif", "image/heic", true)]
    [InlineData("image/avif", "image/heif", true)]
    [InlineData("image/avif", "image/heic", false)]
    [InlineData("application/msword", "application/x-ole-storage", true)]
    [InlineData("image/x-adobe-dng", "image/tiff", true)]
    // What is made of ZIPs.
    [InlineData("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/zip", true)]
    [InlineData("application/zip", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", true)]
    [InlineData("application/x-zip-compressed", "application/epub+zip", true)]
    [InlineData("application/vnd.ms-excel.sheet.macroenabled.12", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", true)]
    [InlineData("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", false)]
    [InlineData("image/png", "application/zip", false)]
    [InlineData("application/zip", "application/gzip", false)]
    // Markup.
    [InlineData("text/plain", "text/html", true)]
    [InlineData("text/markdown", "text/html", true)]
    [InlineData("application/rss+xml", "application/xml", true)]
    [InlineData("text/html", "application/xhtml+xml", true)]
    [InlineData("image/svg+xml", "application/xml", true)]
    [InlineData("image/svg+xml", "text/html", false)]
    [InlineData("image/png", "text/html", false)]
    [InlineData("application/pdf", "text/html", false)]
    [InlineData("application/json", "text/html", false)]
    // Lies.
    [InlineData("image/jpeg", "image/png", false)]
    [InlineData("image/jpeg", "application/vnd.microsoft.portable-executable", false)]
    [InlineData("text/plain", "application/x-elf", false)]
    [InlineData("video/mp4", "application/zip", false)]
    [InlineData("image/jpeg", null, false)]
    [InlineData("video/mp4", null, false)]
    [InlineData("application/pdf", null, false)]
    // Without a mark that could be missing.
    [InlineData("text/plain", null, true)]
    [InlineData("application/json", null, true)]
    [InlineData("audio/mpeg", null, true)]
    [InlineData("application/x-something", null, true)]
    public void Agrees_ClaimAndFinding_TellsWhatCannotBe(string? claimed, string? detected, bool agrees) => Assert.Equal(agrees, TypeSniffer.Agrees(claimed, detected));

    [Theory]
    [InlineData("image/png", "image/png", "image/png")]
    [InlineData("text/plain; charset=utf-8", null, "text/plain; charset=utf-8")]
    [InlineData("text/plain", "text/html", "text/plain")]
    [InlineData("image/jpeg", "text/html", "text/html")]
    [InlineData("image/jpeg", null, null)]
    [InlineData("", "image/png", "image/png")]
    [InlineData(null, "video/mp4", "video/mp4")]
    [InlineData("Application/Octet-Stream", "image/png", "image/png")]
    [InlineData("application/octet-stream", null, null)]
    [InlineData("", null, null)]
    public void Choose_ClaimAndFinding_IsTheClaimUnlessItSaysNothingOrCannotBe(string? claimed, string? detected, string? type) =>
        Assert.Equal(type, TypeSniffer.Choose(claimed, detected));

    private static byte[] ZipOf((string Name, string Content)[] entries, CompressionLevel level = CompressionLevel.Optimal)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = archive.CreateEntry(name, level).Open();
                entry.Write(Encoding.UTF8.GetBytes(content));
            }
        }

        return stream.ToArray();
    }

    private static byte[] Bytes(string pattern)
    {
        var bytes = new List<byte>();
        for (var at = 0; at < pattern.Length; at++)
        {
            var end = pattern[at] == '{' ? pattern.IndexOf('}', at) : -1;
            if (end > at && int.TryParse(pattern.AsSpan(at + 1, end - at - 1), out var zeros))
            {
                bytes.AddRange(new byte[zeros]);
                at = end;
            }
            else
            {
                bytes.Add((byte)pattern[at]);
            }
        }

        return [.. bytes];
    }
}
