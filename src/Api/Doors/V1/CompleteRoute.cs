using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Uploads;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans;

namespace Media.Api.Doors.V1;

/// <summary><c>POST /v1/uploads/{tag}/complete</c>, and <c>POST /v1/uploads:complete</c> for several at once.</summary>
internal static class CompleteRoute
{
    // Each waits for the store and the database; more of one request would keep others from them.
    private const int AtOnce = 16;

    public static async Task<Results<Ok<UploadAnswer>, ProblemResult>> CompleteAsync(
        string tag, HttpRequest request, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (Sessions.Find(grains, tag) is not { } session)
            return (ProblemResult)Sessions.NotFound;
        var body = await JsonBody.ReadOptionalAsync(request, MediaJson.Default.CompleteRequest, cancellationToken);
        if (body.Problem is { } problem)
            return (ProblemResult)problem;
        var (caller, invalid) = body.Value is { } value
            ? CallerReader.Of(admission, value.ClientId, value.Epoch)
            : CallerReader.OfQuery(admission, request.Query);
        if (invalid is not null)
            return (ProblemResult)invalid;

        var (completed, refused) = await CompleteAsync(session, caller, body.Value, cancellationToken);
        return refused is null ? TypedResults.Ok(completed!) : (ProblemResult)refused;
    }

    public static async Task<Results<Ok<ImmutableArray<BatchAnswer>>, ProblemResult>> CompleteManyAsync(
        HttpRequest request, Admission admission, IGrainFactory grains, ILogger<FailureGate> logger, CancellationToken cancellationToken)
    {
        var (rows, problem) = await BatchRoute.ReadRowsAsync(request, cancellationToken);
        if (problem is not null)
            return (ProblemResult)problem;

        var answers = new BatchAnswer[rows!.Length];
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, answers.Length, options, async (i, token) =>
        {
            try
            {
                answers[i] = await CompleteRowAsync(rows[i], admission, grains, token);
            }
            catch (Exception exception) when (!token.IsCancellationRequested)
            {
                answers[i] = BatchRoute.Failed(FailureGate.Explain(request.HttpContext, exception, logger));
            }
        });
        return TypedResults.Ok(ImmutableArray.Create(answers));
    }

    private static async Task<BatchAnswer> CompleteRowAsync(JsonElement element, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var (row, problem) = JsonBody.Parse(element, MediaJson.Default.CompleteRow);
        if (problem is not null)
            return BatchRoute.Failed(problem);
        if (row!.Tag is not { } tag)
            return BatchRoute.Failed(ProblemCatalog.Invalid("tag", RequestMessages.Required));
        if (Sessions.Find(grains, tag) is not { } session)
            return BatchRoute.Failed(Sessions.NotFound);
        var (caller, invalid) = CallerReader.Of(admission, row.ClientId, row.Epoch);
        if (invalid is not null)
            return BatchRoute.Failed(invalid);
        var (completed, refused) = await CompleteAsync(session, caller, row, cancellationToken);
        return refused is null ? completed! : BatchRoute.Failed(refused);
    }

    private static async Task<(UploadAnswer? Completed, Problem? Problem)> CompleteAsync(
        IUploadSessionGrain session, Caller caller, CompleteRequest? body, CancellationToken cancellationToken)
    {
        var (parts, bad) = PartsOf(body?.Parts);
        if (bad is not null)
            return (null, bad);
        if (body?.PieceHash is { } pieceHash && !UploadRules.IsHash(pieceHash))
            return (null, ProblemCatalog.Invalid("pieceHash", RequestMessages.Hash));

        var completed = await session.CompleteAsync(caller, parts, body?.PieceHash, cancellationToken);
        return completed.IsSuccess ? (UploadAnswer.Of(completed.Value), null) : (null, ProblemCatalog.Of(completed.Refusal));
    }

    private static (ImmutableArray<NamedPart>? Parts, Problem? Problem) PartsOf(CompletePart?[]? parts)
    {
        if (parts is null)
            return (null, null);
        if (parts.Length is 0 or > PartPlanner.MaxParts)
            return (null, ProblemCatalog.Invalid("parts", RequestMessages.CompletePartsCount));
        var named = ImmutableArray.CreateBuilder<NamedPart>(parts.Length);
        for (var i = 0; i < parts.Length; i++)
        {
            if (parts[i]?.Part is not { } part)
                return (null, ProblemCatalog.Invalid(string.Create(CultureInfo.InvariantCulture, $"parts[{i}].part"), RequestMessages.Required));
            if (parts[i]?.ETag is not { } etag)
                return (null, ProblemCatalog.Invalid(string.Create(CultureInfo.InvariantCulture, $"parts[{i}].etag"), RequestMessages.Required));
            named.Add(new NamedPart(part, etag));
        }

        return (named.MoveToImmutable(), null);
    }
}
