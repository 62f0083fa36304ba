using System.ComponentModel.DataAnnotations;

namespace Media.Silo.Thumbnails;

/// <summary>Settings of thumbnails, <c>Media:Thumbnails</c>.</summary>
public sealed class ThumbnailOptions
{
    /// <summary>Where the settings are.</summary>
    public const string Section = "Media:Thumbnails";

    /// <summary>The program that makes thumbnails: a name that is looked for in PATH, or a path.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Media:Thumbnails:VipsThumbnail is not set.")]
    public string VipsThumbnail { get; set; } = "vipsthumbnail";

    /// <summary>The program that reads what an image says of itself, from the same package.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Media:Thumbnails:VipsHeader is not set.")]
    public string VipsHeader { get; set; } = "vipsheader";

    /// <summary>The program that reads an image to its end, from the same package.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Media:Thumbnails:Vips is not set.")]
    public string Vips { get; set; } = "vips";

    /// <summary>The program that takes a frame from a video.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Media:Thumbnails:Ffmpeg is not set.")]
    public string Ffmpeg { get; set; } = "ffmpeg";

    /// <summary>How many files this process makes thumbnails of at once. Each takes a core and up to <see cref="MemoryLimit"/>.</summary>
    [Range(1, 64, ErrorMessage = "Media:Thumbnails:Concurrency has to be 1 to 64.")]
    public int Concurrency { get; set; } = 2;

    /// <summary>How long one program may run. A file that takes longer gets no thumbnails.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:30:00", ErrorMessage = "Media:Thumbnails:TimeLimit has to be 1 s to 30 min.")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Bytes of address space that one program may have, on Linux. Less than 512 MiB, and some do not even start.</summary>
    [Range(128L << 20, 1L << 40, ErrorMessage = "Media:Thumbnails:MemoryLimit has to be 134217728 (128 MiB) to 1099511627776 (1 TiB).")]
    public long MemoryLimit { get; set; } = 1L << 30;

    /// <summary>Most pixels of an image, or of a video's frame.</summary>
    [Range(1L, 10_000_000_000L, ErrorMessage = "Media:Thumbnails:MaxPixels has to be 1 to 10000000000.")]
    public long MaxPixels { get; set; } = 100_000_000;

    /// <summary>Most bytes of an image. It is copied to <see cref="TemporaryFolder"/>.</summary>
    [Range(1L, 1L << 40, ErrorMessage = "Media:Thumbnails:MaxImageBytes has to be 1 to 1099511627776 (1 TiB).")]
    public long MaxImageBytes { get; set; } = 200L << 20;

    /// <summary>How much of the beginning of a video is read; and as much again of its end, where its index is there.</summary>
    [Range(1L << 16, 1L << 40, ErrorMessage = "Media:Thumbnails:VideoBytes has to be 65536 to 1099511627776 (1 TiB).")]
    public long VideoBytes { get; set; } = 64L << 20;

    /// <summary>Where files are put while thumbnails are made of them; null for the system's own place.</summary>
    public string? TemporaryFolder { get; set; }
}
