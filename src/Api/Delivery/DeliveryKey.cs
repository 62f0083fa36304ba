using Media.Grains.Uploads;

namespace Media.Api.Delivery;

/// <summary>Which object a path from the bucket's root stands for.</summary>
internal static class DeliveryKey
{
    private const string Quarantine = "quarantine/";

    /// <summary>The folder that stands for one upload, so that it can be signed alone.</summary>
    public static string FolderOf(string tag) => $"/{Tags.KeyPrefix}{tag}/";

    /// <summary>The upload whose folder this is.</summary>
    /// <returns>Its tag, or null where this is any other folder.</returns>
    public static string? TagOf(string folder) => folder.StartsWith('/') && folder.EndsWith('/') && folder.Length > 1 ? Tags.FromKey(folder[1..^1]) : null;

    /// <summary>
    /// The key of the object: <c>/upload/TAG/NAME</c> is <c>upload/TAG</c> by any name, everything else is what it says.
    /// </summary>
    /// <param name="path">Decoded, and let through by the rules.</param>
    /// <returns>The key, or null where nothing is ever delivered from there.</returns>
    public static string? Of(string path)
    {
        var key = path[1..];
        if (key.StartsWith(Quarantine, StringComparison.Ordinal))
            return null;
        var name = key.LastIndexOf('/');
        return name > 0 && Tags.FromKey(key[..name]) is not null ? key[..name] : key;
    }
}
