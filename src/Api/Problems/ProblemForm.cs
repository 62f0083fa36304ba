using System.Text.Json;
using Media.Api.Json;

namespace Media.Api.Problems;

/// <summary>
/// How a door writes an error down. A door whose contract is not ours has its own form for all paths below its own, so that also what no route took is
/// answered in it.
/// </summary>
internal abstract class ProblemForm
{
    /// <summary>RFC 9457, for every route that has no other.</summary>
    public static ProblemForm Default { get; } = new Rfc9457Form();

    /// <summary>Writes status, headers and body. The response must not have started.</summary>
    public static Task WriteAsync(HttpContext context, Problem problem)
    {
        var response = context.Response;
        response.StatusCode = problem.Status;
        response.Headers.CacheControl = "no-store";
        response.Headers.ETag = default;
        response.Headers.ContentLength = null;
        if (problem.RetryAfter is { } delay)
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(delay.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (problem.Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer";
        if (HttpMethods.IsHead(context.Request.Method))
            return Task.CompletedTask;

        return (context.Features.Get<ProblemForm>() ?? Default).WriteBodyAsync(response, problem, context.RequestAborted);
    }

    /// <summary>Has every error below a path written in a form of its own.</summary>
    public static void Use(IApplicationBuilder app, PathString prefix, ProblemForm form) => app.Use((context, next) =>
    {
        if (context.Request.Path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase))
            context.Features.Set(form);
        return next(context);
    });

    /// <summary>Writes content type and body.</summary>
    protected abstract Task WriteBodyAsync(HttpResponse response, Problem problem, CancellationToken cancellationToken);

    private sealed class Rfc9457Form : ProblemForm
    {
        protected override Task WriteBodyAsync(HttpResponse response, Problem problem, CancellationToken cancellationToken)
        {
            response.ContentType = ProblemResult.ContentType;
            return JsonSerializer.SerializeAsync(response.Body, problem, MediaJson.Default.Problem, cancellationToken);
        }
    }
}
