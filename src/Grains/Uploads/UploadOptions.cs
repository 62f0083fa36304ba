using System.ComponentModel.DataAnnotations;

namespace Media.Grains.Uploads;

/// <summary>Settings of upload sessions, <c>Media:Uploads</c>.</summary>
public sealed class UploadOptions
{
    /// <summary>Where the settings are.</summary>
    public const string Section = "Media:Uploads";

    /// <summary>Largest file in bytes: 5 TiB. AWS has raised its own limit since; other stores have not.</summary>
    [Range(1, long.MaxValue)]
    public long MaxSize { get; set; } = 5L << 40;

    /// <summary>How long an untouched session is kept. Longer costs storage for abandoned parts.</summary>
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long a lease lasts from its holder's last request. Shorter frees a crashed client's upload sooner; clients renew every third of it.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a presigned URL is good for, at most 7 days. Longer helps slow lines and large parts, and leaves a leaked URL open longer.</summary>
    public TimeSpan UrlLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How many URLs an answer to a creation carries.</summary>
    [Range(0, 1_000)]
    public int FirstUrls { get; set; } = 32;

    /// <summary>Files up to this many bytes go by a single PUT. 0: only empty ones, so that all others have one way of retrying and resuming.</summary>
    [Range(0, PartPlanner.MaxPartSize)]
    public long SinglePutMaxSize { get; set; }

    /// <summary>Files up to this many bytes go by the POST of a form from clients that prefer one. More is too much to send all over again.</summary>
    [Range(0, PartPlanner.MaxPartSize)]
    public long FormMaxSize { get; set; } = PartPlanner.SmallPartSize;

    /// <summary>Whether part URLs sign Content-Length, so that the store itself refuses a part of the wrong size. Off, as some stores do not take it.</summary>
    public bool SignContentLength { get; set; }

    /// <summary>How soon the sweeper first looks for a file that comes by a form; then ever less often, until the form has expired.</summary>
    public TimeSpan FormLook { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How soon the sweeper looks after a completion that was cut off.</summary>
    public TimeSpan CompletionRetry { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How old what no session needs, a multipart upload or an object, must be to be taken from the store.</summary>
    public TimeSpan OrphanAge { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How often the sweeper runs.</summary>
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(15);
}
