using System.Collections.Immutable;
using Media.Grains.Contents;
using Media.Grains.Ports;
using Media.Grains.Results;
using Media.Grains.Turns;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;

namespace Media.Grains.Uploads;

/// <summary>
/// One upload session. Everything that survives a deactivation is in <see cref="UploadSessionState"/>; S3 is asked for the rest. Each change is written
/// before it is told. How a session ends is in the other part of this class.
/// </summary>
internal sealed partial class UploadSessionGrain(
    [PersistentState(StorageNames.UploadSession, StorageNames.Default)] IPersistentState<UploadSessionState> state,
    IObjectStore store,
    IUrlSigner signer,
    IObjectReader reader,
    ICatalog catalog,
    IUploadSignals signals,
    StateFreshness freshness,
    IOptions<UploadOptions> options,
    IOptions<ContentOptions> contentOptions,
    TimeProvider time,
    ILogger<UploadSessionGrain> logger) : TurnGrain<UploadSessionState>(state, freshness), IUploadSessionGrain
{
    private readonly UploadOptions options = options.Value;

    // What was last read or written: what may be told while a turn is under way.
    private Upload? committed;

    private string Tag => this.GetPrimaryKeyString();

    // In whole milliseconds, as they are kept: an answer is the same before and after the state was read back.
    private DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        OnStored();
        return Task.CompletedTask;
    }

    public Task<Result<OpenedUpload>> CreateAsync(NewUpload request, UploadPlan plan, CancellationToken cancellationToken) =>
        InTurnAsync<Result<OpenedUpload>>(
            async () =>
            {
                if (Exists)
                    return new Refusal(RefusalCode.WrongState, "There is an upload with this tag.");

                Begin(request, plan, options.SessionLifetime);
                if (request.ClientId is { } client)
                    LeaseRules.Take(State, Tag, client, takeOver: false, Now, options.LeaseDuration);
                var known = await FindKnownAsync(cancellationToken);
                if (known is null)
                    await StartAsync(cancellationToken);
                else
                    State.Challenge = NewChallenge(known);

                try
                {
                    // The store may have an upload now: a client that went away is no reason to leave it without a session.
                    await SaveAsync();
                }
                catch (StateTakenException)
                {
                    await UndoAsync();
                    return new Refusal(RefusalCode.AlreadyInProgress, "This content is being uploaded under another tag.");
                }

                return await ReferIfOwnedAsync(known, cancellationToken)
                    ? Opened(resumed: false)
                    : await OpenedAsync(resumed: false, [], request.PrefersForm, cancellationToken);
            },
            cancellationToken);

    public Task<Result<OpenedForm>> CreateFormAsync(NewUpload request, CancellationToken cancellationToken) =>
        InTurnAsync<Result<OpenedForm>>(
            async () =>
            {
                if (Exists)
                    return new Refusal(RefusalCode.WrongState, "There is an upload with this tag.");

                Begin(request, PartPlanner.Form, options.FormLook);
                await SaveAsync();
                var largest = Math.Min(Math.Min(request.Permission.MaxSize, options.MaxSize), PartPlanner.MaxPartSize);
                var form = await signer.SignFormAsync(State.Key, Headers(), new LengthRange(0, largest), options.UrlLifetime, cancellationToken);
                return new OpenedForm(committed!, form);
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
                var known = await FindKnownAsync(cancellationToken);
                if (known is not null && (State.Challenge is null || State.Challenge.Until <= Now))
                    State.Challenge = NewChallenge(known);
                Touch();
                await SaveAsync();
                if (await ReferIfOwnedAsync(known, cancellationToken))
                    return Opened(resumed: true);
                if (State is { UploadId: null, Challenge: null } && State.Plan.Strategy != UploadStrategy.Single)
                {
                    // Its challenge was about a content that has gone since.
                    await StartAsync(cancellationToken);
                    await SaveAsync();
                }

                if (State.UploadId is null)
                    return await OpenedAsync(resumed: true, await SinglePartAsync(cancellationToken), request.PrefersForm, cancellationToken);
                if (await store.ListPartsAsync(State.Key, State.UploadId, cancellationToken) is { } parts)
                    return await OpenedAsync(resumed: true, PartCheck.Planned(parts, State.Plan, State.Size), request.PrefersForm, cancellationToken);
                return await FindOutcomeAsync() is { } gone ? gone : await OpenedAsync(resumed: true, [], request.PrefersForm, cancellationToken);
            },
            cancellationToken);
    }

    public Task<bool> ExistsAsync(CancellationToken cancellationToken) => InTurnAsync(() => Task.FromResult(Exists), cancellationToken);

    public Task<Result<Upload>> GetAsync(Caller caller, CancellationToken cancellationToken)
    {
        // A turn that is under way is not waited for; what it has not written yet is not told either.
        if (!IsBusy)
            return OwnedTurnAsync(caller, () => Task.FromResult<Result<Upload>>(committed!), cancellationToken);
        return Task.FromResult<Result<Upload>>(committed is null ? NotFound() : committed.User != caller.User ? NotYours() : committed);
    }

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
                return committed!;
            },
            cancellationToken);

    public Task<Result<Upload>> CompleteAsync(Caller caller, ImmutableArray<NamedPart>? parts, string? pieceHash, CancellationToken cancellationToken) =>
        HeldTurnAsync<Upload>(
            caller,
            async () =>
            {
                if (UploadTransitions.IsStored(State.State))
                    return committed!;
                if (!UploadTransitions.IsActive(State.State))
                    return WrongState();
                if (await ReferIfFiledAsync(cancellationToken))
                    return committed!;
                if (pieceHash is not null && State.PieceHash is not null && pieceHash != State.PieceHash)
                    return new Refusal(RefusalCode.HashConflict, "The upload was opened with another piece hash.") { Tag = Tag };
                State.PieceHash ??= pieceHash;
                return await FinishAsync(parts, cancellationToken) is { } refusal ? refusal : committed!;
            },
            cancellationToken);

    public Task<Result<Upload>> AbortAsync(Caller caller, CancellationToken cancellationToken) =>
        HeldTurnAsync<Upload>(
            caller,
            async () =>
            {
                if (State.State is UploadState.Aborted or UploadState.Expired or UploadState.Failed)
                    return committed!;
                if (!UploadTransitions.IsActive(State.State))
                    return WrongState();
                if (await ReferIfFiledAsync(cancellationToken))
                    return WrongState();
                await EndAsync(UploadState.Aborted);
                return committed!;
            },
            cancellationToken);

    private async Task<ImmutableArray<UploadedPart>> SinglePartAsync(CancellationToken cancellationToken) =>
        SinglePart(await store.HeadAsync(State.Key, cancellationToken));

    private ImmutableArray<UploadedPart> SinglePart(StoredObject? found) =>
        found is not null && (State.Size is null || State.Size == found.Size) ? [new UploadedPart(1, found.Size, found.ETag, found.LastModified)] : [];

    private async Task<Result<OpenedUpload>> OpenedAsync(bool resumed, ImmutableArray<UploadedPart> parts, bool prefersForm, CancellationToken cancellationToken)
    {
        // A client that answers the challenge needs none; one that does not gets them then. Nor can parts be signed before their checksums are known.
        var wanted = State is { State: UploadState.Created or UploadState.Uploading, Plan.Checksum: PartChecksum.None } and not { Challenge: not null, UploadId: null }
            ? PartCheck.Missing(parts, State.Plan.PartCount, options.FirstUrls)
            : [];
        var byForm = prefersForm && State.Plan.Strategy == UploadStrategy.Single;
        return Opened(resumed) with
        {
            Parts = parts,
            Urls = byForm ? [] : await SignAsync(wanted, cancellationToken),
            Form = byForm && !wanted.IsEmpty ? await FormAsync(cancellationToken) : null,
            PossibleDuplicate = State is { PieceHash: null, TipHash: { } tip, Size: { } size } && await catalog.HasTipAsync(tip, size, cancellationToken),
        };
    }

    private OpenedUpload Opened(bool resumed) => new(committed!, resumed, [], []) { Challenge = State.Challenge };

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
        State = new UploadSessionState
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

    protected override void OnStored() => committed = Exists ? State.ToUpload(Tag, Now) : null;

    private async Task SaveAsync()
    {
        var before = committed?.History.Length ?? 0;
        var holder = committed?.Lease?.ClientId;
        State.SetEffects(UploadEffects.Of(Tag, State, before));
        await WriteAsync();
        State.SetEffects(StateEffects.None);
        if (State.History.Length != before)
        {
            Log.Entered(logger, Tag, State.State);
            await signals.PublishAsync(Tag, CancellationToken.None);
        }

        if (holder is not null && State.Lease is { } lease && lease.ClientId != holder)
            await signals.PublishTakeoverAsync(Tag, holder);
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
        InTurnAsync<Result<T>>(
            async () => !Exists ? NotFound() : State.User != caller.User ? NotYours() : await turn(),
            cancellationToken);

    private static Refusal NotFound() => new(RefusalCode.UploadNotFound, "There is no such upload.");

    private static Refusal NotYours() => new(RefusalCode.NotYourUpload, "This upload belongs to somebody else.");

    private Refusal WrongState() => new(RefusalCode.WrongState, $"This cannot be done with an upload that is {State.State}.") { Tag = Tag };
}
