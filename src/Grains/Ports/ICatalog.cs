using System.Collections.Immutable;
using Media.Grains.Contents;
using Media.Grains.Files;

namespace Media.Grains.Ports;

/// <summary>
/// The catalog: which contents there are, and which files refer to them. Every method is one transaction, and can be repeated. Where the database does not
/// answer, methods throw <see cref="StorageUnavailableException"/>.
/// </summary>
public interface ICatalog
{
    /// <summary>The content with this hash, whatever its state, or null.</summary>
    Task<Content?> FindContentAsync(string pieceHash, CancellationToken cancellationToken);

    /// <summary>Whether there is any stored content with this size and tip hash: the cheap look-up, which decides nothing.</summary>
    Task<bool> HasTipAsync(string tipHash, long size, CancellationToken cancellationToken);

    /// <summary>Whether the user has a file with this content.</summary>
    Task<bool> HasFileAsync(string user, string pieceHash, CancellationToken cancellationToken);

    /// <summary>Announces that a content is on its way, unless there is a row for it already.</summary>
    /// <returns>The row as it is now.</returns>
    Task<Content> BeginPromotionAsync(NewContent content, CancellationToken cancellationToken);

    /// <summary>
    /// Adds a file, and its reference to its content; the content is stored from then on. The event of it (<c>upload.verified</c> or <c>upload.duplicate</c>)
    /// and the jobs for a new content are written in the same transaction. A file that is there already is left as it is.
    /// </summary>
    /// <param name="file">The file; one of size 0 has no content.</param>
    /// <param name="generation">The content's generation as it was when it was decided to refer to it; 0 for an empty file.</param>
    /// <param name="promoted">The object under the content's key, where the caller has put it there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The file as it is in the catalog, or null where the content is no longer there or is being deleted: decide anew.</returns>
    Task<CatalogFile?> AddFileAsync(NewFile file, long generation, StoredObject? promoted, CancellationToken cancellationToken);

    /// <summary>
    /// Removes a file of a user, with its event. Where it was the last of its content, that is collected after <paramref name="grace"/>, by a job.
    /// </summary>
    /// <returns>The file that was removed, or null where the user has none with this id.</returns>
    Task<CatalogFile?> RemoveFileAsync(string id, string user, DateTimeOffset now, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Turns a content that nothing has referred to for <paramref name="grace"/> over to deletion; nobody can refer to it from then on.</summary>
    Task<CollectDecision> BeginDeletionAsync(string pieceHash, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Forgets a content whose object is deleted.</summary>
    Task EndDeletionAsync(string pieceHash, long generation, CancellationToken cancellationToken);

    /// <summary>A file, or null.</summary>
    Task<CatalogFile?> FindFileAsync(string id, CancellationToken cancellationToken);

    /// <summary>A page of files, newest first.</summary>
    /// <returns>The page, or null where the filter's cursor is not one of ours.</returns>
    Task<FilePage?> ListFilesAsync(FileFilter filter, CancellationToken cancellationToken);
}
