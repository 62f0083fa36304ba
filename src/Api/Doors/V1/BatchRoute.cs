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
        var (rows, problem) = await ReadRowsAsync(request, cancellationToken);
        if (problem is not null)
            return (ProblemResult)problem;

        var answers = new BatchAnswer?[rows!.Length];
        var wishes = ImmutableArray.CreateBuilder<NewUpload>(answers.Length);
        for (var i = 0; i < answers.Length; i++)
        {
            if (Read(rows[i], admission.Permission, out var wish) is { } bad)
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

    /// <summary>Reads the rows of a batch, which are to be read one by one.</summary>
    internal static async Task<(JsonElement[]? Rows, Problem? Problem)> ReadRowsAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var (rows, problem) = await JsonBody.ReadArrayAsync(request, cancellationToken);
        return problem is not null ? (null, problem)
            : rows!.Length is < 1 or > MaxRows ? (null, ProblemCatalog.Invalid(JsonBody.Root, RequestMessages.BatchCount))
            : (rows, null);
    }

    /// <summary>The answer to a row that is turned down.</summary>
    internal static FailedAnswer Failed(Problem problem) => new(problem) { Status = "failed" };

    private static Problem? Read(JsonElement row, Permission permission, out NewUpload? wish)
    {
        wish = null;
        var parsed = JsonBody.Parse(row, MediaJson.Default.CreateUploadRequest);
        if (parsed.Problem is { } problem)
            return problem;
        (wish, var invalid) = NewUploadReader.Read(parsed.Value!, permission);
        return invalid;
    }
}
