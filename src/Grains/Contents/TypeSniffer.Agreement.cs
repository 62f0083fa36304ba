using System.Collections.Frozen;

namespace Media.Grains.Contents;

// Whether what was said of a file can be true.
public static partial class TypeSniffer
{
    // Other words for the same.
    private static readonly FrozenDictionary<string, string> Canonical = Invert(
        ("image/jpeg", ["image/jpg", "image/pjpeg", "image/jpe"]),
        ("image/png", ["image/x-png", "image/apng", "image/vnd.mozilla.apng"]),
        ("image/bmp", ["image/x-bmp", "image/x-ms-bmp"]),
        ("image/vnd.microsoft.icon", ["image/x-icon", "image/ico", "image/icon", "application/ico"]),
        ("image/tiff", ["image/tif", "image/x-tiff"]),
        ("image/svg+xml", ["image/svg"]),
        ("application/pdf", ["application/x-pdf"]),
        ("application/gzip", ["application/x-gzip", "application/x-gtar", "application/x-compressed-tar", "application/x-tgz", "application/tar+gzip"]),
        ("application/x-bzip2", ["application/bzip2", "application/x-bzip", "application/x-bzip-compressed-tar"]),
        ("application/x-xz", ["application/xz", "application/x-xz-compressed-tar"]),
        ("application/zstd", ["application/x-zstd", "application/x-zstd-compressed-tar"]),
        ("application/vnd.rar", ["application/x-rar-compressed", "application/x-rar", "application/rar"]),
        ("application/x-tar", ["application/tar"]),
        ("application/xml", ["text/xml"]),
        ("audio/wav", ["audio/x-wav", "audio/wave", "audio/vnd.wave", "audio/x-pn-wav"]),
        ("audio/aiff", ["audio/x-aiff"]),
        ("audio/flac", ["audio/x-flac"]),
        ("audio/aac", ["audio/x-aac", "audio/aacp", "audio/x-hx-aac-adts", "audio/vnd.dlna.adts"]),
        ("audio/mpeg", ["audio/mp3", "audio/x-mp3", "audio/mpeg3", "audio/x-mpeg", "audio/x-mpeg-3", "audio/mpg"]),
        ("video/x-msvideo", ["video/avi", "video/msvideo", "video/vnd.avi"]),
        ("application/vnd.microsoft.portable-executable", ["application/x-msdownload", "application/x-msdos-program", "application/x-dosexec", "application/exe", "application/x-exe"]),
        ("application/x-elf", ["application/x-executable", "application/x-sharedlib", "application/x-pie-executable", "application/x-object", "application/x-core"]));

    // One form, of which the head alone does not tell the kinds apart for certain.
    private static readonly FrozenDictionary<string, string> Families = Invert(
        ("iso-media", [Mp4Video, Mp4Audio, QuickTime, "video/3gpp", "video/3gpp2", "audio/3gpp", "audio/3gpp2", "video/x-m4v", "audio/x-m4a", "audio/m4a", "audio/x-m4b", "application/mp4", "audio/quicktime", "video/mp4v-es"]),
        ("matroska", ["video/webm", "audio/webm", "video/matroska", "video/x-matroska", "audio/matroska", "audio/x-matroska", "video/matroska-3d", "application/x-matroska"]),
        ("ogg", ["application/ogg", "audio/ogg", "video/ogg", "audio/opus", "audio/vorbis", "audio/x-vorbis+ogg", "audio/x-opus+ogg", "audio/x-speex+ogg", "video/x-theora+ogg"]),
        ("mpeg", ["video/mpeg", "video/mp2t", "video/mp2p", "video/x-mpeg", "video/x-mpeg2", "video/mpg", "video/vnd.dlna.mpeg-tts", "audio/mp2t"]),
        // A tag in front hides which of the two it is.
        ("mpeg-audio", ["audio/mpeg", "audio/aac"]),
        ("tiff", ["image/tiff", "image/x-canon-cr2", "image/x-nikon-nef", "image/x-adobe-dng", "image/dng", "image/x-sony-arw", "image/x-pentax-pef", "image/x-dcraw", "image/x-raw"]),
        ("ole", ["application/x-ole-storage", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint", "application/vnd.ms-outlook", "application/vnd.ms-project", "application/vnd.visio", "application/x-msi", "application/x-cfb", "application/vnd.ms-publisher"]));

    // Whoever is one of these begins with its mark, and something else does not.
    private static readonly FrozenSet<string> AlwaysMarked = new[]
    {
        "image/jpeg", "image/png", "image/gif", "image/webp", Avif, Heic, Heif, "image/tiff", "image/bmp", "image/jxl", "image/jp2", "image/vnd.microsoft.icon",
        "video/mp4", "video/webm", "video/matroska", "video/x-matroska", "video/x-msvideo", "video/quicktime", "audio/flac", "audio/wav", "audio/ogg", "video/ogg", "application/ogg",
        "application/pdf", "application/gzip", "application/x-7z-compressed", "application/vnd.rar", "application/x-xz", "application/zip", "application/wasm",
        Opc + "wordprocessingml.document", Opc + "spreadsheetml.sheet", Opc + "presentationml.presentation", "application/epub+zip",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether a file that was said to be of one type can be what was found in it.</summary>
    /// <param name="claimed">As claimed, with or without parameters; nothing and <c>application/octet-stream</c> claim nothing.</param>
    /// <param name="detected">As <see cref="Detect"/> found it; null contradicts a claim only where the type has a mark that was not there.</param>
    public static bool Agrees(string? claimed, string? detected)
    {
        var said = Normalize(claimed);
        if (SaysNothing(said))
            return true;
        if (detected is null)
            return !AlwaysMarked.Contains(said);
        var found = Normalize(detected);
        return said == found
            || (Families.TryGetValue(said, out var family) && Families.GetValueOrDefault(found) == family)
            || IsHeif(said, found)
            || IsPackage(said, found)
            || IsMarkup(said, found);
    }

    /// <summary>What a file is to be called: as claimed, unless that says nothing or its bytes contradict it.</summary>
    /// <param name="claimed">As for <see cref="Agrees"/>.</param>
    /// <param name="detected">As <see cref="Detect"/> found it.</param>
    /// <returns>The type, as it was claimed or detected; null where nothing is known of it.</returns>
    public static string? Choose(string? claimed, string? detected)
    {
        if (SaysNothing(Normalize(claimed)) || !Agrees(claimed, detected))
            return detected;
        return claimed;
    }

    private static bool SaysNothing(string normalized) =>
        normalized is "" or "application/octet-stream" or "binary/octet-stream" or "application/x-binary" or "application/unknown";

    private static string Normalize(string? type)
    {
        var bare = type.AsSpan();
        var end = bare.IndexOf(';');
        var lower = (end < 0 ? bare : bare[..end]).Trim().ToString().ToLowerInvariant();
        return Canonical.GetValueOrDefault(lower, lower);
    }

    // The general brand may hold either codec.
    private static bool IsHeif(string said, string found) =>
        (said == Heif && found is Heic or Avif)
        || (found == Heif && said is Heic or Avif or "image/heic-sequence" or "image/heif-sequence")
        || (found == Heic && said is "image/heic-sequence" or "image/heif-sequence");

    /// <summary>A ZIP may be anything that is made of one, as far as the head does not say more; and what is made of a ZIP is one.</summary>
    private static bool IsPackage(string said, string found) =>
        found == Zip
            ? IsMadeOfZip(said)
            : IsMadeOfZip(found) && (said is Zip or "application/x-zip-compressed" or "application/x-zip"
                // Macros and templates do not show in the names of the first entries; and packages for Android are Java archives too.
                || (found.StartsWith(Opc, StringComparison.Ordinal) && SameOffice(said, found))
                || (said == "application/java-archive" && found == "application/vnd.android.package-archive")
                || (said == "application/vnd.android.package-archive" && found == "application/java-archive"));

    private static bool IsMadeOfZip(string type) =>
        type is "application/x-zip-compressed" or "application/x-zip" or Zip or "application/java-archive" or "application/x-java-archive" or "application/vnd.android.package-archive"
            or "application/vnd.google-earth.kmz" or "application/x-xpinstall" or "application/oxps" or "application/vnd.ms-xpsdocument" or "application/vnd.comicbook+zip"
            or "application/x-cbz" or "application/vnd.visio" or "model/3mf" or "application/vnd.ms-package.3dmanufacturing-3dmodel+xml" or "application/msix" or "application/vsix"
        || type.EndsWith("+zip", StringComparison.Ordinal)
        || type.StartsWith(Opc, StringComparison.Ordinal)
        || type.StartsWith("application/vnd.oasis.opendocument.", StringComparison.Ordinal)
        || type.StartsWith("application/vnd.apple.", StringComparison.Ordinal)
        || (type.StartsWith("application/vnd.ms-", StringComparison.Ordinal) && type.EndsWith(".12", StringComparison.Ordinal));

    private static bool SameOffice(string said, string found) =>
        (said.Contains("word", StringComparison.Ordinal) && found.Contains("word", StringComparison.Ordinal))
        || ((said.Contains("excel", StringComparison.Ordinal) || said.Contains("spreadsheet", StringComparison.Ordinal)) && found.Contains("spreadsheet", StringComparison.Ordinal))
        || ((said.Contains("powerpoint", StringComparison.Ordinal) || said.Contains("presentation", StringComparison.Ordinal)) && found.Contains("presentation", StringComparison.Ordinal));

    /// <summary>Markup is text. Text may be claimed of it, and nothing that is not text or XML.</summary>
    private static bool IsMarkup(string said, string found) =>
        found is Html or Svg or Xml or "application/xhtml+xml"
        && (said.StartsWith("text/", StringComparison.Ordinal)
            || (found == Xml && (said.EndsWith("+xml", StringComparison.Ordinal) || said == "application/xml-dtd"))
            || (said == Xml && found != Html)
            || (said == "application/xhtml+xml" && found == Html));

    private static FrozenDictionary<string, string> Invert(params ReadOnlySpan<(string Name, string[] Types)> groups)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, types) in groups)
        {
            foreach (var type in types)
                names.Add(type, name);
        }

        return names.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
