using Media.Api.Hosting;
using Media.Api.Json;
using Media.Api.Problems;
using Media.Grains.Uploads;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Media.Api.Permissions;

/// <summary>Hands out permissions for passwords and API keys, and renews them.</summary>
internal static partial class PermissionsDoor
{
    private const string Tag = "Permissions";

    /// <summary>Maps <c>POST /v1/permissions</c>, <c>POST /v1/permissions/renew</c> and <c>GET /v1/permissions/derivations</c>.</summary>
    public static void MapPermissionsDoor(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/permissions", GrantAsync)
            .WithName("GrantPermission")
            .WithTags(Tag)
            .WithSummary("Exchanges a password, the keys made of one, or an API key in Authorization, for a permission that expires.")
            .WithJsonBody<RouteHandlerBuilder, PermissionRequest>(BodyLimit.Json, optional: true)
            .ProducesProblems(400, 401, 403, 413, 415, 429, 503);
        routes.MapPost("/v1/permissions/renew", Renew)
            .WithName("RenewPermission")
            .WithTags(Tag)
            .WithSummary("Exchanges a permission that has not expired for the same one with a later expiry. What it has used of its limits stays used.")
            .WithMetadata(AdmissionRequirement.Bearer)
            .ProducesProblems(401, 403, 503);
        routes.MapGet("/v1/permissions/derivations", (AccountBook accounts) => TypedResults.Ok(new DerivationsAnswer(accounts.Derivations)))
            .WithName("ListDerivations")
            .WithTags(Tag)
            .WithSummary("How a page makes keys of a password, so that it need not send it.")
            .ProducesProblems(403);
    }

    private static async Task<Results<Ok<PermissionAnswer>, ProblemResult>> GrantAsync(
        HttpContext context, AccountBook accounts, AttemptLimiter limiter, PermissionEnvelope envelope, TimeProvider time, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadOptionalAsync(context.Request, MediaJson.Default.PermissionRequest, cancellationToken);
        if (body.Problem is { } problem)
            return (ProblemResult)problem;
        if (Credentials.Read(body.Value, BearerToken.Of(context.Request), out var credentials) is { } bad)
            return (ProblemResult)bad;

        var address = context.Connection.RemoteIpAddress;
        if (!limiter.TryTake(address, out var retryAfter))
            return (ProblemResult)ProblemCatalog.TooManyAttempts(retryAfter);
        if (credentials.Find(accounts) is not { } account)
        {
            LogRefused(Logger(context), address);
            return (ProblemResult)ProblemCatalog.BadCredentials;
        }

        limiter.GiveBack(address);
        var now = time.GetUtcNow();
        return Answer(context, envelope, account.Grant(now), account, account.RenewableFor > TimeSpan.Zero ? now + account.RenewableFor : null);
    }

    private static Results<Ok<PermissionAnswer>, ProblemResult> Renew(
        HttpContext context, Admission admission, AccountBook accounts, PermissionEnvelope envelope, TimeProvider time)
    {
        var now = time.GetUtcNow();
        return admission is { ByApiKey: false, RenewableUntil: { } until } && until > now && accounts.FindByUser(admission.User, admission.IsAdministrator) is { } account
            ? Answer(context, envelope, account.Renew(admission.Permission, until, now), account, until)
            : (ProblemResult)ProblemCatalog.NotRenewable;
    }

    private static Ok<PermissionAnswer> Answer(HttpContext context, PermissionEnvelope envelope, Permission permission, Account account, DateTimeOffset? renewableUntil)
    {
        var token = envelope.Seal(permission, account.IsAdministrator, renewableUntil);
        context.Response.Headers.CacheControl = "no-store";
        LogGranted(Logger(context), permission.User, permission.Id, permission.ExpiresAt);
        return TypedResults.Ok(new PermissionAnswer(token, permission.ExpiresAt, permission.User, PermissionLimits.Of(permission), renewableUntil));
    }

    private static ILogger Logger(HttpContext context) =>
        context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Media.Api.Permissions");

    [LoggerMessage(1, LogLevel.Information, "Granted permission {Id} to {User} until {ExpiresAt}")]
    private static partial void LogGranted(ILogger logger, string user, string id, DateTimeOffset expiresAt);

    [LoggerMessage(2, LogLevel.Warning, "Wrong credentials from {Address}")]
    private static partial void LogRefused(ILogger logger, System.Net.IPAddress? address);
}
