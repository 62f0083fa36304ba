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

namespace Media.Api.Doors.V1;

/// <summary>Our own contract for uploads: creation, listing, and what one upload takes to its end.</summary>
internal static class UploadsDoor
{
    /// <summary>Maps <c>/v1/uploads</c>.</summary>
    public static void MapUploadsDoor(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1").WithTags("Uploads").WithMetadata(AdmissionRequirement.Bearer).ProducesProblems(401, 403, 500, 503);

        group.MapPost("/uploads", CreateAsync)
            .WithName("CreateUpload").WithSummary("Creates an upload, or resumes the one in progress with the same content.")
            .WithJsonBody<RouteHandlerBuilder, CreateUploadRequest>(BodyLimit.Json).ProducesProblems(400, 413, 415, 423);
        group.MapPost("/uploads:batch", BatchRoute.OpenAsync)
            .WithName("CreateUploads").WithSummary("Creates or resumes up to 1000 uploads; one that fails does not touch the others.")
            .WithJsonBody<RouteHandlerBuilder, CreateUploadRequest[]>(BodyLimit.Batch).ProducesProblems(400, 413, 415);
        group.MapPost("/uploads:complete", CompleteRoute.CompleteManyAsync)
            .WithName("CompleteUploads").WithSummary("Completes up to 1000 uploads; one that fails does not touch the others.")
            .WithJsonBody<RouteHandlerBuilder, CompleteRow[]>(BodyLimit.Batch).ProducesProblems(400, 413, 415);
        group.MapGet("/uploads", ListRoute.ListAsync)
            .WithName("ListUploads").WithSummary("A page of the user's uploads, newest first.").ProducesProblems(400);

        group.MapGet("/leases/events", LostLeasesRoute.StreamAsync)
            .WithName("WatchLeases").WithSummary("Every upload that another client takes from this one, as a server-sent event, while it is connected.")
            .WithMetadata(new QueryParameter("clientId")).ProducesProblems(400)
            .Produces(StatusCodes.Status200OK, contentType: EventStream.ContentType);

        var one = group.MapGroup("/uploads/{tag}").ProducesProblems(400, 404);
        one.MapGet("/", GetAsync)
            .WithName("GetUpload").WithSummary("The upload as it is.");
        one.MapPost("/urls", UrlsRoute.SignAsync)
            .WithName("SignParts").WithSummary("Presigned URLs for up to 1000 parts.")
            .WithJsonBody<RouteHandlerBuilder, UrlsRequest>(BodyLimit.Json).ProducesProblems(409, 413, 415, 423);
        one.MapPost("/form", FormRoute.SignAsync)
            .WithName("SignForm").WithSummary("A signed form for a file that goes in one piece.")
            .WithJsonBody<RouteHandlerBuilder, FormRequest>(BodyLimit.Json).ProducesProblems(409, 413, 415, 423);
        one.MapGet("/parts", ListPartsAsync)
            .WithName("ListParts").WithSummary("All parts that the store has.").ProducesProblems(409);
        one.MapPost("/lease", TakeLeaseAsync)
            .WithName("TakeLease").WithSummary("Takes, renews or takes over the lease; also the heartbeat.")
            .WithJsonBody<RouteHandlerBuilder, LeaseRequest>(BodyLimit.Json).ProducesProblems(409, 413, 415, 423);
        one.MapDelete("/lease", ReleaseLeaseAsync)
            .WithName("ReleaseLease").WithSummary("Gives the lease back.").WithMetadata(new QueryParameter("clientId"));
        one.MapPost("/complete", CompleteRoute.CompleteAsync)
            .WithName("CompleteUpload").WithSummary("Puts the parts together. Again: the same answer.")
            .WithJsonBody<RouteHandlerBuilder, CompleteRequest>(BodyLimit.Complete, optional: true).ProducesProblems(409, 413, 415, 423);
        one.MapPost("/challenge", ChallengeRoute.AnswerAsync)
            .WithName("AnswerChallenge").WithSummary("Proves that the client has a file that is stored already; else the upload goes its usual way.")
            .WithJsonBody<RouteHandlerBuilder, ChallengeRequest>(BodyLimit.Json).ProducesProblems(409, 413, 415, 423);
        one.MapDelete("/", AbortAsync)
            .WithName("AbortUpload").WithSummary("Gives the upload up. Again: the same answer.")
            .WithMetadata(new QueryParameter("clientId"), new QueryParameter("epoch", IsNumber: true)).ProducesProblems(409, 423);
        one.MapGet("/events", EventsRoute.StreamAsync)
            .WithName("WatchUpload").WithSummary("Every change of state as a server-sent event, to the last.")
            .Produces(StatusCodes.Status200OK, contentType: EventStream.ContentType);
    }

    private static async Task<Results<Created<UploadAnswer>, Ok<UploadAnswer>, ProblemResult>> CreateAsync(
        HttpRequest request, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, MediaJson.Default.CreateUploadRequest, cancellationToken);
        if (body.Problem is { } problem)
            return (ProblemResult)problem;
        var (wish, invalid) = NewUploadReader.Read(body.Value!, admission.Permission);
        if (invalid is not null)
            return (ProblemResult)invalid;

        var opened = await grains.GetGrain<IUserUploadsGrain>(admission.User).OpenAsync(wish!, cancellationToken);
        if (!opened.IsSuccess)
            return (ProblemResult)ProblemCatalog.Of(opened.Refusal);
        var answer = UploadAnswer.Of(opened.Value);
        return answer.Status == "created" ? TypedResults.Created($"/v1/uploads/{answer.Tag}", answer) : TypedResults.Ok(answer);
    }

    private static async Task<Results<Ok<UploadAnswer>, ProblemResult>> GetAsync(
        string tag, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (Sessions.Find(grains, tag) is not { } session)
            return (ProblemResult)Sessions.NotFound;
        var upload = await session.GetAsync(new Caller(admission.User), cancellationToken);
        return upload.IsSuccess ? TypedResults.Ok(UploadAnswer.Of(upload.Value)) : (ProblemResult)ProblemCatalog.Of(upload.Refusal);
    }

    private static async Task<Results<Ok<ImmutableArray<PartAnswer>>, ProblemResult>> ListPartsAsync(
        string tag, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (Sessions.Find(grains, tag) is not { } session)
            return (ProblemResult)Sessions.NotFound;
        var parts = await session.ListPartsAsync(new Caller(admission.User), cancellationToken);
        return parts.IsSuccess ? TypedResults.Ok(PartAnswer.Of(parts.Value.Parts)) : (ProblemResult)ProblemCatalog.Of(parts.Refusal);
    }

    private static async Task<Results<Ok<LeaseAnswer>, ProblemResult>> TakeLeaseAsync(
        string tag, HttpRequest request, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (Sessions.Find(grains, tag) is not { } session)
            return (ProblemResult)Sessions.NotFound;
        var body = await JsonBody.ReadAsync(request, MediaJson.Default.LeaseRequest, cancellationToken);
        if (body.Problem is { } problem)
            return (ProblemResult)problem;
        if (body.Value!.ClientId is null)
            return (ProblemResult)ProblemCatalog.Invalid("clientId", RequestMessages.Required);
        var (caller, invalid) = CallerReader.Of(admission, body.Value.ClientId, null);
        if (invalid is not null)
            return (ProblemResult)invalid;

        var lease = await session.TakeLeaseAsync(caller, body.Value.TakeOver ?? false, cancellationToken);
        return lease.IsSuccess ? TypedResults.Ok(LeaseAnswer.Of(lease.Value)) : (ProblemResult)ProblemCatalog.Of(lease.Refusal);
    }

    private static async Task<Results<NoContent, ProblemResult>> ReleaseLeaseAsync(
        string tag, HttpRequest request, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (Sessions.Find(grains, tag) is not { } session)
            return (ProblemResult)Sessions.NotFound;
        var (caller, invalid) = CallerReader.OfQuery(admission, request.Query);
        if (invalid is not null)
            return (ProblemResult)invalid;
        if (caller.ClientId is null)
            return (ProblemResult)ProblemCatalog.Invalid("clientId", RequestMessages.Required);

        var released = await session.ReleaseLeaseAsync(caller, cancellationToken);
        return released.IsSuccess ? TypedResults.NoContent() : (ProblemResult)ProblemCatalog.Of(released.Refusal);
    }

    private static async Task<Results<NoContent, ProblemResult>> AbortAsync(
        string tag, HttpRequest request, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (Sessions.Find(grains, tag) is not { } session)
            return (ProblemResult)Sessions.NotFound;
        var (caller, invalid) = CallerReader.OfQuery(admission, request.Query);
        if (invalid is not null)
            return (ProblemResult)invalid;

        var aborted = await session.AbortAsync(caller, cancellationToken);
        return aborted.IsSuccess ? TypedResults.NoContent() : (ProblemResult)ProblemCatalog.Of(aborted.Refusal);
    }
}
