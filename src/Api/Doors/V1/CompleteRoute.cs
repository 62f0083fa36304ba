using System.Collections.Immutable;
using System.Globalization;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Uploads;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans;

namespace Media.Api.Doors.V1;

/// <summary><c>POST /v1/uploads/{tag}/complete</c>.</summary>
internal static class CompleteRoute
{
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
        var (parts, bad) = PartsOf(body.Value?.Parts);
        if (bad is not null)
            return (ProblemResult)bad;

        var pieceHash = body.Value?.PieceHash;
        if (pieceHash is not null && !UploadRules.IsHash(pieceHash))
            return (ProblemResult)ProblemCatalog.Invalid("pieceHash", RequestMessages.Hash);

        var completed = await session.CompleteAsync(caller, parts, pieceHash, cancellationToken);
        return completed.IsSuccess ? TypedResults.Ok(UploadAnswer.Of(completed.Value)) : (ProblemResult)ProblemCatalog.Of(completed.Refusal);
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
