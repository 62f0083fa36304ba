using System.Collections.Frozen;

namespace Media.Client.Uploading;

/// <summary>Guesses a media type from a file name's extension.</summary>
public static class ContentTypes
{
    /// <summary>What a file is when nothing tells.</summary>
    public const string Unknown = "application/octet-stream";

    private static readonly FrozenDictionary<string, string> ByExtension = new Dictionary<string, string>
    {
        [".3gp"] = "video/3gpp", [".7z"] = "application/x-7z-compressed", [".aac"] = "audio/aac", [".ai"] = "application/postscript",
        [".aif"] = "audio/aiff", [".aiff"] = "audio/aiff", [".apng"] = "image/apng", [".avi"] = "video/x-msvideo", [".avif"] = "image/avif",
        [".bmp"] = "image/bmp", [".bz2"] = "application/x-bzip2", [".css"] = "text/css", [".csv"] = "text/csv", [".dng"] = "image/x-adobe-dng",
        [".doc"] = "application/msword", [".docx"] = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        [".eps"] = "application/postscript", [".epub"] = "application/epub+zip", [".flac"] = "audio/flac", [".flv"] = "video/x-flv",
        [".gif"] = "image/gif", [".gz"] = "application/gzip", [".heic"] = "image/heic", [".heif"] = "image/heif", [".htm"] = "text/html",
        [".html"] = "text/html", [".ico"] = "image/x-icon", [".jpeg"] = "image/jpeg", [".jpg"] = "image/jpeg", [".js"] = "text/javascript",
        [".json"] = "application/json", [".jxl"] = "image/jxl", [".m2ts"] = "video/mp2t", [".m4a"] = "audio/mp4", [".m4v"] = "video/mp4",
        [".md"] = "text/markdown", [".mid"] = "audio/midi", [".mkv"] = "video/x-matroska", [".mov"] = "video/quicktime", [".mp3"] = "audio/mpeg",
        [".mp4"] = "video/mp4", [".mpeg"] = "video/mpeg", [".mpg"] = "video/mpeg", [".mts"] = "video/mp2t", [".mxf"] = "application/mxf",
        [".oga"] = "audio/ogg", [".ogg"] = "audio/ogg", [".ogv"] = "video/ogg", [".opus"] = "audio/opus", [".pdf"] = "application/pdf",
        [".png"] = "image/png", [".ppt"] = "application/vnd.ms-powerpoint",
        [".pptx"] = "application/vnd.openxmlformats-officedocument.presentationml.presentation", [".psd"] = "image/vnd.adobe.photoshop",
        [".rar"] = "application/vnd.rar", [".rtf"] = "application/rtf", [".srt"] = "application/x-subrip", [".svg"] = "image/svg+xml",
        [".tar"] = "application/x-tar", [".tif"] = "image/tiff", [".tiff"] = "image/tiff", [".ts"] = "video/mp2t", [".txt"] = "text/plain",
        [".vtt"] = "text/vtt", [".wasm"] = "application/wasm", [".wav"] = "audio/wav", [".weba"] = "audio/webm", [".webm"] = "video/webm",
        [".webp"] = "image/webp", [".wmv"] = "video/x-ms-wmv", [".xls"] = "application/vnd.ms-excel",
        [".xlsx"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", [".xml"] = "application/xml", [".zip"] = "application/zip",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The media type of a file of this name; <see cref="Unknown"/> where the extension is none that is known.</summary>
    public static string Of(string fileName) => ByExtension.GetValueOrDefault(Path.GetExtension(fileName), Unknown);
}
