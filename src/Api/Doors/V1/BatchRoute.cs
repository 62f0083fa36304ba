using System.Collections.Immutable;
using System.Text.Json;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Uploads;
using Media.Grains.Users;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans;

namespace Media.Api.Doors.V1;

/// <summary><c>POST /v1/uploads:batch</c>: each row is read, judged and answered by itself.</summary>
internal static class BatchRoute
{
    /// <summary>Most rows of a batch.</summary>
    public const int MaxRows = 1_000;

    public static async Task<Results<Ok<ImmutableArray<BatchAnswer>>, ProblemResult>> OpenAsync(
        HttpRequest request, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadArrayAsync(request, cancellationToken);
        if (body.Problem is { } problem)
            return (ProblemResult)problem;
        if (body.Value!.Length is < 1 or > MaxRows)
            return (ProblemResult)ProblemCatalog.Invalid(JsonBody.Root, RequestMessages.BatchCount);

        var answers = new BatchAnswer?[body.Value.Length];
        var wishes = ImmutableArray.CreateBuilder<NewUpload>(answers.Length);
        for (var i = 0; i < answers.Length; i++)
        {
            if (Read(body.Value[i], admission.Permission, out var wish) is { } bad)
                answers[i] = Failed(bad);
            else
                wishes.Add(wish!);
        }

        var opened = wishes.Count == 0
            ? []
            : await grains.GetGrain<IUserUploadsGrain>(admission.User).OpenManyAsync(wishes.DrainToImmutable(), cancellationToken);
        var next = 0;
        for (var i = 0; i < answers.Length; i++)
        {
            if (answers[i] is not null)
                continue;
            var row = opened[next++];
            answers[i] = row.IsSuccess ? UploadAnswer.Of(row.Value) : Failed(ProblemCatalog.Of(row.Refusal));
        }

        return TypedResults.Ok(ImmutableArray.Create<BatchAnswer>(answers!));
    }

    private static Problem? Read(JsonElement row, Permission permission, out NewUpload? wish)
    {
        wish = null;
        var parsed = JsonBody.Parse(row, MediaJson.Default.CreateUploadRequest);
        if (parsed.Problem is { } problem)
            return problem;
        (wish, var invalid) = NewUploadReader.Read(parsed.Value!, permission);
        return invalid;
    }

    private static FailedAnswer Failed(Problem problem) => new(problem) { Status = "failed" };
}
