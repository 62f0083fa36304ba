using Media.Grains.Contents;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Silo.Jobs;
using Orleans;

namespace Media.Silo.Workers;

/// <summary>
/// Deletes what no file refers to any more: a content with its thumbnails, or the object of an empty file. Every step can be repeated; a content that is being
/// deleted stays so until its object is gone, and nobody can refer to it meanwhile.
/// </summary>
internal sealed partial class CollectContentJob(IGrainFactory grains, ICatalog catalog, IObjectStore store, ILogger<CollectContentJob> logger) : IJobHandler
{
    public string Kind => JobKinds.CollectContent;

    // Bytes that somebody deleted do not stay for a store that was away too long.
    public bool IsTriedForEver => true;

    public async Task RunAsync(JobContext job, CancellationToken cancellationToken)
    {
        var key = job.Key ?? throw new InvalidOperationException("A job that collects has a key.");
        if (Tags.FromKey(key) is not { } tag) await CollectAsync(job, grains.GetGrain<IFileHashGrain>(key), cancellationToken);
        else if (await catalog.FindFileAsync(tag, cancellationToken) is null) await DeleteAsync(job, key, cancellationToken);
    }

    private async Task CollectAsync(JobContext job, IFileHashGrain hash, CancellationToken cancellationToken)
    {
        var decision = await hash.BeginDeletionAsync(cancellationToken);
        if (decision.LookAgainIn is { } pause) job.Postpone(pause);
        if (decision.Content is not { } content) return;

        await foreach (var thumbnail in store.ListObjectsAsync(ContentKeys.Thumbnails(content.PieceHash), cancellationToken))
            await DeleteAsync(job, thumbnail.Key, cancellationToken);
        await DeleteAsync(job, content.Key, cancellationToken);
        await hash.EndDeletionAsync(content.Generation, cancellationToken);
        LogDeleted(content.PieceHash, content.Size);
    }

    /// <summary>Deletes an object with every version of it that can be seen.</summary>
    private async Task DeleteAsync(JobContext job, string key, CancellationToken cancellationToken)
    {
        while (await store.HeadAsync(key, cancellationToken) is { } found)
        {
            // A run that was slow may be one of two, and the other may have ended: what is there now may be the next life of the same content.
            await job.HeartbeatAsync(cancellationToken);
            await store.DeleteAsync(key, found.VersionId, cancellationToken);
            if (found.VersionId is null) return;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Deleted content {PieceHash}, {Size} bytes, which no file refers to.")]
    private partial void LogDeleted(string pieceHash, long size);
}
