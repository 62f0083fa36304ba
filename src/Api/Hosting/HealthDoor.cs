using System.Collections.Immutable;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Media.Api.Hosting;

/// <summary>Whether the process runs, and whether it can do its work.</summary>
internal static class HealthDoor
{
    private const string ReadyTag = "ready";

    /// <summary>Maps <c>/health/live</c> and <c>/health/ready</c>.</summary>
    public static void MapHealthDoor(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/health").WithTags("Health");
        group.MapGet("/live", () => TypedResults.Ok(HealthAnswer.Ok))
            .WithName("Live").WithSummary("Whether the process runs.");
        group.MapGet("/ready", CheckAsync)
            .WithName("Ready").WithSummary("Whether the database and the object store answer.")
            .Produces<HealthAnswer>(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<Results<Ok<HealthAnswer>, JsonHttpResult<HealthAnswer>>> CheckAsync(HealthCheckService health, CancellationToken cancellationToken)
    {
        var report = await health.CheckHealthAsync(check => check.Tags.Contains(ReadyTag), cancellationToken);
        if (report.Status != HealthStatus.Unhealthy)
            return TypedResults.Ok(HealthAnswer.Ok);

        // Names alone: what a check says may have addresses and user names.
        var failing = ImmutableArray.CreateBuilder<string>();
        foreach (var (name, entry) in report.Entries)
        {
            if (entry.Status == HealthStatus.Unhealthy)
                failing.Add(name);
        }

        return TypedResults.Json(new HealthAnswer("unavailable", failing.ToImmutable()), statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}

/// <summary>Whether things work.</summary>
/// <param name="Status"><c>ok</c> or <c>unavailable</c>.</param>
/// <param name="NotReady">What does not answer.</param>
public sealed record HealthAnswer(string Status, ImmutableArray<string> NotReady)
{
    internal static HealthAnswer Ok { get; } = new("ok", []);
}
