using System.Collections.Immutable;
using Media.Grains.Allowances;
using Media.Grains.Ports;
using Media.Grains.Results;
using Media.Grains.Uploads;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Concurrency;

namespace Media.Grains.Users;

/// <summary>
/// Where a user's uploads begin. Keeps nothing, so requests interleave; that two of them do not begin the same content twice is the database's
/// unique index over sessions in progress, which holds across processes too.
/// </summary>
[Reentrant]
internal sealed class UserUploadsGrain(IUploadIndex index, ITagSource tags, IOptions<UploadOptions> options) : Grain, IUserUploadsGrain
{
    private const int MaxAttempts = 5;
    private const int Parallel = 16;

    public async Task<Result<OpenedUpload>> OpenAsync(NewUpload request, CancellationToken cancellationToken)
    {
        var check = UploadRules.Check(request, options.Value);
        if (!check.IsSuccess)
            return check.Refusal;

        request = check.Value;
        for (var attempt = 1; ; attempt++)
        {
            if (await ResumeAsync(request, cancellationToken) is { } resumed)
                return resumed;
            var created = await CreateAsync(request, cancellationToken);
            if (created.Refusal?.Code != RefusalCode.AlreadyInProgress || attempt == MaxAttempts)
                return created;
        }
    }

    public async Task<Result<OpenedForm>> OpenFormAsync(NewUpload request, CancellationToken cancellationToken)
    {
        var check = UploadRules.Check(request, options.Value);
        if (!check.IsSuccess)
            return check.Refusal;
        return await WithAllowanceAsync(check.Value, () => Session(tags.Next()).CreateFormAsync(check.Value, cancellationToken), cancellationToken);
    }

    public async Task<ImmutableArray<Result<OpenedUpload>>> OpenManyAsync(ImmutableArray<NewUpload> requests, CancellationToken cancellationToken)
    {
        using var room = new SemaphoreSlim(Parallel);
        return [.. await Task.WhenAll(requests.Select(OpenOneAsync))];

        async Task<Result<OpenedUpload>> OpenOneAsync(NewUpload request)
        {
            await room.WaitAsync(cancellationToken);
            try
            {
                return await OpenAsync(request, cancellationToken);
            }
            catch (StorageUnavailableException exception)
            {
                return new Refusal(RefusalCode.StorageUnavailable, exception.Message);
            }
            catch (StoreUnavailableException exception)
            {
                return new Refusal(RefusalCode.ObjectStoreUnavailable, exception.Message);
            }
            finally
            {
                room.Release();
            }
        }
    }

    public async Task<Result<UploadPage>> ListAsync(UploadFilter filter, CancellationToken cancellationToken)
    {
        if (filter.Limit is < 1 or > 1_000)
            return Refusal.Field("limit", "A page has 1 to 1000 uploads.");
        return await index.ListAsync(this.GetPrimaryKeyString(), filter, cancellationToken) is { } page
            ? page
            : Refusal.Field("after", "This is not a cursor of a page before.");
    }

    /// <summary>Resumes the session in progress with this content.</summary>
    /// <returns>Null where there is none, or it turned out to have ended.</returns>
    private async Task<Result<OpenedUpload>?> ResumeAsync(NewUpload request, CancellationToken cancellationToken)
    {
        if (request is not { Size: { } size, TipHash: { } tipHash })
            return null;
        if (await index.FindInProgressAsync(request.Permission.User, size, tipHash, request.PieceHash, cancellationToken) is not { } tag)
            return null;

        var resumed = await Session(tag).ResumeAsync(request, cancellationToken);
        return resumed.Refusal?.Code is RefusalCode.UploadGone or RefusalCode.WrongState or RefusalCode.UploadNotFound ? null : resumed;
    }

    private Task<Result<OpenedUpload>> CreateAsync(NewUpload request, CancellationToken cancellationToken)
    {
        var inOnePiece = request.PrefersForm ? Math.Max(options.Value.SinglePutMaxSize, options.Value.FormMaxSize) : options.Value.SinglePutMaxSize;
        var plan = request.Size is { } size ? PartPlanner.Plan(size, request.PartSize, inOnePiece) : PartPlanner.Open;
        if (plan is { Strategy: UploadStrategy.Multipart, PartSize: <= PartPlanner.MaxCheckedPartSize })
            plan = plan with { Checksum = request.Checksum };
        return WithAllowanceAsync(request, () => Session(tags.Next()).CreateAsync(request, plan, cancellationToken), cancellationToken);
    }

    /// <summary>Takes what the request needs from its permission's allowance, and gives it back where nothing comes of it.</summary>
    private async Task<Result<T>> WithAllowanceAsync<T>(NewUpload request, Func<Task<Result<T>>> create, CancellationToken cancellationToken)
        where T : class
    {
        var permission = request.Permission;
        var limited = (permission.MaxFiles ?? permission.MaxBytes) is not null;
        var allowance = GrainFactory.GetGrain<IAllowanceGrain>(permission.Id);
        if (limited && await allowance.TakeAsync(permission, 1, request.Size ?? 0, cancellationToken) is { } refusal)
            return refusal;

        var given = false;
        try
        {
            var created = await create();
            given = created.IsSuccess;
            return created;
        }
        finally
        {
            if (limited && !given)
                await allowance.GiveBackAsync(1, request.Size ?? 0, CancellationToken.None);
        }
    }

    private IUploadSessionGrain Session(string tag) => GrainFactory.GetGrain<IUploadSessionGrain>(tag);
}
