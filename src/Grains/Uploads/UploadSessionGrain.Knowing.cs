using System.Security.Cryptography;
using Media.Fuji;
using Media.Grains.Contents;
using Media.Grains.Files;
using Media.Grains.Ports;
using Media.Grains.Results;

namespace Media.Grains.Uploads;

/// <summary>
/// An upload of what is stored already needs no bytes. The file goes into the catalog first and the session becomes a duplicate after; whatever touches a session
/// that died between the two finds the file and makes good for it.
/// </summary>
internal sealed partial class UploadSessionGrain
{
    public Task<Result<OpenedUpload>> AnswerChallengeAsync(Caller caller, string? digest, CancellationToken cancellationToken) =>
        HeldTurnAsync<OpenedUpload>(
            caller,
            async () =>
            {
                if (State.State == UploadState.Duplicate)
                    return Opened(resumed: true);
                if (State.State is not (UploadState.Created or UploadState.Uploading) || State.Plan.Strategy == UploadStrategy.Form)
                    return WrongState();
                if (State.Challenge is { } challenge)
                {
                    if (digest is not null
                        && challenge.Until > Now
                        && await FindKnownAsync(cancellationToken) is { } known
                        && await IsRightAsync(challenge, known, digest, cancellationToken)
                        && await ReferAsync(known, cancellationToken))
                    {
                        return Opened(resumed: true);
                    }

                    State.Challenge = null;
                    State.ChallengeSpent = true;
                    if (State.UploadId is null)
                        await StartAsync(cancellationToken);
                    await SaveAsync();
                }

                if (State.UploadId is null)
                    return await OpenedAsync(resumed: false, await SinglePartAsync(cancellationToken), prefersForm: false, cancellationToken);
                return await store.ListPartsAsync(State.Key, State.UploadId, cancellationToken) is { } parts
                    ? await OpenedAsync(resumed: false, PartCheck.Planned(parts, State.Plan, State.Size), prefersForm: false, cancellationToken)
                    : await FindOutcomeAsync() is { } gone ? gone : Opened(resumed: true);
            },
            cancellationToken);

    /// <summary>Asks the store for a multipart upload, where the plan has one.</summary>
    private async Task StartAsync(CancellationToken cancellationToken)
    {
        if (State.Plan.Strategy == UploadStrategy.Single)
            return;
        var started = await store.CreateMultipartUploadAsync(State.Key, Headers(), State.Plan.Checksum, cancellationToken);
        State.UploadId = started.UploadId;
        State.Plan = State.Plan with { Checksum = started.Checksum };
        Enter(UploadState.Uploading);
    }

    /// <summary>The stored content that the client says it has, or null.</summary>
    private async Task<Content?> FindKnownAsync(CancellationToken cancellationToken)
    {
        if (State is not { PieceHash: { } pieceHash, Size: > 0, ChallengeSpent: false, State: UploadState.Created or UploadState.Uploading })
            return null;
        var content = await FileHash(pieceHash).FindAsync(cancellationToken);
        return content is { State: ContentState.Stored } && content.Size == State.Size && (State.TipHash ?? content.TipHash) == content.TipHash ? content : null;
    }

    private Challenge NewChallenge(Content content) => Challenge.Create(content.Size, Now + contentOptions.Value.ChallengeLifetime);

    /// <summary>Makes the upload a duplicate where its owner has the content already: there is nothing to prove.</summary>
    private async Task<bool> ReferIfOwnedAsync(Content? known, CancellationToken cancellationToken) =>
        known is not null
        && await catalog.HasFileAsync(State.User, known.PieceHash, cancellationToken)
        && await store.HasAsync(known, cancellationToken)
        && await ReferAsync(known, cancellationToken);

    /// <summary>Makes the upload a duplicate where an earlier try got as far as the catalog.</summary>
    private async Task<bool> ReferIfFiledAsync(CancellationToken cancellationToken)
    {
        if (State.Challenge is null || await catalog.FindFileAsync(Tag, cancellationToken) is not { File: { } file })
            return false;
        await BecomeDuplicateAsync(file);
        return true;
    }

    private async Task<bool> ReferAsync(Content known, CancellationToken cancellationToken)
    {
        var file = NewFile.Of(committed!, new ActualContent(known.TipHash, known.PieceHash, known.DetectedType), known.Key, Now);
        // From here on the work is finished even if the client has gone: the file is there.
        if (await FileHash(known.PieceHash).AddFileAsync(file, known.Generation, promoted: null, CancellationToken.None) is not { } added)
            return false;
        await BecomeDuplicateAsync(added.File);
        return true;
    }

    private async Task BecomeDuplicateAsync(NewFile file)
    {
        Enter(UploadState.Duplicate);
        State.Actual = new ActualContent(file.TipHash, file.PieceHash, file.DetectedType);
        State.CompletedAt = Now;
        State.Challenge = null;
        State.Lease = null;
        await SaveAsync();
        if (State.UploadId is not { } uploadId)
            return;
        try
        {
            await store.AbortMultipartUploadAsync(State.Key, uploadId, CancellationToken.None);
        }
        catch (StoreUnavailableException exception)
        {
            Log.LeftBehind(logger, exception, Tag, UploadState.Duplicate);
        }
    }

    /// <summary>Compares the answer with what the stored content gives.</summary>
    private async Task<bool> IsRightAsync(Challenge challenge, Content known, string digest, CancellationToken cancellationToken)
    {
        using var hash = challenge.Begin();
        var found = new StoredObject(known.Size, known.ETag!, known.VersionId, known.ContentType, default);
        var buffer = new byte[Challenge.RangeLength];
        try
        {
            foreach (var range in challenge.Ranges)
            {
                await using var bytes = await reader.OpenAsync(known.Key, found, range.Start, range.Length, cancellationToken);
                for (var left = range.Length; left > 0;)
                {
                    var read = await bytes.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellationToken);
                    if (read == 0)
                        throw new StoreUnavailableException("The object store's answer ended early.");
                    hash.AppendData(buffer, 0, read);
                    left -= read;
                }
            }
        }
        catch (ObjectChangedException exception)
        {
            Log.ContentChanged(logger, exception, known.PieceHash);
            return false;
        }
        catch (IOException exception)
        {
            throw new StoreUnavailableException("The object store's answer broke off.", exception);
        }

        return CryptographicOperations.FixedTimeEquals(
            System.Text.Encoding.ASCII.GetBytes(Base32.Encode(hash.GetHashAndReset())), System.Text.Encoding.UTF8.GetBytes(digest));
    }

    private IFileHashGrain FileHash(string pieceHash) => GrainFactory.GetGrain<IFileHashGrain>(pieceHash);
}
