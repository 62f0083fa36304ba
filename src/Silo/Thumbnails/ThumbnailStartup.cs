using Media.Grains.Ports;
using Media.Silo.Jobs;
using Microsoft.Extensions.Options;

namespace Media.Silo.Thumbnails;

/// <summary>Says once what is absent, and takes up again what waited for it.</summary>
internal sealed partial class ThumbnailStartup(ThumbnailTools tools, ThumbnailStore store, IOptions<JobOptions> jobs, ILogger<ThumbnailStartup> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Another process's work.
        if (jobs.Value.Concurrency == 0) return;
        if (tools.AbsentForVideos is { } absent)
        {
            if (tools.AbsentForImages is null) LogNoPosters(absent);
            else LogNoThumbnails(absent);
        }

        try
        {
            var again = await store.RetryAsync(tools.AbsentForImages is null, tools.AbsentForVideos is null, cancellationToken);
            if (again > 0) LogAgain(again);
        }
        catch (StorageUnavailableException failure)
        {
            LogNotRetried(failure.Message);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Warning, Message = "No thumbnails are made, neither of images nor of videos: {Reason} See docs/thumbnails.md.")]
    private partial void LogNoThumbnails(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No posters of videos are made: {Reason} See docs/thumbnails.md.")]
    private partial void LogNoPosters(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Thumbnails of {Count} contents are made now that the programs for them are there.")]
    private partial void LogAgain(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Contents that came while a program was absent are not taken up again before the next start: {Reason}")]
    private partial void LogNotRetried(string reason);
}
