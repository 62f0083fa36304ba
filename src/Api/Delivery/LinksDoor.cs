using Media.Api.Doors;
using Media.Api.Hosting;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Results;
using Media.Grains.Uploads;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans;

namespace Media.Api.Delivery;

/// <summary>Signs links to a user's own uploads.</summary>
internal static class LinksDoor
{
    /// <summary>Maps <c>POST /v1/links</c>.</summary>
    public static void MapLinksDoor(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/links", SignAsync)
            .WithName("SignLink")
            .WithTags("Delivery")
            .WithSummary("A link by which its bearer can read one upload until it expires.")
            .WithMetadata(AdmissionRequirement.Bearer)
            .WithJsonBody<RouteHandlerBuilder, LinkRequest>(BodyLimit.Json)
            .ProducesProblems(400, 401, 403, 404, 409, 413, 415, 500, 503);

    private static async Task<Results<Ok<LinkAnswer>, ProblemResult>> SignAsync(
        HttpRequest request, Admission admission, IGrainFactory grains, DeliverySettings settings, DeliverySigner signer, CancellationToken cancellationToken)
    {
        if (!settings.IsConfigured)
            return (ProblemResult)ProblemCatalog.DeliveryNotConfigured;
        var body = await JsonBody.ReadAsync(request, MediaJson.Default.LinkRequest, cancellationToken);
        if (body.Problem is { } problem)
            return (ProblemResult)problem;
        var (wish, most) = (body.Value!, (long)settings.MaxLifetime.TotalSeconds);
        if (wish.FileId is not null)
            return (ProblemResult)ProblemCatalog.Invalid("fileId", "Files have no ids yet: name an upload's folder by path.");
        if (wish.Path is null)
            return (ProblemResult)ProblemCatalog.Invalid("path", RequestMessages.Required);
        if (DeliveryKey.TagOf(wish.Path) is not { } tag)
            return (ProblemResult)ProblemCatalog.Invalid("path", "The folder of one upload: /upload/TAG/.");
        if (wish.Seconds is not { } seconds || seconds < 1 || seconds > most)
            return (ProblemResult)ProblemCatalog.Invalid("seconds", $"A whole number from 1 to {most}.");

        var found = await Sessions.Find(grains, tag)!.GetAsync(new Caller(admission.User), cancellationToken);
        if (!found.IsSuccess)
            return (ProblemResult)ProblemCatalog.Of(found.Refusal);
        if (found.Value.State is not (UploadState.Stored or UploadState.Verifying or UploadState.Verified))
            return (ProblemResult)ProblemCatalog.Of(new Refusal(RefusalCode.WrongState, $"The upload is {found.Value.State}: there is nothing to deliver."));

        var folder = DeliveryKey.FolderOf(tag);
        var signed = signer.Sign(settings.Secrets[0], folder, TimeSpan.FromSeconds(seconds));
        var root = settings.PublicBaseUrl ?? $"{request.Scheme}://{request.Host.Value}{DeliveryGate.Prefix}";
        request.HttpContext.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new LinkAnswer($"{root}{folder}{UriComponent.Encode(found.Value.FileName)}?{signed.Query}", signed.Query, signed.ExpiresAt));
    }
}

/// <summary>Asks for a link.</summary>
public sealed record LinkRequest
{
    /// <summary>The folder of one of the user's uploads, <c>/upload/TAG/</c>.</summary>
    public string? Path { get; init; }

    /// <summary>A file of the catalog; refused, as there is none yet.</summary>
    public string? FileId { get; init; }

    /// <summary>How long the link is to be good for.</summary>
    public long? Seconds { get; init; }
}

/// <summary>A link.</summary>
/// <param name="Url">The whole address, by the upload's own file name.</param>
/// <param name="Query">The signed query alone, good for every address in the folder.</param>
/// <param name="ExpiresAt">Until when it is good.</param>
public sealed record LinkAnswer(string Url, string Query, DateTimeOffset ExpiresAt);
