using System.Collections.Immutable;
using Media.Grains.Allowances;
using Media.Grains.Ports;
using Media.Grains.Results;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Media.Grains.Uploads;

/// <summary>
/// One upload session. Everything that survives a deactivation is in <see cref="UploadSessionState"/>; S3 is asked for the rest. Each change is written
/// before it is told, and a write that loses to another process's is done again on what that process wrote.
/// </summary>
internal sealed class UploadSessionGrain(
    [PersistentState(StorageNames.UploadSession, StorageNames.Default)] IPersistentState<UploadSessionState> state,
    IObjectStore store,
    IUrlSigner signer,
    IUploadSignals signals,
    StateFreshness freshness,
    IOptions<UploadOptions> options,
    TimeProvider time,
    ILogger<UploadSessionGrain> logger) : Grain, IUploadSessionGrain, IDisposable
{
    private const int MaxAttempts = 10;

    // Reads interleave with a turn that waits for S3; the gate keeps them from replacing the state under it.
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly UploadOptions options = options.Value;
    private Upload? committed;
    private bool stale;

    private string Tag => this.GetPrimaryKeyString();

    private UploadSessionState State => state.State;

    // In whole milliseconds, as they are kept: an answer is the same before and after the state was read back.
    private DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Committed();
        return Task.CompletedTask;
    }

    public void Dispose() => gate.Dispose();

    public Task<Result<OpenedUpload>> CreateAsync(NewUpload request, UploadPlan plan, CancellationToken cancellationToken) =>
        InTurnAsync<OpenedUpload>(
            async () =>
            {
                if (state.RecordExists)
                    return new Refusal(RefusalCode.WrongState, "There is an upload with this tag.");

                Begin(request, plan, options.SessionLifetime);
                if (request.ClientId is { } client)
                    LeaseRules.Take(State, Tag, client, takeOver: false, Now, options.LeaseDuration);
                if (plan.Strategy != UploadStrategy.Single)
                {
                    State.UploadId = await store.CreateMultipartUploadAsync(State.Key, Headers(), cancellationToken);
                    Enter(UploadState.Uploading);
                }

                try
                {
                    // The store has an upload now: a client that went away is no reason to leave it without a session.
                    await SaveAsync();
                }
                catch (StateTakenException)
                {
                    await ForgetAsync();
                    return new Refusal(RefusalCode.AlreadyInProgress, "This content is being uploaded under another tag.");
                }

                return await OpenedAsync(resumed: false, [], cancellationToken);
            },
            cancellationToken);

    public Task<Result<OpenedForm>> CreateFormAsync(NewUpload request, CancellationToken cancellationToken) =>
        InTurnAsync<OpenedForm>(
            async () =>
            {
                if (state.RecordExists)
                    return new Refusal(RefusalCode.WrongState, "There is an upload with this tag.");

                Begin(request, PartPlanner.Form, options.FormLook);
                await SaveAsync();
                var largest = Math.Min(Math.Min(request.Permission.MaxSize, options.MaxSize), PartPlanner.MaxPartSize);
                var form = await signer.SignFormAsync(State.Key, Headers(), largest, options.UrlLifetime, cancellationToken);
                return new OpenedForm(Committed()!, form);
            },
            cancellationToken);

    public Task<Result<OpenedUpload>> ResumeAsync(NewUpload request, CancellationToken cancellationToken)
    {
        var caller = new Caller(request.Permission.User, request.ClientId);
        return OwnedTurnAsync<OpenedUpload>(
            caller,
            async () =>
            {
                if (!UploadTransitions.IsActive(State.State))
                    return WrongState();
                if (caller.ClientId is { } client)
                {
                    var lease = LeaseRules.Take(State, Tag, client, takeOver: false, Now, options.LeaseDuration);
                    if (!lease.IsSuccess)
                        return lease.Refusal;
                }

                State.Permission = request.Permission;
                State.PieceHash ??= request.PieceHash;
                Touch();
                await SaveAsync();

                if (State.UploadId is null)
                    return await OpenedAsync(resumed: true, await SinglePartAsync(cancellationToken), cancellationToken);
                if (await store.ListPartsAsync(State.Key, State.UploadId, cancellationToken) is { } parts)
                    return await OpenedAsync(resumed: true, PartCheck.Planned(parts, State.Plan, State.Size), cancellationToken);
                return await FindOutcomeAsync() is { } gone ? gone : await OpenedAsync(resumed: true, [], cancellationToken);
            },
            cancellationToken);
    }

    public async Task<Result<Upload>> GetAsync(Caller caller, CancellationToken cancellationToken)
    {
        // A turn that is under way is not waited for; what it has not written yet is not told either.
        if (gate.CurrentCount > 0)
        {
            var read = await OwnedTurnAsync<Upload>(caller, () => Task.FromResult<Result<Upload>>(Committed()!), cancellationToken);
            return read;
        }

        return committed is null ? NotFound() : committed.User != caller.User ? NotYours() : committed;
    }

    public Task<Result<SignedParts>> SignPartsAsync(Caller caller, ImmutableArray<int> parts, CancellationToken cancellationToken) =>
        HeldTurnAsync<SignedParts>(
            caller,
            async () =>
            {
                if (State.State is not (UploadState.Created or UploadState.Uploading) || State.Plan.Strategy == UploadStrategy.Form)
                    return WrongState();
                foreach (var part in parts)
                {
                    if (part < 1 || part > State.Plan.LastPart)
                        return new Refusal(RefusalCode.InvalidPart, $"Part numbers go from 1 to {State.Plan.LastPart}.") { Parts = [part] };
                }

                return new SignedParts(await SignAsync(parts, cancellationToken));
            },
            cancellationToken);

    public Task<Result<PartList>> ListPartsAsync(Caller caller, CancellationToken cancellationToken) =>
        OwnedTurnAsync<PartList>(
            caller,
            async () =>
            {
                if (!UploadTransitions.IsActive(State.State))
                    return WrongState();
                if (State.UploadId is null)
                    return new PartList(await SinglePartAsync(cancellationToken));
                if (await store.ListPartsAsync(State.Key, State.UploadId, cancellationToken) is { } parts)
                    return new PartList(PartCheck.Planned(parts, State.Plan, State.Size));
                return await FindOutcomeAsync() ?? WrongState();
            },
            cancellationToken);

    public Task<Result<Lease>> TakeLeaseAsync(Caller caller, bool takeOver, CancellationToken cancellationToken) =>
        OwnedTurnAsync<Lease>(
            caller,
            async () =>
            {
                if (caller.ClientId is not { } client || !UploadRules.IsClientId(client))
                    return Refusal.Field("clientId", "A client id has 1 to 128 characters from ! to ~.");
                if (!UploadTransitions.IsActive(State.State))
                    return WrongState();

                var lease = LeaseRules.Take(State, Tag, client, takeOver, Now, options.LeaseDuration);
                if (lease.IsSuccess)
                {
                    Touch();
                    await SaveAsync();
                }

                return lease;
            },
            cancellationToken);

    public Task<Result<Upload>> ReleaseLeaseAsync(Caller caller, CancellationToken cancellationToken) =>
        OwnedTurnAsync<Upload>(
            caller,
            async () =>
            {
                if (caller.ClientId is { } client && LeaseRules.Release(State, client))
                    await SaveAsync();
                return Committed()!;
            },
            cancellationToken);

    public Task<Result<Upload>> CompleteAsync(Caller caller, ImmutableArray<NamedPart>? parts, CancellationToken cancellationToken) =>
        HeldTurnAsync<Upload>(
            caller,
            async () =>
            {
                if (UploadTransitions.IsStored(State.State))
                    return Committed()!;
                if (!UploadTransitions.IsActive(State.State))
                    return WrongState();
                return await FinishAsync(parts, cancellationToken) is { } refusal ? refusal : Committed()!;
            },
            cancellationToken);

    public Task<Result<Upload>> AbortAsync(Caller caller, CancellationToken cancellationToken) =>
        HeldTurnAsync<Upload>(
            caller,
            async () =>
            {
                if (State.State is UploadState.Aborted or UploadState.Expired or UploadState.Failed)
                    return Committed()!;
                if (!UploadTransitions.IsActive(State.State))
                    return WrongState();
                await EndAsync(UploadState.Aborted);
                return Committed()!;
            },
            cancellationToken);

    public Task SweepAsync(CancellationToken cancellationToken) =>
        InTurnAsync<Upload>(
            async () =>
            {
                if (!state.RecordExists || !UploadTransitions.IsActive(State.State) || State.ExpiresAt > Now)
                    return NotFound();

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
                else
                {
                    await EndAsync(UploadState.Expired);
                }

                return Committed()!;
            },
            cancellationToken);

    /// <summary>Brings the object about, from whatever point an earlier try reached.</summary>
    private async Task<Refusal?> FinishAsync(ImmutableArray<NamedPart>? named, CancellationToken cancellationToken)
    {
        if (State.UploadId is not { } uploadId)
            return await FinishSingleAsync(named, cancellationToken);
        if (await store.ListPartsAsync(State.Key, uploadId, cancellationToken) is not { } stored)
            return await FindOutcomeAsync();

        var choice = PartCheck.Choose(stored, named, State.Plan, State.Size);
        if (!choice.IsSuccess)
            return choice.Refusal;
        var size = choice.Value.Parts.Sum(part => part.Size);
        if (await CheckSizeAsync(size) is { } tooLarge)
            return tooLarge;

        if (State.State != UploadState.Completing)
        {
            Enter(UploadState.Completing);
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
        var choice = PartCheck.Choose(await SinglePartAsync(cancellationToken), named, State.Plan, State.Size);
        if (!choice.IsSuccess)
            return choice.Refusal;
        return await CheckSizeAsync(choice.Value.Parts[0].Size) ?? await FindOutcomeAsync();
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
    private async Task<Refusal?> FindOutcomeAsync()
    {
        var found = await store.HeadAsync(State.Key, CancellationToken.None);
        if (found is not null && (State.Size is null || State.Size == found.Size))
        {
            if (State.State != UploadState.Completing)
                Enter(UploadState.Completing);
            Enter(UploadState.Stored);
            State.Size = found.Size;
            State.ETag = found.ETag;
            State.VersionId = found.VersionId;
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
        State.ExpiresAt = Now + options.SessionLifetime;
        await SaveAsync();
    }

    /// <summary>Ends the session, then takes what it has from the store. What fails there is the orphan sweep's to find.</summary>
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
    private async Task ForgetAsync()
    {
        stale = true;
        var (key, uploadId) = (State.Key, State.UploadId);
        state.State = new UploadSessionState();
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

    private async Task<ImmutableArray<UploadedPart>> SinglePartAsync(CancellationToken cancellationToken) =>
        await store.HeadAsync(State.Key, cancellationToken) is { } found && (State.Size is null || State.Size == found.Size)
            ? [new UploadedPart(1, found.Size, found.ETag, found.LastModified)]
            : [];

    private async Task<DateTimeOffset?> LastActivityAsync(CancellationToken cancellationToken) =>
        State.UploadId is { } uploadId && await store.ListPartsAsync(State.Key, uploadId, cancellationToken) is { IsEmpty: false } parts
            ? parts.Max(part => part.UploadedAt)
            : null;

    private async Task<Result<OpenedUpload>> OpenedAsync(bool resumed, ImmutableArray<UploadedPart> parts, CancellationToken cancellationToken)
    {
        var wanted = State.State is UploadState.Created or UploadState.Uploading
            ? PartCheck.Missing(parts, State.Plan.PartCount, options.FirstUrls)
            : [];
        return new OpenedUpload(Committed()!, resumed, parts, await SignAsync(wanted, cancellationToken));
    }

    private async Task<ImmutableArray<SignedPart>> SignAsync(ImmutableArray<int> parts, CancellationToken cancellationToken)
    {
        if (parts.IsEmpty)
            return [];
        if (State.UploadId is not { } uploadId)
        {
            var length = options.SignContentLength ? State.Size : null;
            return [await signer.SignPutAsync(State.Key, Headers(), length, options.UrlLifetime, cancellationToken)];
        }

        var toSign = parts.Select(part => new PartToSign(part, options.SignContentLength ? State.Plan.SizeOf(part, State.Size) : null));
        return await signer.SignPartsAsync(State.Key, uploadId, [.. toSign], options.UrlLifetime, cancellationToken);
    }

    private ObjectHeaders Headers()
    {
        // User metadata is limited to 2 KB in all; the session has the name whatever its length.
        var metadata = State.EncodedFileName.Length <= 1_024
            ? ImmutableDictionary<string, string>.Empty.Add("file-name", State.EncodedFileName)
            : ImmutableDictionary<string, string>.Empty;
        return new ObjectHeaders(State.ContentType, metadata);
    }

    private IAllowanceGrain Allowance(Permission permission) => GrainFactory.GetGrain<IAllowanceGrain>(permission.Id);

    /// <summary>Moves the time at which the session is given up, seldom enough that a busy client does not cost a write per request.</summary>
    private bool Touch()
    {
        if (!UploadTransitions.IsActive(State.State) || State.State == UploadState.Completing || State.Plan.Strategy == UploadStrategy.Form)
            return false;
        var until = Now + options.SessionLifetime;
        if (until - State.ExpiresAt < options.SessionLifetime / 24)
            return false;
        State.ExpiresAt = until;
        return true;
    }

    private void Begin(NewUpload request, UploadPlan plan, TimeSpan lifetime)
    {
        var now = Now;
        state.State = new UploadSessionState
        {
            User = request.Permission.User,
            FileName = FileNames.Clean(request.FileName),
            EncodedFileName = Uri.EscapeDataString(request.FileName),
            ContentType = request.ContentType ?? UploadRules.UnknownContentType,
            Size = request.Size,
            TipHash = request.TipHash,
            PieceHash = request.PieceHash,
            Plan = plan,
            Key = Tags.ToKey(Tag),
            Permission = request.Permission,
            CreatedAt = now,
            ExpiresAt = now + lifetime,
            Metadata = request.Metadata,
            History = [new StateChange(1, UploadState.Created, now)],
        };
    }

    private void Enter(UploadState next)
    {
        if (!UploadTransitions.IsAllowed(State.State, next))
            throw new InvalidOperationException($"An upload does not go from {State.State} to {next}.");
        State.State = next;
        State.History = State.History.Add(new StateChange(State.History.Length + 1, next, Now));
    }

    private Upload? Committed() => committed = state.RecordExists ? State.ToUpload(Tag, Now) : null;

    private async Task SaveAsync()
    {
        var before = committed?.History.Length ?? 0;
        await state.WriteStateAsync(CancellationToken.None);
        Committed();
        if (State.History.Length != before)
        {
            Log.Entered(logger, Tag, State.State);
            await signals.PublishAsync(Tag, CancellationToken.None);
        }
    }

    /// <summary>A turn in which the caller must not be stopped by somebody else's lease; it renews or grants the caller's own.</summary>
    private Task<Result<T>> HeldTurnAsync<T>(Caller caller, Func<Task<Result<T>>> turn, CancellationToken cancellationToken)
        where T : class =>
        OwnedTurnAsync(
            caller,
            async () =>
            {
                if (UploadTransitions.IsActive(State.State))
                {
                    if (LeaseRules.Admit(State, Tag, caller, Now, options.LeaseDuration, out var changed) is { } refusal)
                        return refusal;
                    if (Touch() || changed)
                        await SaveAsync();
                }

                return await turn();
            },
            cancellationToken);

    /// <summary>A turn on a session that exists and is the caller's.</summary>
    private Task<Result<T>> OwnedTurnAsync<T>(Caller caller, Func<Task<Result<T>>> turn, CancellationToken cancellationToken)
        where T : class =>
        InTurnAsync(
            async () => !state.RecordExists ? NotFound() : State.User != caller.User ? NotYours() : await turn(),
            cancellationToken);

    /// <summary>Runs a turn on the state as it is now, and again from the start where another process wrote in between.</summary>
    private async Task<Result<T>> InTurnAsync<T>(Func<Task<Result<T>>> turn, CancellationToken cancellationToken)
        where T : class
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                if (stale || freshness.ReadBeforeUse)
                {
                    await state.ReadStateAsync(cancellationToken);
                    Committed();
                    stale = false;
                }

                try
                {
                    return await turn();
                }
                catch (InconsistentStateException) when (attempt < MaxAttempts)
                {
                    stale = true;
                }
                catch
                {
                    // Whatever was changed in memory and not written is not to be seen by the next turn.
                    stale = true;
                    throw;
                }
            }
        }
        finally
        {
            gate.Release();
        }
    }

    private static Refusal NotFound() => new(RefusalCode.UploadNotFound, "There is no such upload.");

    private static Refusal NotYours() => new(RefusalCode.NotYourUpload, "This upload belongs to somebody else.");

    private Refusal WrongState() => new(RefusalCode.WrongState, $"This cannot be done with an upload that is {State.State}.") { Tag = Tag };
}
