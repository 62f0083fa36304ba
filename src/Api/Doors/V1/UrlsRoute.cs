using System.Collections.Immutable;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans;

namespace Media.Api.Doors.V1;

/// <summary><c>POST /v1/uploads/{tag}/urls</c>.</summary>
internal static class UrlsRoute
{
    private const int MaxParts = 1_000;

    public static async Task<Results<Ok<ImmutableArray<UrlAnswer>>, ProblemResult>> SignAsync(
        string tag, HttpRequest request, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (Sessions.Find(grains, tag) is not { } session)
            return (ProblemResult)Sessions.NotFound;
        var body = await JsonBody.ReadAsync(request, MediaJson.Default.UrlsRequest, cancellationToken);
        if (body.Problem is { } problem)
            return (ProblemResult)problem;
        var (parts, bad) = PartsOf(body.Value!);
        if (bad is not null)
            return (ProblemResult)bad;
        var (caller, invalid) = CallerReader.Of(admission, body.Value!.ClientId, body.Value.Epoch);
        if (invalid is not null)
            return (ProblemResult)invalid;

        var signed = await session.SignPartsAsync(caller, parts, cancellationToken);
        if (!signed.IsSuccess)
            return (ProblemResult)ProblemCatalog.Of(signed.Refusal);
        request.HttpContext.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(UrlAnswer.Of(signed.Value.Parts));
    }

    private static (ImmutableArray<int> Parts, Problem? Problem) PartsOf(UrlsRequest request) => request switch
    {
        { Parts: { } parts, From: null, To: null } => parts.Length is >= 1 and <= MaxParts
            ? ([.. parts], null)
            : ([], ProblemCatalog.Invalid("parts", RequestMessages.PartsCount)),
        { Parts: null, From: { } from, To: { } to } => RangeOf(from, to),
        _ => ([], ProblemCatalog.Invalid("parts", RequestMessages.PartsOrRange)),
    };

    private static (ImmutableArray<int> Parts, Problem? Problem) RangeOf(int from, int to)
    {
        if (from > to)
            return ([], ProblemCatalog.Invalid("from", RequestMessages.RangeOrder));
        var count = (long)to - from + 1;
        if (count > MaxParts)
            return ([], ProblemCatalog.Invalid("to", RequestMessages.PartsCount));
        var parts = ImmutableArray.CreateBuilder<int>((int)count);
        for (var i = 0; i < count; i++)
            parts.Add(from + i);
        return (parts.MoveToImmutable(), null);
    }
}
