using System.Text.Json;
using Media.Api.Json;
using Media.Api.Problems;

namespace Media.Api.Doors.Companion;

/// <summary>Errors as Companion's clients know them: the status, and <c>{error}</c>.</summary>
internal sealed class CompanionForm : ProblemForm
{
    public static CompanionForm Instance { get; } = new();

    protected override Task WriteBodyAsync(HttpResponse response, Problem problem, CancellationToken cancellationToken)
    {
        response.ContentType = "application/json; charset=utf-8";
        var error = problem.Detail is { } detail ? $"{problem.Title}: {detail}" : problem.Title;
        return JsonSerializer.SerializeAsync(response.Body, new CompanionError(error), MediaJson.Default.CompanionError, cancellationToken);
    }
}
