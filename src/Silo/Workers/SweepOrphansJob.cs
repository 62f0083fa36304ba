using Media.Grains.Contents;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Silo.Jobs;
using Microsoft.Extensions.Options;

namespace Media.Silo.Workers;

/// <summary>
/// Aborts multipart uploads that nobody goes on with: under <c>upload/</c> those that no session in progress owns, which a crash between the store's answer
/// and ours leaves; elsewhere those of copies within the bucket that died with their process.
/// </summary>
internal sealed partial class SweepOrphansJob(
    IObjectStore store, IUploadIndex index, IOptions<UploadOptions> options, TimeProvider time, ILogger<SweepOrphansJob> logger) : IRecurringJobHandler
{
    // A copy has no session to ask. The largest takes hours where a store is slow; one that is cut off is begun anew.
    private static readonly TimeSpan LongestCopy = TimeSpan.FromDays(1);
    private static readonly string[] CopyPrefixes = [ContentKeys.Prefix, ContentKeys.QuarantinePrefix];

    public string Kind => "sweep-orphans";

    // Orphans cost storage, not correctness; listing a whole bucket for them more often than they can age buys nothing.
    public TimeSpan Period => options.Value.SweepInterval > options.Value.OrphanAge / 4 ? options.Value.SweepInterval : options.Value.OrphanAge / 4;

    public async Task RunAsync(JobContext job, CancellationToken cancellationToken)
    {
        var failures = 0;
        await foreach (var pending in store.ListMultipartUploadsAsync(Tags.KeyPrefix, cancellationToken))
        {
            // What has another form than our keys is somebody else's.
            if (Tags.FromKey(pending.Key) is { } tag && IsOlder(pending, options.Value.OrphanAge) && !await index.IsActiveAsync(tag, pending.UploadId, cancellationToken))
                failures += await AbortAsync(pending, cancellationToken);
        }

        foreach (var prefix in CopyPrefixes)
        {
            await foreach (var pending in store.ListMultipartUploadsAsync(prefix, cancellationToken))
            {
                if (IsOlder(pending, LongestCopy)) failures += await AbortAsync(pending, cancellationToken);
            }
        }

        if (failures > 0) throw new StoreUnavailableException($"{failures} orphaned multipart uploads could not be aborted.");
    }

    private bool IsOlder(PendingUpload pending, TimeSpan age) => time.GetUtcNow() - pending.Initiated >= age;

    private async Task<int> AbortAsync(PendingUpload pending, CancellationToken cancellationToken)
    {
        try
        {
            await store.AbortMultipartUploadAsync(pending.Key, pending.UploadId, cancellationToken);
            LogAborted(pending.Key, pending.Initiated);
            return 0;
        }
        catch (StoreUnavailableException failure)
        {
            LogFailed(failure, pending.Key);
            return 1;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Aborted the orphaned multipart upload of {Key}, started {Initiated}.")]
    private partial void LogAborted(string key, DateTimeOffset initiated);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The orphaned multipart upload of {Key} could not be aborted.")]
    private partial void LogFailed(Exception failure, string key);
}
