using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Silo.Jobs;
using Microsoft.Extensions.Options;

namespace Media.Silo.Workers;

/// <summary>Aborts multipart uploads under <c>upload/</c> that no session in progress owns: what a crash between the store's answer and ours leaves.</summary>
internal sealed partial class SweepOrphansJob(
    IObjectStore store, IUploadIndex index, IOptions<UploadOptions> options, TimeProvider time, ILogger<SweepOrphansJob> logger) : IRecurringJobHandler
{
    public string Kind => "sweep-orphans";

    // Orphans cost storage, not correctness; listing a whole bucket for them more often than they can age buys nothing.
    public TimeSpan Period => options.Value.SweepInterval > options.Value.OrphanAge / 4 ? options.Value.SweepInterval : options.Value.OrphanAge / 4;

    public async Task RunAsync(JobContext job, CancellationToken cancellationToken)
    {
        var failures = 0;
        await foreach (var pending in store.ListMultipartUploadsAsync(Tags.KeyPrefix, cancellationToken))
        {
            // What has another form than our keys is somebody else's.
            if (Tags.FromKey(pending.Key) is not { } tag || time.GetUtcNow() - pending.Initiated < options.Value.OrphanAge) continue;
            try
            {
                if (await index.IsActiveAsync(tag, pending.UploadId, cancellationToken)) continue;
                await store.AbortMultipartUploadAsync(pending.Key, pending.UploadId, cancellationToken);
                LogAborted(pending.Key, pending.Initiated);
            }
            catch (StoreUnavailableException failure)
            {
                failures++;
                LogFailed(failure, pending.Key);
            }
        }

        if (failures > 0) throw new StoreUnavailableException($"{failures} orphaned multipart uploads could not be aborted.");
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Aborted the orphaned multipart upload of {Key}, started {Initiated}.")]
    private partial void LogAborted(string key, DateTimeOffset initiated);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The orphaned multipart upload of {Key} could not be aborted.")]
    private partial void LogFailed(Exception failure, string key);
}
