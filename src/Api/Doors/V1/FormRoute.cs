using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans;

namespace Media.Api.Doors.V1;

/// <summary><c>POST /v1/uploads/{tag}/form</c>.</summary>
internal static class FormRoute
{
    public static async Task<Results<Ok<FormAnswer>, ProblemResult>> SignAsync(
        string tag, HttpRequest request, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (Sessions.Find(grains, tag) is not { } session)
            return (ProblemResult)Sessions.NotFound;
        var body = await JsonBody.ReadAsync(request, MediaJson.Default.FormRequest, cancellationToken);
        if (body.Problem is { } problem)
            return (ProblemResult)problem;
        var (caller, invalid) = CallerReader.Of(admission, body.Value!.ClientId, body.Value.Epoch);
        if (invalid is not null)
            return (ProblemResult)invalid;

        var signed = await session.SignFormAsync(caller, cancellationToken);
        if (!signed.IsSuccess)
            return (ProblemResult)ProblemCatalog.Of(signed.Refusal);
        request.HttpContext.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(FormAnswer.Of(signed.Value));
    }
}
