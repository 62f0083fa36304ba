using System.Collections.Frozen;

namespace Media.Silo.Thumbnails;

/// <summary>Which types get thumbnails, and by what.</summary>
internal static class ThumbnailFormats
{
    /// <summary>The media type of a thumbnail.</summary>
    public const string Type = "image/webp";

    /// <summary>The squares that thumbnails fit into, in pixels, the smallest first.</summary>
    public static readonly int[] Widths = [128, 512];

    // By the type that was found in the bytes: the one loader of libvips that is to read it.
    private static readonly FrozenDictionary<string, string> Loaders = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["image/jpeg"] = "jpegload",
        ["image/png"] = "pngload",
        ["image/webp"] = "webpload",
        ["image/gif"] = "gifload",
        ["image/avif"] = "heifload",
        ["image/heic"] = "heifload",
        ["image/heif"] = "heifload",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // The one demuxer of ffmpeg that is to read it.
    private static readonly FrozenDictionary<string, string> Demuxers = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["video/mp4"] = "mov",
        ["video/quicktime"] = "mov",
        ["video/3gpp"] = "mov",
        ["video/3gpp2"] = "mov",
        ["video/webm"] = "matroska",
        ["video/matroska"] = "matroska",
        ["video/x-msvideo"] = "avi",
        ["video/ogg"] = "ogg",
        ["video/mp2t"] = "mpegts",
        ["video/mpeg"] = "mpeg",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The loader for an image of this type, or null.</summary>
    public static string? LoaderOf(string? detected) => detected is null ? null : Loaders.GetValueOrDefault(detected);

    /// <summary>The demuxer for a video of this type, or null.</summary>
    public static string? DemuxerOf(string? detected) => detected is null ? null : Demuxers.GetValueOrDefault(detected);
}
