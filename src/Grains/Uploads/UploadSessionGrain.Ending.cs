using System.Collections.Immutable;
using Media.Grains.Allowances;
using Media.Grains.Ports;
using Media.Grains.Results;

namespace Media.Grains.Uploads;

/// <summary>How a session ends: stored, given up, or lost. The bucket decides; every step can be repeated from wherever an earlier try stopped.</summary>
internal sealed partial class UploadSessionGrain
{
    public Task SweepAsync(CancellationToken cancellationToken) =>
        InTurnAsync(
            async () =>
            {
                if (!Exists || !UploadTransitions.IsActive(State.State) || State.ExpiresAt > Now)
                    return false;

                if (State.State == UploadState.Completing)
                {
                    // Whoever began it died; what the store has decides.
                    if (await FinishAsync(null, cancellationToken) is not null && State.State == UploadState.Completing)
                        await BackToUploadingAsync();
                }
                else if (State.Plan.Strategy == UploadStrategy.Form)
                {
                    await LookForFormAsync(cancellationToken);
                }
                else if (await LastActivityAsync(cancellationToken) is { } last && last + options.SessionLifetime > Now)
                {
                    // A large part takes hours without a word to us: the store saw it arrive.
                    State.ExpiresAt = last + options.SessionLifetime;
                    await SaveAsync();
                }
                else if (!await ReferIfFiledAsync(cancellationToken))
                {
                    await EndAsync(UploadState.Expired);
                }

                return true;
            },
            cancellationToken);

    /// <summary>Brings the object about, from whatever point an earlier try reached.</summary>
    private async Task<Refusal?> FinishAsync(ImmutableArray<NamedPart>? named, CancellationToken cancellationToken)
    {
        if (State.UploadId is not { } uploadId)
            return await FinishSingleAsync(named, cancellationToken);
        if (await store.ListPartsAsync(State.Key, uploadId, cancellationToken) is not { } stored)
            return await FindOutcomeAsync();

        // What was named before it was cut off, not what else has come since.
        if (named is null && !State.Chosen.IsEmpty)
        {
            var etags = stored.ToDictionary(part => part.Part, part => part.ETag);
            named = [.. State.Chosen.Select(part => new NamedPart(part, etags.GetValueOrDefault(part, "")))];
        }

        var choice = PartCheck.Choose(stored, named, State.Plan, State.Size);
        if (!choice.IsSuccess)
            return choice.Refusal;
        var size = choice.Value.Parts.Sum(part => part.Size);
        if (await CheckSizeAsync(size) is { } tooLarge)
            return tooLarge;

        if (State.State != UploadState.Completing)
        {
            Enter(UploadState.Completing);
            State.Chosen = State.Plan.Strategy == UploadStrategy.Open ? [.. choice.Value.Parts.Select(part => part.Part)] : [];
            State.ExpiresAt = Now + options.CompletionRetry;
            await SaveAsync();
        }

        // From here on the work is finished even if the client has gone: it said that it was done.
        switch (await store.CompleteMultipartUploadAsync(State.Key, uploadId, choice.Value.Parts, CancellationToken.None))
        {
            case Completion.PartsRejected:
                await BackToUploadingAsync();
                return new Refusal(RefusalCode.PartChanged, "A part was replaced while the upload was completed.");
            default:
                State.Size ??= size;
                return await FindOutcomeAsync();
        }
    }

    private async Task<Refusal?> FinishSingleAsync(ImmutableArray<NamedPart>? named, CancellationToken cancellationToken)
    {
        var found = await store.HeadAsync(State.Key, cancellationToken);
        var choice = PartCheck.Choose(SinglePart(found), named, State.Plan, State.Size);
        if (!choice.IsSuccess)
            return choice.Refusal;
        return await CheckSizeAsync(choice.Value.Parts[0].Size) ?? await RecordOutcomeAsync(found);
    }

    /// <summary>A form's file is stored once it is there, and given up once the form has expired without one.</summary>
    private async Task LookForFormAsync(CancellationToken cancellationToken)
    {
        var age = Now - State.CreatedAt;
        if (await FinishAsync(null, cancellationToken) is null || UploadTransitions.IsFinal(State.State))
            return;
        if (age > options.UrlLifetime + options.CompletionRetry)
        {
            await EndAsync(UploadState.Expired);
            return;
        }

        State.ExpiresAt = Now + TimeSpan.FromTicks(Math.Clamp(age.Ticks / 2, options.FormLook.Ticks, Math.Max(options.FormLook.Ticks, options.CompletionRetry.Ticks)));
        await SaveAsync();
    }

    /// <summary>
    /// The multipart upload is over: the object's presence decides how it ended. Records that, and gives the refusal where there is none.
    /// </summary>
    private async Task<Refusal?> FindOutcomeAsync() => await RecordOutcomeAsync(await store.HeadConfirmedAsync(State.Key, CancellationToken.None));

    private async Task<Refusal?> RecordOutcomeAsync(StoredObject? found)
    {
        if (found is not null && (State.Size is null || State.Size == found.Size))
        {
            if (State.State != UploadState.Completing)
                Enter(UploadState.Completing);
            Enter(UploadState.Stored);
            State.Chosen = [];
            State.Size = found.Size;
            State.ETag = found.ETag;
            State.VersionId = found.VersionId;
            State.LastModified = found.LastModified;
            State.CompletedAt = Now;
            State.Lease = null;
            await SaveAsync();
            return null;
        }

        if (found is not null)
            Log.WrongSize(logger, Tag, State.Size, found.Size);
        await EndAsync(UploadState.Failed);
        return new Refusal(RefusalCode.UploadGone, "The store no longer has this upload. Create a new one.") { Tag = Tag };
    }

    /// <summary>A file whose size was not announced is held to its permission when its parts are known.</summary>
    private async Task<Refusal?> CheckSizeAsync(long size)
    {
        if (State.Size is not null || State.State == UploadState.Completing || State.Permission is not { } permission)
            return null;

        var largest = Math.Min(permission.MaxSize, options.MaxSize);
        var refusal = size > largest
            ? UploadRules.TooLarge(largest)
            : permission.MaxBytes is null ? null : await Allowance(permission).TakeAsync(permission, 0, size, CancellationToken.None);
        if (refusal is not null)
            await EndAsync(UploadState.Failed);
        return refusal;
    }

    private async Task BackToUploadingAsync()
    {
        Enter(UploadState.Uploading);
        State.Chosen = [];
        State.ExpiresAt = Now + options.SessionLifetime;
        await SaveAsync();
    }

    /// <summary>Ends the session, then takes what it has from the store. What stays behind, parts or a whole object, is the sweeps' to find.</summary>
    private async Task EndAsync(UploadState end)
    {
        Enter(end);
        State.Lease = null;
        await SaveAsync();
        try
        {
            if (State.UploadId is { } uploadId)
                await store.AbortMultipartUploadAsync(State.Key, uploadId, CancellationToken.None);
            await store.DeleteAsync(State.Key, CancellationToken.None);
        }
        catch (StoreUnavailableException exception)
        {
            Log.LeftBehind(logger, exception, Tag, end);
        }

        if (State.Permission is { } permission && (permission.MaxFiles ?? permission.MaxBytes) is not null)
            await Allowance(permission).GiveBackAsync(1, State.Size ?? 0, CancellationToken.None);
    }

    /// <summary>A creation that came second: what it began in the store is undone, and the tag is free again.</summary>
    private async Task UndoAsync()
    {
        Forget();
        var (key, uploadId) = (State.Key, State.UploadId);
        State = new UploadSessionState();
        try
        {
            if (uploadId is not null)
                await store.AbortMultipartUploadAsync(key, uploadId, CancellationToken.None);
        }
        catch (StoreUnavailableException exception)
        {
            Log.LeftBehind(logger, exception, Tag, UploadState.Created);
        }
    }

    private async Task<DateTimeOffset?> LastActivityAsync(CancellationToken cancellationToken) =>
        State.UploadId is { } uploadId && await store.ListPartsAsync(State.Key, uploadId, cancellationToken) is { IsEmpty: false } parts
            ? parts.Max(part => part.UploadedAt)
            : null;

    private IAllowanceGrain Allowance(Permission permission) => GrainFactory.GetGrain<IAllowanceGrain>(permission.Id);
}
