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
        return await WithAllowanceAsync(check.Value, session => session.CreateFormAsync(check.Value, cancellationToken), cancellationToken);
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
        return WithAllowanceAsync(request, session => session.CreateAsync(request, plan, cancellationToken), cancellationToken);
    }

    /// <summary>Takes what the request needs from its permission's allowance, and gives it back where nothing comes of it.</summary>
    private async Task<Result<T>> WithAllowanceAsync<T>(NewUpload request, Func<IUploadSessionGrain, Task<Result<T>>> create, CancellationToken cancellationToken)
        where T : class
    {
        var permission = request.Permission;
        var session = Session(tags.Next());
        if ((permission.MaxFiles ?? permission.MaxBytes) is null)
            return await create(session);
        var allowance = GrainFactory.GetGrain<IAllowanceGrain>(permission.Id);
        if (await allowance.TakeAsync(permission, 1, request.Size ?? 0, cancellationToken) is { } refusal)
            return refusal;

        Result<T> created;
        try
        {
            created = await create(session);
        }
        catch
        {
            // The client may have gone, or an answer been lost, while the session came about all the same. Where nobody can tell, it counts.
            if (!await session.ExistsAsync(CancellationToken.None))
                await allowance.GiveBackAsync(1, request.Size ?? 0, CancellationToken.None);
            throw;
        }

        if (!created.IsSuccess)
            await allowance.GiveBackAsync(1, request.Size ?? 0, CancellationToken.None);
        return created;
    }

    private IUploadSessionGrain Session(string tag) => GrainFactory.GetGrain<IUploadSessionGrain>(tag);
}
