using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Media.Silo.Thumbnails;

/// <summary>A thumbnail that was made.</summary>
/// <param name="Width">The square that it fits into, in pixels.</param>
/// <param name="Content">WebP.</param>
internal sealed record MadeThumbnail(int Width, ReadOnlyMemory<byte> Content);

/// <summary>What came of a try: thumbnails, or why there are none.</summary>
internal readonly record struct ThumbnailOutcome(ImmutableArray<MadeThumbnail> Thumbnails, ThumbnailFailure? Failure)
{
    public static implicit operator ThumbnailOutcome(ThumbnailFailure failure) => new([], failure);
}

/// <summary>Makes thumbnails of an image file, by libvips' programs: upright, in sRGB, without metadata, never larger than the image.</summary>
internal sealed partial class ImageThumbnails(ThumbnailTools tools, IOptions<ThumbnailOptions> options)
{
    private const string Work = "Making a thumbnail";

    private readonly ThumbnailOptions _options = options.Value;

    /// <summary>Makes them.</summary>
    /// <param name="folder">Where the image is; what is made beside it stays there.</param>
    /// <param name="name">The image's name there: letters only, as libvips reads options in what follows.</param>
    /// <param name="loader">The one loader that may read it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ThumbnailOutcome> MakeAsync(WorkFolder folder, string name, string loader, CancellationToken cancellationToken)
    {
        var header = await tools.RunAsync(ThumbnailTool.VipsHeader, ["-a", name], folder, cancellationToken);
        if (!header.Succeeded) return header.ToFailure("Reading the image's header", _options);
        if (Check(header.Output, loader) is { } refused) return refused;
        // What makes thumbnails is content with half an image, and greys the rest.
        var whole = await tools.RunAsync(ThumbnailTool.Vips, ["avg", $"{name}[access=sequential,fail_on=truncated]"], folder, cancellationToken);
        if (!whole.Succeeded) return whole.ToFailure("Reading the image", _options);

        // Only of images that have a profile: others are moved to where they were not.
        string[] colours = header.Output.Contains("\nicc-profile-data: ", StringComparison.Ordinal) ? ["-e", "srgb"] : [];
        var made = ImmutableArray.CreateBuilder<MadeThumbnail>(ThumbnailFormats.Widths.Length);
        foreach (var width in ThumbnailFormats.Widths)
        {
            var side = width.ToString(CultureInfo.InvariantCulture);
            var output = $"thumbnail{side}.webp";
            var run = await tools.RunAsync(
                ThumbnailTool.VipsThumbnail, [name, "--size", $"{side}x{side}>", .. colours, "-o", $"{output}[Q=80]"], folder, cancellationToken);
            if (!run.Succeeded) return run.ToFailure(Work, _options);
            var content = WebPFile.WithoutMetadata(await File.ReadAllBytesAsync(folder.PathOf(output), cancellationToken));
            if (content.IsEmpty) return new ThumbnailFailure(ThumbnailFailureReasons.Unreadable, "What was made is no WebP file.");
            made.Add(new MadeThumbnail(width, content));
        }

        return new ThumbnailOutcome(made.MoveToImmutable(), null);
    }

    private ThumbnailFailure? Check(string description, string loader)
    {
        var header = HeaderLine().Match(description);
        if (!header.Success)
            return new ThumbnailFailure(ThumbnailFailureReasons.Unreadable, "The image's header says nothing known.");
        if (!header.Groups["loader"].ValueSpan.SequenceEqual(loader))
            return new ThumbnailFailure(ThumbnailFailureReasons.TypeMismatch, $"The image would be read by {header.Groups["loader"].Value}, not by {loader}.");
        var width = long.Parse(header.Groups["width"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
        var height = long.Parse(header.Groups["height"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
        return width * height > _options.MaxPixels
            ? new ThumbnailFailure(ThumbnailFailureReasons.TooManyPixels, $"The image has {width} x {height} pixels; the limit is {_options.MaxPixels}.")
            : null;
    }

    // name: 640x480 uchar, 3 bands, srgb, jpegload
    [GeneratedRegex("^[a-z]+: (?<width>[0-9]{1,9})x(?<height>[0-9]{1,9}) [^\n]*, (?<loader>[a-z0-9]+)\r?\n", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex HeaderLine();
}
