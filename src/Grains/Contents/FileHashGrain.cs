using Media.Grains.Files;
using Media.Grains.Ports;
using Microsoft.Extensions.Options;
using Orleans;

namespace Media.Grains.Contents;

/// <summary>
/// One content. Its state is its row in the catalog, which changes in the same transaction as the files that refer to it; nothing but who promotes it now is
/// kept here, so a second activation elsewhere costs at most a second copy of the same bytes. See docs/decisions/content-state-in-catalog.md.
/// </summary>
internal sealed class FileHashGrain(ICatalog catalog, IOptions<ContentOptions> options, TimeProvider time) : Grain, IFileHashGrain
{
    private string? promoter;
    private DateTimeOffset patientUntil;

    private string PieceHash => this.GetPrimaryKeyString();

    public Task<Content?> FindAsync(CancellationToken cancellationToken) => catalog.FindContentAsync(PieceHash, cancellationToken);

    public async Task<PromotionDecision> BeginPromotionAsync(NewContent content, string tag, CancellationToken cancellationToken)
    {
        if (content.PieceHash != PieceHash)
            throw new ArgumentException("This is another content.", nameof(content));

        var found = await catalog.BeginPromotionAsync(content, cancellationToken);
        var step = found.State switch
        {
            ContentState.Stored => PromotionStep.Refer,
            ContentState.Deleting => PromotionStep.Wait,
            _ => promoter is null || promoter == tag || patientUntil <= time.GetUtcNow() ? PromotionStep.Promote : PromotionStep.Wait,
        };
        if (step == PromotionStep.Promote)
            (promoter, patientUntil) = (tag, time.GetUtcNow() + options.Value.PromotionPatience);
        return new PromotionDecision(step, found);
    }

    public async Task<CatalogFile?> AddFileAsync(NewFile file, long generation, StoredObject? promoted, CancellationToken cancellationToken)
    {
        var added = await catalog.AddFileAsync(file, generation, promoted, cancellationToken);
        if (promoter == file.Id)
            promoter = null;
        return added;
    }

    public Task<CatalogFile?> RemoveFileAsync(string id, string user, CancellationToken cancellationToken) =>
        catalog.RemoveFileAsync(id, user, time.GetUtcNow(), options.Value.DeletionGrace, cancellationToken);

    public Task<CollectDecision> BeginDeletionAsync(CancellationToken cancellationToken) =>
        catalog.BeginDeletionAsync(PieceHash, options.Value.DeletionGrace, cancellationToken);

    public Task EndDeletionAsync(long generation, CancellationToken cancellationToken) =>
        catalog.EndDeletionAsync(PieceHash, generation, cancellationToken);
}
