using Media.Grains.Contents;
using Media.Grains.Files;
using Media.Grains.Uploads;

namespace Media.Api.Delivery;

/// <summary>Which object a path from the bucket's root stands for.</summary>
internal static class DeliveryKey
{
    /// <summary>The upload whose folder this is.</summary>
    /// <returns>Its tag, or null where this is any other folder.</returns>
    public static string? TagOf(string folder) => folder.StartsWith('/') && folder.EndsWith('/') && folder.Length > 1 ? Tags.FromKey(folder[1..^1]) : null;

    /// <summary>The folder that stands for one file's object, so that it can be signed alone: its content's, or for an empty file its upload's.</summary>
    public static string FolderOf(NewFile file) => $"/{file.Key}/";

    /// <summary>The folder of a content's thumbnails.</summary>
    public static string ThumbnailsOf(string pieceHash) => $"/{ContentKeys.Thumbnails(pieceHash)}";

    /// <summary>
    /// The key of the object: <c>/hash/HASH/NAME</c> and <c>/upload/TAG/NAME</c> are <c>hash/HASH</c> and <c>upload/TAG</c> by any name, everything else is what
    /// it says.
    /// </summary>
    /// <param name="path">Decoded, and let through by the rules.</param>
    /// <returns>The key, or null where nothing is ever delivered from there.</returns>
    public static string? Of(string path)
    {
        var key = path[1..];
        if (key.StartsWith(ContentKeys.QuarantinePrefix, StringComparison.Ordinal))
            return null;
        var name = key.LastIndexOf('/');
        return name > 0 && IsOneObject(key[..name]) ? key[..name] : key;
    }

    private static bool IsOneObject(string folder) =>
        Tags.FromKey(folder) is not null
        || (folder.StartsWith(ContentKeys.Prefix, StringComparison.Ordinal) && UploadRules.IsHash(folder[ContentKeys.Prefix.Length..]));
}
