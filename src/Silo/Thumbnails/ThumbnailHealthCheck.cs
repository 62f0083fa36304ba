using Media.Silo.Jobs;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Media.Silo.Thumbnails;

/// <summary>Tells which program is absent. That lessens what can be done, and is no reason to get no requests.</summary>
internal sealed class ThumbnailHealthCheck(ThumbnailTools tools, IOptions<JobOptions> jobs) : IHealthCheck
{
    /// <summary>The check's name for images.</summary>
    public const string Images = "thumbnails";

    /// <summary>The check's name for videos.</summary>
    public const string Videos = "videoPosters";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var absent = context.Registration.Name == Images ? tools.AbsentForImages : tools.AbsentForVideos;
        return Task.FromResult(absent is null || jobs.Value.Concurrency == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(absent));
    }
}
