using Media.Grains.Ports;

namespace Media.Silo.S3;

/// <summary>What is to be copied.</summary>
/// <param name="Source">The object's key.</param>
/// <param name="Found">The object as it was found.</param>
/// <param name="Target">The copy's key.</param>
/// <param name="Headers">What the copy is stored with; null for what the object is stored with.</param>
/// <param name="OnlyIfAbsent">Whether to leave alone what is there.</param>
internal sealed record CopyOrder(string Source, StoredObject Found, string Target, ObjectHeaders? Headers, bool OnlyIfAbsent);

/// <summary>One copy, by whatever requests. The bucket, not an answer, says how it ended.</summary>
internal abstract class S3Copy(S3ObjectStore store, CopyOrder order)
{
    protected S3ObjectStore Store => store;

    protected CopyOrder Order => order;

    /// <summary>Whether the store refused for what is under one of the keys, which <see cref="ExplainAsync"/> can tell more of.</summary>
    protected static bool IsExplained(StoreUnavailableException failure) => S3Failures.IsNotFoundInBrief(failure) || S3Failures.IsConditionFailed(failure);

    /// <summary>Looks for a reason not to copy, which the answers of stores do not always tell: null where there is none.</summary>
    protected async Task<CopyOutcome?> ExplainAsync(CancellationToken cancellationToken)
    {
        if (order.OnlyIfAbsent && await store.HeadAsync(order.Target, cancellationToken) is { } there) return CopyOutcome.Exists(there);
        return IsFound(await store.HeadAsync(order.Source, order.Found.VersionId, cancellationToken)) ? null : CopyOutcome.SourceChanged;
    }

    /// <summary>The copy that the store says it made.</summary>
    /// <param name="versionId">The version that it said.</param>
    /// <param name="cancellationToken">Gives up.</param>
    protected async Task<CopyOutcome> FindCopyAsync(string? versionId, CancellationToken cancellationToken) =>
        await store.HeadAsync(order.Target, S3ObjectStore.Version(versionId), cancellationToken) is { } copy && copy.Size == order.Found.Size
            ? CopyOutcome.Copied(copy)
            : throw new StoreUnavailableException("The object store said that it made a copy, and has none of that size.");

    // Beside the ETag, which is an MD5 of what was put at once, and two files can have the same: whoever has both and a URL to put one could put the other.
    private bool IsFound(StoredObject? source) => source is not null
        && (source.ETag, source.Size) == (order.Found.ETag, order.Found.Size)
        && (source.LastModified == order.Found.LastModified || order.Found.LastModified == default);
}
