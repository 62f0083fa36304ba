namespace Media.Client.Downloading;

/// <summary>How a <see cref="Downloader"/> goes about its work.</summary>
public sealed record DownloaderOptions
{
    /// <summary>
    /// What is sent as <c>Referer</c>: the gate lets links through for pages of allowed origins alone. The server's own origin unless told, which
    /// a server in development allows by itself, and any other where <c>Media:Delivery:Origins</c> names it.
    /// </summary>
    public Uri? Referer { get; init; }

    /// <summary>Whether what was downloaded is hashed and compared with the catalog. On unless told.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>Whether a file that is there already is replaced. Off unless told.</summary>
    public bool Overwrite { get; init; }

    /// <summary>How long a link is asked for; a download that takes longer asks for another one. An hour unless told.</summary>
    public TimeSpan LinkLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>No byte coming for so long means that a transfer is dead and is begun again. 30 s unless told.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a server or gate that fails is asked again before the download gives up. 5 min unless told.</summary>
    public TimeSpan OutageLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The same before the server ever answered. 15 s unless told.</summary>
    public TimeSpan FirstContactLimit { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The first pause before a repetition; it doubles each time. 250 ms unless told.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest pause, unless the peer asks for more. 8 s unless told.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How often progress is told at most. 10 times a second unless told.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    internal RetryLimits RetryLimits => new(OutageLimit, FirstContactLimit, FirstPause, LongestPause);
}
