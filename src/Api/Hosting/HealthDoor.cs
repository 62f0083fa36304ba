using System.Collections.Immutable;
using System.Text.Json.Serialization;
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
        var details = DetailsOf(report);
        if (report.Status != HealthStatus.Unhealthy)
            return TypedResults.Ok(HealthAnswer.Ok with { Details = details });

        // Names alone: what such a check says may have addresses and user names.
        var failing = ImmutableArray.CreateBuilder<string>();
        foreach (var (name, entry) in report.Entries)
        {
            if (entry.Status == HealthStatus.Unhealthy)
                failing.Add(name);
        }

        return TypedResults.Json(new HealthAnswer("unavailable", failing.ToImmutable()) { Details = details }, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    // Checks of what lessens what can be done speak for everybody's eyes.
    private static ImmutableSortedDictionary<string, string>? DetailsOf(HealthReport report)
    {
        var details = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (name, entry) in report.Entries)
        {
            if (entry.Status == HealthStatus.Degraded)
                details.Add(name, entry.Description ?? "");
        }

        return details.Count == 0 ? null : details.ToImmutable();
    }
}

/// <summary>Whether things work.</summary>
/// <param name="Status"><c>ok</c> or <c>unavailable</c>.</param>
/// <param name="NotReady">What does not answer.</param>
public sealed record HealthAnswer(string Status, ImmutableArray<string> NotReady)
{
    /// <summary>What works less than it could, and why, though nothing that requests need is lacking; absent where there is nothing to say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableSortedDictionary<string, string>? Details { get; init; }

    internal static HealthAnswer Ok { get; } = new("ok", []);
}
