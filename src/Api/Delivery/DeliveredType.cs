using Microsoft.Net.Http.Headers;

namespace Media.Api.Delivery;

/// <summary>The media type that an object is answered with, and whether a browser may show it: only what cannot run anything is shown.</summary>
/// <param name="ContentType">For the header.</param>
/// <param name="MayShow">Whether it is shown rather than saved.</param>
internal readonly record struct DeliveredType(string ContentType, bool MayShow)
{
    private static readonly DeliveredType Unknown = new("application/octet-stream", MayShow: false);

    /// <summary>Decides by what the object is stored with.</summary>
    public static DeliveredType Of(string? stored)
    {
        if (!MediaTypeHeaderValue.TryParse(stored, out var type) || type.Type == "*" || type.SubType == "*")
            return Unknown;
        var shows = type.Type.Equals("image", StringComparison.OrdinalIgnoreCase)
            || type.Type.Equals("video", StringComparison.OrdinalIgnoreCase)
            || type.Type.Equals("audio", StringComparison.OrdinalIgnoreCase)
            || type.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase);
        // SVG runs scripts, and so may anything else that is XML.
        var runs = type.SubType.Value!.Contains("svg", StringComparison.OrdinalIgnoreCase) || type.SubType.Value.Contains("xml", StringComparison.OrdinalIgnoreCase);
        return new DeliveredType(type.ToString(), shows && !runs);
    }
}
