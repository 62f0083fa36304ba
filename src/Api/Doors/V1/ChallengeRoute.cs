using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Uploads;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans;

namespace Media.Api.Doors.V1;

/// <summary><c>POST /v1/uploads/{tag}/challenge</c>.</summary>
internal static class ChallengeRoute
{
    public static async Task<Results<Created<UploadAnswer>, Ok<UploadAnswer>, ProblemResult>> AnswerAsync(
        string tag, HttpRequest request, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (Sessions.Find(grains, tag) is not { } session)
            return (ProblemResult)Sessions.NotFound;
        var body = await JsonBody.ReadAsync(request, MediaJson.Default.ChallengeRequest, cancellationToken);
        if (body.Problem is { } problem)
            return (ProblemResult)problem;
        var (caller, invalid) = CallerReader.Of(admission, body.Value!.ClientId, body.Value.Epoch);
        if (invalid is not null)
            return (ProblemResult)invalid;
        if (body.Value.Digest is { } digest && !UploadRules.IsHash(digest))
            return (ProblemResult)ProblemCatalog.Invalid("digest", RequestMessages.Hash);

        var opened = await session.AnswerChallengeAsync(caller, body.Value.Digest, cancellationToken);
        if (!opened.IsSuccess)
            return (ProblemResult)ProblemCatalog.Of(opened.Refusal);
        var answer = UploadAnswer.Of(opened.Value);
        return opened.Value.Upload.State == UploadState.Duplicate ? TypedResults.Ok(answer) : TypedResults.Created($"/v1/uploads/{answer.Tag}", answer);
    }
}
