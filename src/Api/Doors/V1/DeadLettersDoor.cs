using System.Collections.Immutable;
using System.ComponentModel;
using System.Globalization;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Ports;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Media.Api.Doors.V1;

/// <summary>For administrators: how events reach their destinations, and what became of those that could not.</summary>
internal static class DeadLettersDoor
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1_000;

    /// <summary>Maps <c>/v1/events</c>.</summary>
    public static void MapDeadLettersDoor(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/events").WithTags("Events").WithMetadata(AdmissionRequirement.Administrator).ProducesProblems(401, 403, 500, 503);

        group.MapGet("/destinations", ListDestinationsAsync)
            .WithName("ListDestinations").WithSummary("Who is told of events, and how much waits for them.");
        group.MapGet("/dead-letters", ListAsync)
            .WithName("ListDeadLetters").WithSummary("A page of deliveries that were given up, the latest first.").ProducesProblems(400);
        group.MapPost("/dead-letters/{id}/retry", RetryAsync)
            .WithName("RetryDeadLetter").WithSummary("Has a delivery tried again, with all the time of a new one.").ProducesProblems(404, 409);
        group.MapDelete("/dead-letters/{id}", DismissAsync)
            .WithName("DismissDeadLetter").WithSummary("Forgets a delivery that was given up.").ProducesProblems(404);
    }

    private static async Task<Ok<DestinationsAnswer>> ListDestinationsAsync(IEventDeliveries deliveries, CancellationToken cancellationToken) =>
        TypedResults.Ok(new DestinationsAnswer(await deliveries.ListDestinationsAsync(cancellationToken)));

    private static async Task<Results<Ok<DeadLetterPageAnswer>, ProblemResult>> ListAsync(
        IEventDeliveries deliveries,
        [Description("The cursor of the page before.")] string? after,
        [Description("1 to 1000, 100 unless told.")] string? limit,
        CancellationToken cancellationToken)
    {
        var count = DefaultLimit;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > MaxLimit))
            return (ProblemResult)ProblemCatalog.Invalid("limit", RequestMessages.Limit);
        long? before = null;
        if (!string.IsNullOrEmpty(after))
        {
            before = IdOf(after);
            if (before is null)
                return (ProblemResult)ProblemCatalog.Invalid("after", RequestMessages.Cursor);
        }

        var letters = await deliveries.ListDeadLettersAsync(before, count, cancellationToken);
        return TypedResults.Ok(new DeadLetterPageAnswer(letters, letters.Length == count ? letters[^1].Id.ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<Results<NoContent, ProblemResult>> RetryAsync(string id, IEventDeliveries deliveries, CancellationToken cancellationToken)
    {
        var retry = IdOf(id) is { } number ? await deliveries.RetryAsync(number, cancellationToken) : DeadLetterRetry.NotFound;
        return retry switch
        {
            DeadLetterRetry.Waiting => TypedResults.NoContent(),
            DeadLetterRetry.DestinationGone => (ProblemResult)ProblemCatalog.DestinationGone,
            _ => (ProblemResult)ProblemCatalog.DeadLetterNotFound,
        };
    }

    private static async Task<Results<NoContent, ProblemResult>> DismissAsync(string id, IEventDeliveries deliveries, CancellationToken cancellationToken) =>
        IdOf(id) is { } number && await deliveries.DismissAsync(number, cancellationToken) ? TypedResults.NoContent() : (ProblemResult)ProblemCatalog.DeadLetterNotFound;

    private static long? IdOf(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
}

/// <summary>Who is told of events.</summary>
/// <param name="Destinations">By name.</param>
public sealed record DestinationsAnswer(ImmutableArray<EventDestination> Destinations);

/// <summary>A page of deliveries that were given up.</summary>
/// <param name="DeadLetters">The latest first.</param>
/// <param name="Next">The cursor of the next page, or null at the end.</param>
public sealed record DeadLetterPageAnswer(ImmutableArray<DeadLetter> DeadLetters, string? Next);
