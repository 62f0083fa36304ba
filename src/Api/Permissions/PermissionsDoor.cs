using Media.Api.Hosting;
using Media.Api.Json;
using Media.Api.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Media.Api.Permissions;

/// <summary>Hands out permissions for passwords and API keys.</summary>
internal static partial class PermissionsDoor
{
    /// <summary>Maps <c>POST /v1/permissions</c>.</summary>
    public static void MapPermissionsDoor(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/permissions", GrantAsync)
            .WithName("GrantPermission")
            .WithTags("Permissions")
            .WithSummary("Exchanges a password, or an API key in Authorization, for a permission that expires.")
            .WithJsonBody<RouteHandlerBuilder, PermissionRequest>(BodyLimit.Json, optional: true)
            .ProducesProblems(400, 401, 403, 413, 415, 429, 503);

    private static async Task<Results<Ok<PermissionAnswer>, ProblemResult>> GrantAsync(
        HttpContext context, AccountBook accounts, AttemptLimiter limiter, PermissionEnvelope envelope, TimeProvider time, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadOptionalAsync(context.Request, MediaJson.Default.PermissionRequest, cancellationToken);
        if (body.Problem is { } problem)
            return (ProblemResult)problem;
        var password = body.Value?.Password;
        var key = BearerToken.Of(context.Request);
        if (password is null && key is null)
            return (ProblemResult)ProblemCatalog.Invalid("password", RequestMessages.Required);
        if (password is { Length: > PasswordDigest.MaxPasswordLength })
            return (ProblemResult)ProblemCatalog.Invalid("password", RequestMessages.PasswordLength);

        var address = context.Connection.RemoteIpAddress;
        if (!limiter.TryTake(address, out var retryAfter))
            return (ProblemResult)ProblemCatalog.TooManyAttempts(retryAfter);
        var account = password is not null ? accounts.FindByPassword(password) : accounts.FindByApiKey(key!);
        if (account is null)
        {
            LogRefused(Logger(context), address);
            return (ProblemResult)ProblemCatalog.BadCredentials;
        }

        limiter.GiveBack(address);
        var permission = account.Grant(time.GetUtcNow());
        var answer = new PermissionAnswer(envelope.Seal(permission, account.IsAdministrator), permission.ExpiresAt, permission.User, PermissionLimits.Of(permission));
        context.Response.Headers.CacheControl = "no-store";
        LogGranted(Logger(context), permission.User, permission.Id, permission.ExpiresAt);
        return TypedResults.Ok(answer);
    }

    private static ILogger Logger(HttpContext context) =>
        context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Media.Api.Permissions");

    [LoggerMessage(1, LogLevel.Information, "Granted permission {Id} to {User} until {ExpiresAt}")]
    private static partial void LogGranted(ILogger logger, string user, string id, DateTimeOffset expiresAt);

    [LoggerMessage(2, LogLevel.Warning, "Wrong credentials from {Address}")]
    private static partial void LogRefused(ILogger logger, System.Net.IPAddress? address);
}
