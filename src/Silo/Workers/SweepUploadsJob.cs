using System.Collections.Immutable;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Silo.Jobs;
using Microsoft.Extensions.Options;
using Orleans;

namespace Media.Silo.Workers;

/// <summary>Has every session whose time is up look at itself. One that fails stays due for the next sweep and does not keep the rest waiting.</summary>
internal sealed partial class SweepUploadsJob(
    IUploadIndex index, IGrainFactory grains, IOptions<UploadOptions> options, TimeProvider time, ILogger<SweepUploadsJob> logger) : IRecurringJobHandler
{
    private const int Page = 100;
    private const int AtOnce = 8;

    // A page grows by the sessions that failed, or those would fill it for ever. Beyond this many something is wrong that sweeping does not cure.
    private const int MostFailures = 10_000;

    public string Kind => "sweep-uploads";

    public TimeSpan Period => options.Value.SweepInterval;

    public async Task RunAsync(JobContext job, CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var failures = 0;
        while (failures <= MostFailures)
        {
            var limit = Page + failures;
            var due = await index.FindDueAsync(time.GetUtcNow(), limit, cancellationToken);
            var fresh = due.RemoveAll(tag => !seen.Add(tag));
            failures += await SweepAsync(fresh, cancellationToken);
            // Those that neither failed nor went away are the next sweep's.
            if (due.Length < limit || fresh.IsEmpty) return;
        }
    }

    private async Task<int> SweepAsync(ImmutableArray<string> tags, CancellationToken cancellationToken)
    {
        var failures = 0;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(tags, parallel, async (tag, token) =>
        {
            try
            {
                await grains.GetGrain<IUploadSessionGrain>(tag).SweepAsync(token);
            }
            catch (Exception failure) when (failure is not OperationCanceledException || !token.IsCancellationRequested)
            {
                Interlocked.Increment(ref failures);
                LogFailed(failure, tag);
            }
        });
        return failures;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Upload {Tag} could not be swept.")]
    private partial void LogFailed(Exception failure, string tag);
}
