using System.Collections.Frozen;
using System.Collections.Immutable;
using System.ComponentModel;
using System.Globalization;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Uploads;
using Media.Grains.Users;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans;

namespace Media.Api.Doors.V1;

/// <summary><c>GET /v1/uploads</c>.</summary>
internal static class ListRoute
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1_000;

    private static readonly ImmutableArray<UploadState> All = [.. Enum.GetValues<UploadState>()];

    private static readonly FrozenDictionary<string, ImmutableArray<UploadState>> Filters = All
        .Select(state => KeyValuePair.Create<string, ImmutableArray<UploadState>>(state.ToString(), [state]))
        .Append(KeyValuePair.Create("active", All.Where(UploadTransitions.IsActive).ToImmutableArray()))
        .Append(KeyValuePair.Create("done", All.Where(UploadTransitions.IsStored).ToImmutableArray()))
        .ToFrozenDictionary(StringComparer.Ordinal);

    public static async Task<Results<Ok<UploadPageAnswer>, ProblemResult>> ListAsync(
        Admission admission,
        IGrainFactory grains,
        [Description("A state, or active, or done.")] string? state,
        [Description("The cursor of the page before.")] string? after,
        [Description("1 to 1000, 100 unless told.")] string? limit,
        CancellationToken cancellationToken)
    {
        ImmutableArray<UploadState> states = [];
        if (state is not null && !Filters.TryGetValue(state, out states))
            return (ProblemResult)ProblemCatalog.Invalid("state", RequestMessages.State);
        var count = DefaultLimit;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > MaxLimit))
            return (ProblemResult)ProblemCatalog.Invalid("limit", RequestMessages.Limit);

        var page = await grains.GetGrain<IUserUploadsGrain>(admission.User).ListAsync(new UploadFilter(states, string.IsNullOrEmpty(after) ? null : after, count), cancellationToken);
        if (!page.IsSuccess)
            return (ProblemResult)ProblemCatalog.Of(page.Refusal);

        var uploads = ImmutableArray.CreateBuilder<UploadAnswer>(page.Value.Uploads.Length);
        foreach (var upload in page.Value.Uploads)
            uploads.Add(UploadAnswer.Of(upload));
        return TypedResults.Ok(new UploadPageAnswer(uploads.MoveToImmutable(), page.Value.Next));
    }
}
