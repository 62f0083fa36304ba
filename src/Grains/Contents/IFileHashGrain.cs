using Media.Grains.Files;
using Media.Grains.Ports;
using Orleans;
using Orleans.Concurrency;

namespace Media.Grains.Contents;

/// <summary>
/// One content; the key is its piece hash. Decides whether it is stored, who promotes it, what refers to it and when it goes. Bytes are not moved here: who is
/// told to promote or to delete does so, and comes back. All methods can be repeated.
/// </summary>
[Alias("media.IFileHashGrain")]
public interface IFileHashGrain : IGrainWithStringKey
{
    /// <summary>The content, or null where there is none.</summary>
    [AlwaysInterleave]
    Task<Content?> FindAsync(CancellationToken cancellationToken);

    /// <summary>Asks what is to be done with an upload that turned out to have this content.</summary>
    /// <param name="content">What was found.</param>
    /// <param name="tag">The upload.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<PromotionDecision> BeginPromotionAsync(NewContent content, string tag, CancellationToken cancellationToken);

    /// <summary>Adds a file with this content to the catalog, with its event; <see cref="ICatalog.AddFileAsync"/>.</summary>
    /// <returns>The file as it is in the catalog, or null: begin again with <see cref="BeginPromotionAsync"/>.</returns>
    Task<CatalogFile?> AddFileAsync(NewFile file, long generation, StoredObject? promoted, CancellationToken cancellationToken);

    /// <summary>Removes a user's file of this content from the catalog, with its event; the last one's content goes after a grace period.</summary>
    /// <returns>The file that was removed, or null where the user has none with this id.</returns>
    Task<CatalogFile?> RemoveFileAsync(string id, string user, CancellationToken cancellationToken);

    /// <summary>Asks whether the content is to be deleted now.</summary>
    Task<CollectDecision> BeginDeletionAsync(CancellationToken cancellationToken);

    /// <summary>Says that the object is deleted.</summary>
    Task EndDeletionAsync(long generation, CancellationToken cancellationToken);
}

/// <summary>What is to be done with an upload whose content is known.</summary>
/// <param name="Step">What.</param>
/// <param name="Content">The content as it is.</param>
[GenerateSerializer, Immutable, Alias("media.promotion-decision")]
public sealed record PromotionDecision(PromotionStep Step, Content Content);

/// <summary>What is to be done with an upload whose content is known.</summary>
[GenerateSerializer, Alias("media.promotion-step")]
public enum PromotionStep
{
    /// <summary>Copy the object to the content's key, then add the file.</summary>
    Promote,

    /// <summary>The content is stored: add the file.</summary>
    Refer,

    /// <summary>Another upload promotes the same content, or it is being deleted: ask again in a moment.</summary>
    Wait,
}
