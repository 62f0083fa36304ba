using System.Globalization;
using Microsoft.Extensions.Options;

namespace Media.Silo.Thumbnails;

/// <summary>Takes one frame from a video, by ffmpeg.</summary>
internal sealed class VideoPoster(ThumbnailTools tools, IOptions<ThumbnailOptions> options)
{
    private readonly ThumbnailOptions _options = options.Value;

    /// <summary>Writes a PNG of a frame, no larger than thumbnails get.</summary>
    /// <param name="folder">Where the video is, and the picture comes to be.</param>
    /// <param name="name">The video's name there.</param>
    /// <param name="demuxer">The one demuxer that may read it.</param>
    /// <param name="poster">The picture's name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null, or why there is none.</returns>
    public async Task<ThumbnailFailure?> TakeAsync(WorkFolder folder, string name, string demuxer, string poster, CancellationToken cancellationToken)
    {
        // The very first frame is black more often than not; a video may be shorter than this, though.
        foreach (var second in (string[])["1", "0"])
        {
            var run = await tools.RunAsync(ThumbnailTool.Ffmpeg, Arguments(name, demuxer, poster, second), folder, cancellationToken);
            if (!run.Succeeded) return run.ToFailure("Taking a frame", _options);
            if (new FileInfo(folder.PathOf(poster)) is { Exists: true, Length: > 0 }) return null;
        }

        return new ThumbnailFailure(ThumbnailFailureReasons.Unreadable, "The video has no frame that could be read.");
    }

    private IEnumerable<string> Arguments(string name, string demuxer, string poster, string second)
    {
        var side = ThumbnailFormats.Widths[^1].ToString(CultureInfo.InvariantCulture);
        // Pixels need not be square: sar is their width by their height. One step, so that a lie about it makes no huge picture on the way.
        var factor = $"min(1,min({side}/(iw*sar),{side}/ih))";
        return
        [
            "-nostdin", "-hide_banner", "-loglevel", "error",
            "-protocol_whitelist", "file", "-threads", "1", "-max_pixels", _options.MaxPixels.ToString(CultureInfo.InvariantCulture),
            "-ss", second, "-f", demuxer, "-i", name,
            // The first stream that is a video and not a cover picture.
            "-map", "0:V:0", "-an", "-sn", "-dn", "-map_metadata", "-1", "-frames:v", "1",
            "-vf", $"scale=w='max(1,trunc(iw*sar*{factor}))':h='max(1,trunc(ih*{factor}))',setsar=1",
            "-filter_threads", "1", "-threads", "1", "-c:v", "png", "-f", "image2pipe", "-y", poster,
        ];
    }
}
