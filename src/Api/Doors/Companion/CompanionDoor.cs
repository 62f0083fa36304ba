using System.Collections.Immutable;
using System.Globalization;
using Media.Api.Hosting;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Uploads;
using Media.Grains.Users;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans;

namespace Media.Api.Doors.Companion;

/// <summary>
/// The S3 multipart routes of Uppy's Companion (https://github.com/transloadit/uppy, <c>@uppy/aws-s3</c> with <c>companionEndpoint</c>). The permission
/// is in the path, as Uppy sends no credentials of its own. The contract does not announce a file's size, so its plans are open.
/// </summary>
internal static class CompanionDoor
{
    /// <summary>What all of the door's paths begin with.</summary>
    public const string Prefix = "/companion";

    private const string PermissionRouteValue = "permission";
    private const int MaxSigned = 1_000;

    /// <summary>Maps <c>/companion/{permission}/s3</c>.</summary>
    public static void MapCompanionDoor(this IEndpointRouteBuilder routes)
    {
        var door = routes.MapGroup(Prefix + "/{" + PermissionRouteValue + "}/s3").WithTags("Companion")
            .WithMetadata(new AdmissionRequirement(PermissionRouteValue), new RouteParameter(PermissionRouteValue))
            .ProducesCompanionErrors(400, 401, 403, 500, 503);
        door.MapGet("/params", SignFormAsync)
            .WithName("CompanionSignForm").WithSummary("A form that takes a whole file by one POST.")
            .WithMetadata(new QueryParameter("metadata[name]")).ProducesCompanionErrors(413);

        var group = door.MapGroup("/multipart");
        group.MapPost("", CreateAsync)
            .WithName("CompanionCreate").WithSummary("Starts a multipart upload.")
            .WithJsonBody<RouteHandlerBuilder, CompanionCreateRequest>(BodyLimit.Json).ProducesCompanionErrors(413, 415);
        var one = group.MapGroup("/{uploadId}").ProducesCompanionErrors(404, 409);
        one.MapGet("", ListPartsAsync)
            .WithName("CompanionListParts").WithSummary("All parts that the store has.");
        one.MapGet("/batch", SignManyAsync)
            .WithName("CompanionSignParts").WithSummary("Presigned URLs for parts, given as numbers with commas between them.");
        one.MapGet("/{partNumber}", SignOneAsync)
            .WithName("CompanionSignPart").WithSummary("A presigned URL for a part.");
        one.MapPost("/complete", CompleteAsync)
            .WithName("CompanionComplete").WithSummary("Puts the parts together. Again: the same answer.")
            .WithJsonBody<RouteHandlerBuilder, CompanionCompleteRequest>(BodyLimit.Complete).ProducesCompanionErrors(413, 415);
        one.MapDelete("", AbortAsync)
            .WithName("CompanionAbort").WithSummary("Gives the upload up. Again: the same answer.");
    }

    private static async Task<Results<Ok<CompanionCreateAnswer>, ProblemResult>> CreateAsync(
        HttpRequest request, Admission admission, IGrainFactory grains, StoreAddress store, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, MediaJson.Default.CompanionCreateRequest, cancellationToken);
        if (body.Problem is { } problem)
            return (ProblemResult)problem;
        if (body.Value!.Filename is not { } fileName)
            return (ProblemResult)ProblemCatalog.Invalid("filename", RequestMessages.Required);
        var (metadata, bad) = CompanionMetadata.Of(body.Value.Metadata);
        if (bad is not null)
            return (ProblemResult)bad;

        var wish = new NewUpload(admission.Permission, fileName, body.Value.Type, Size: null) { Metadata = metadata };
        var opened = await grains.GetGrain<IUserUploadsGrain>(admission.User).OpenAsync(wish, cancellationToken);
        return opened.IsSuccess
            ? TypedResults.Ok(new CompanionCreateAnswer(opened.Value.Upload.Key, opened.Value.Upload.UploadId!, store.Bucket))
            : (ProblemResult)ProblemCatalog.Of(opened.Refusal);
    }

    private static async Task<Results<Ok<CompanionPostForm>, ProblemResult>> SignFormAsync(
        string? filename, string? type, HttpContext context, Admission admission, IGrainFactory grains, TimeProvider time, CancellationToken cancellationToken)
    {
        if (filename is null)
            return (ProblemResult)ProblemCatalog.Invalid("filename", RequestMessages.Required);
        var (metadata, bad) = CompanionMetadata.OfQuery(context.Request.Query);
        if (bad is not null)
            return (ProblemResult)bad;

        var wish = new NewUpload(admission.Permission, filename, type, Size: null) { Metadata = metadata };
        var opened = await grains.GetGrain<IUserUploadsGrain>(admission.User).OpenFormAsync(wish, cancellationToken);
        if (!opened.IsSuccess)
            return (ProblemResult)ProblemCatalog.Of(opened.Refusal);

        context.Response.Headers.CacheControl = "no-store";
        var form = opened.Value.Form;
        return TypedResults.Ok(new CompanionPostForm("POST", form.Url, form.Fields, Math.Max(0, (long)(form.ExpiresAt - time.GetUtcNow()).TotalSeconds)));
    }

    private static async Task<Results<Ok<ImmutableArray<CompanionPart>>, ProblemResult>> ListPartsAsync(
        string uploadId, string? key, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var (session, _, problem) = await CompanionSession.FindAsync(grains, admission, key, uploadId, cancellationToken);
        if (problem is not null)
            return (ProblemResult)problem;
        var listed = await session!.ListPartsAsync(new Caller(admission.User), cancellationToken);
        if (!listed.IsSuccess)
            return (ProblemResult)ProblemCatalog.Of(listed.Refusal);

        var parts = ImmutableArray.CreateBuilder<CompanionPart>(listed.Value.Parts.Length);
        foreach (var part in listed.Value.Parts)
            parts.Add(new CompanionPart(part.Part, part.ETag, part.Size));
        return TypedResults.Ok(parts.MoveToImmutable());
    }

    private static async Task<Results<Ok<CompanionUrl>, ProblemResult>> SignOneAsync(
        string uploadId, string partNumber, string? key, Admission admission, IGrainFactory grains, TimeProvider time, HttpResponse response, CancellationToken cancellationToken)
    {
        var (signed, problem) = await SignAsync(grains, admission, key, uploadId, [partNumber], cancellationToken);
        if (problem is not null)
            return (ProblemResult)problem;
        response.Headers.CacheControl = "no-store";
        var url = signed[0];
        return TypedResults.Ok(new CompanionUrl(url.Url, Math.Max(0, (long)(url.ExpiresAt - time.GetUtcNow()).TotalSeconds)));
    }

    private static async Task<Results<Ok<CompanionUrls>, ProblemResult>> SignManyAsync(
        string uploadId, string? key, string? partNumbers, Admission admission, IGrainFactory grains, HttpResponse response, CancellationToken cancellationToken)
    {
        var (signed, problem) = await SignAsync(grains, admission, key, uploadId, (partNumbers ?? "").Split(','), cancellationToken);
        if (problem is not null)
            return (ProblemResult)problem;
        response.Headers.CacheControl = "no-store";
        var urls = new SortedDictionary<int, string>();
        foreach (var url in signed)
            urls[url.Part] = url.Url;
        return TypedResults.Ok(new CompanionUrls(urls));
    }

    private static async Task<Results<Ok<CompanionCompleteAnswer>, ProblemResult>> CompleteAsync(
        HttpRequest request, string uploadId, string? key, Admission admission, IGrainFactory grains, StoreAddress store, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, MediaJson.Default.CompanionCompleteRequest, cancellationToken);
        if (body.Problem is { } bodyProblem)
            return (ProblemResult)bodyProblem;
        if (body.Value!.Parts is not { Length: >= 1 and <= PartPlanner.MaxParts } parts)
            return (ProblemResult)ProblemCatalog.Invalid("parts", RequestMessages.CompletePartsCount);
        var named = ImmutableArray.CreateBuilder<NamedPart>(parts.Length);
        foreach (var part in parts)
        {
            if (part is not { PartNumber: { } number, ETag: { } etag })
                return (ProblemResult)ProblemCatalog.Invalid("parts", RequestMessages.CompanionPart);
            named.Add(new NamedPart(number, etag));
        }

        var (session, _, problem) = await CompanionSession.FindAsync(grains, admission, key, uploadId, cancellationToken);
        if (problem is not null)
            return (ProblemResult)problem;
        var completed = await session!.CompleteAsync(new Caller(admission.User), named.MoveToImmutable(), pieceHash: null, cancellationToken);
        return completed.IsSuccess
            ? TypedResults.Ok(new CompanionCompleteAnswer(store.UrlOf(completed.Value.Key), completed.Value.Key, store.Bucket))
            : (ProblemResult)ProblemCatalog.Of(completed.Refusal);
    }

    private static async Task<Results<Ok<CompanionNothing>, ProblemResult>> AbortAsync(
        string uploadId, string? key, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var (session, _, problem) = await CompanionSession.FindAsync(grains, admission, key, uploadId, cancellationToken);
        if (problem is not null)
            return (ProblemResult)problem;
        var aborted = await session!.AbortAsync(new Caller(admission.User), cancellationToken);
        return aborted.IsSuccess ? TypedResults.Ok(new CompanionNothing()) : (ProblemResult)ProblemCatalog.Of(aborted.Refusal);
    }

    private static async ValueTask<(ImmutableArray<SignedPart> Signed, Problem? Problem)> SignAsync(
        IGrainFactory grains, Admission admission, string? key, string uploadId, string[] partNumbers, CancellationToken cancellationToken)
    {
        var parts = ImmutableArray.CreateBuilder<int>(partNumbers.Length);
        foreach (var text in partNumbers)
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var part) || part is < 1 or > PartPlanner.MaxParts)
                return ([], ProblemCatalog.InvalidPart(RequestMessages.CompanionPartNumber));
            parts.Add(part);
        }

        if (parts.Count > MaxSigned)
            return ([], ProblemCatalog.Invalid("partNumbers", RequestMessages.PartsCount));
        var (session, _, problem) = await CompanionSession.FindAsync(grains, admission, key, uploadId, cancellationToken);
        if (problem is not null)
            return ([], problem);
        var signed = await session!.SignPartsAsync(new Caller(admission.User), parts.MoveToImmutable(), cancellationToken);
        return signed.IsSuccess ? (signed.Value.Parts, null) : ([], ProblemCatalog.Of(signed.Refusal));
    }


    private static TBuilder ProducesCompanionErrors<TBuilder>(this TBuilder builder, params ReadOnlySpan<int> statuses)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (var status in statuses)
            builder.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(CompanionError), ["application/json"]));
        return builder;
    }
}
