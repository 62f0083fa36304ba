using Media.Api.Doors;
using Media.Api.Doors.V1;
using Media.Api.Hosting;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Contents;
using Media.Grains.Files;
using Media.Grains.Ports;
using Media.Grains.Results;
using Media.Grains.Uploads;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans;

namespace Media.Api.Delivery;

/// <summary>Signs links to files of the catalog, and to their thumbnails.</summary>
internal static class LinksDoor
{
    /// <summary>Maps <c>POST /v1/links</c>.</summary>
    public static void MapLinksDoor(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/links", SignAsync)
            .WithName("SignLink")
            .WithTags("Delivery")
            .WithSummary("A link by which its bearer can read one file, or a thumbnail of it, until it expires.")
            .WithMetadata(AdmissionRequirement.Bearer)
            .WithJsonBody<RouteHandlerBuilder, LinkRequest>(BodyLimit.Json)
            .ProducesProblems(400, 401, 403, 404, 409, 413, 415, 500, 503);

    private static async Task<Results<Ok<LinkAnswer>, ProblemResult>> SignAsync(
        HttpRequest request, Admission admission, ICatalog catalog, IGrainFactory grains, DeliverySettings settings, DeliverySigner signer, CancellationToken cancellationToken)
    {
        if (!settings.IsConfigured)
            return (ProblemResult)ProblemCatalog.DeliveryNotConfigured;
        var body = await JsonBody.ReadAsync(request, MediaJson.Default.LinkRequest, cancellationToken);
        if (body.Problem is { } problem)
            return (ProblemResult)problem;
        var (wish, most) = (body.Value!, (long)settings.MaxLifetime.TotalSeconds);
        if (InvalidIn(wish) is { } invalid)
            return (ProblemResult)invalid;
        if (wish.Seconds is not { } seconds || seconds < 1 || seconds > most)
            return (ProblemResult)ProblemCatalog.Invalid("seconds", $"A whole number from 1 to {most}.");

        var (found, refusal) = await FilesDoor.FindAsync(wish.FileId ?? DeliveryKey.TagOf(wish.Path!)!, admission, catalog, cancellationToken);
        if (found is null)
            return (ProblemResult)(wish.FileId is null ? await WhyNotAsync(DeliveryKey.TagOf(wish.Path!)!, refusal!, admission, grains, cancellationToken) : refusal!);
        if (AddressOf(found, wish.Thumbnail) is not var (folder, name))
            return (ProblemResult)ProblemCatalog.ThumbnailNotFound;

        var signed = signer.Sign(settings.Secrets[0], folder, TimeSpan.FromSeconds(seconds));
        var root = settings.PublicBaseUrl ?? $"{request.Scheme}://{request.Host.Value}{DeliveryGate.Prefix}";
        request.HttpContext.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new LinkAnswer($"{root}{folder}{UriComponent.Encode(name)}?{signed.Query}", signed.Query, signed.ExpiresAt));
    }

    private static Problem? InvalidIn(LinkRequest wish) => wish switch
    {
        { FileId: null, Path: null } => ProblemCatalog.Invalid("fileId", RequestMessages.Required),
        { FileId: not null, Path: not null } => ProblemCatalog.Invalid("path", "Either fileId or path."),
        { Path: { } path } when DeliveryKey.TagOf(path) is null => ProblemCatalog.Invalid("path", "The folder of one upload: /upload/TAG/."),
        _ => null,
    };

    /// <summary>The folder that is to be signed, and the name in it; null where there is no such thumbnail.</summary>
    private static (string Folder, string Name)? AddressOf(CatalogFile found, int? thumbnail)
    {
        if (thumbnail is not { } width)
            return (DeliveryKey.FolderOf(found.File), found.File.Name);
        if (found.File.PieceHash is not { } pieceHash || !found.Thumbnails.Contains(width))
            return null;
        var folder = DeliveryKey.ThumbnailsOf(pieceHash);
        return (folder, ContentKeys.Thumbnail(pieceHash, width)[(folder.Length - 1)..]);
    }

    /// <summary>What there is to say of an upload that is no file of the catalog: not yet, or not any more.</summary>
    private static async Task<Problem> WhyNotAsync(string tag, Problem refusal, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var upload = await Sessions.Find(grains, tag)!.GetAsync(new Caller(admission.User), cancellationToken);
        return !upload.IsSuccess ? ProblemCatalog.Of(upload.Refusal)
            : upload.Value.State is UploadState.Verified or UploadState.Duplicate ? refusal
            : ProblemCatalog.Of(new Refusal(RefusalCode.WrongState, $"The upload is {upload.Value.State}: there is nothing to deliver."));
    }
}

/// <summary>Asks for a link.</summary>
public sealed record LinkRequest
{
    /// <summary>A file of the catalog.</summary>
    public string? FileId { get; init; }

    /// <summary>In its place: the folder of the upload that the file came by, <c>/upload/TAG/</c>.</summary>
    public string? Path { get; init; }

    /// <summary>The width of a thumbnail, in place of the file itself.</summary>
    public int? Thumbnail { get; init; }

    /// <summary>How long the link is to be good for.</summary>
    public long? Seconds { get; init; }
}

/// <summary>A link.</summary>
/// <param name="Url">The whole address, by the file's own name.</param>
/// <param name="Query">The signed query alone, good for every address in the folder.</param>
/// <param name="ExpiresAt">Until when it is good.</param>
public sealed record LinkAnswer(string Url, string Query, DateTimeOffset ExpiresAt);
