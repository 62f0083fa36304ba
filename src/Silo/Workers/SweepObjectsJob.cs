using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Silo.Jobs;
using Microsoft.Extensions.Options;

namespace Media.Silo.Workers;

/// <summary>
/// Deletes objects under <c>upload/</c> that no session needs any more: what an ending that could not reach the store leaves, a form or a PUT that came
/// after its session's end, or a crash between a promotion and the deletion of the temporary object.
/// </summary>
internal sealed partial class SweepObjectsJob(
    IObjectStore store, IUploadIndex index, IOptions<UploadOptions> options, TimeProvider time, ILogger<SweepObjectsJob> logger) : IRecurringJobHandler
{
    private const int Page = 500;
    private const int AtOnce = 8;

    public string Kind => "sweep-objects";

    // As for multipart uploads without a session: they cost storage, not correctness.
    public TimeSpan Period => options.Value.SweepInterval > options.Value.OrphanAge / 4 ? options.Value.SweepInterval : options.Value.OrphanAge / 4;

    public async Task RunAsync(JobContext job, CancellationToken cancellationToken)
    {
        var failures = 0;
        var objects = new Dictionary<string, ListedObject>(Page, StringComparer.Ordinal);
        await foreach (var stored in store.ListObjectsAsync(Tags.KeyPrefix, cancellationToken))
        {
            // What has another form than our keys is somebody else's.
            if (Tags.FromKey(stored.Key) is not { } tag || !IsOld(stored.LastModified)) continue;
            objects[tag] = stored;
            if (objects.Count < Page) continue;
            failures += await SweepAsync(objects, cancellationToken);
            objects.Clear();
        }

        failures += await SweepAsync(objects, cancellationToken);
        if (failures > 0) throw new StoreUnavailableException($"{failures} objects that no session needs could not be deleted.");
    }

    /// <summary>Whether a session, wherever it is, has a use for its object under <c>upload/</c>, now or later.</summary>
    private static bool Needs(KnownSession session, long size) => session.State switch
    {
        UploadState.Aborted or UploadState.Expired or UploadState.Failed or UploadState.Mismatched => false,
        // An empty file has no content hash, and its object stays where it is for good. What was put there later is none of it.
        UploadState.Verified or UploadState.Duplicate => session.Size is not > 0 && size == 0,
        _ => true,
    };

    private async Task<int> SweepAsync(Dictionary<string, ListedObject> objects, CancellationToken cancellationToken)
    {
        if (objects.Count == 0) return 0;
        foreach (var session in await index.FindAsync([.. objects.Keys], cancellationToken))
        {
            if (Needs(session, objects[session.Tag].Size)) objects.Remove(session.Tag);
        }

        var failures = 0;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(objects.Values.Select(static stored => stored.Key), parallel, async (key, token) =>
        {
            try
            {
                // Asked again, for the version; and a listing may be behind.
                if (await store.HeadAsync(key, token) is not { } found || !IsOld(found.LastModified)) return;
                await store.DeleteAsync(key, found.VersionId, token);
                LogDeleted(key, found.Size, found.LastModified);
            }
            catch (StoreUnavailableException failure)
            {
                Interlocked.Increment(ref failures);
                LogFailed(failure, key);
            }
        });
        return failures;
    }

    private bool IsOld(DateTimeOffset modified) => time.GetUtcNow() - modified >= options.Value.OrphanAge;

    [LoggerMessage(Level = LogLevel.Information, Message = "Deleted {Key}, {Size} bytes, stored {Modified}, which no session needs.")]
    private partial void LogDeleted(string key, long size, DateTimeOffset modified);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Key}, which no session needs, could not be deleted.")]
    private partial void LogFailed(Exception failure, string key);
}
