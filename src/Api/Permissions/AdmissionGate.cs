using Media.Api.Problems;

namespace Media.Api.Permissions;

/// <summary>Lets requests in that have what their route requires, before anything of their body is read.</summary>
internal sealed class AdmissionGate(RequestDelegate next, PermissionEnvelope envelope, AccountBook accounts, TimeProvider time)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<AdmissionRequirement>() is not { } requirement)
            return next(context);

        var (admission, problem) = requirement.RouteValue is { } name
            ? OfPath(context.Request.RouteValues[name] as string)
            : OpenBearer(BearerToken.Of(context.Request));
        problem ??= requirement.AdministratorsOnly && !admission!.IsAdministrator ? ProblemCatalog.AdministratorNeeded : null;
        if (problem is not null)
            return ProblemForm.WriteAsync(context, problem);

        context.Features.Set(admission);
        return next(context);
    }

    private (Admission? Admission, Problem? Problem) OfPath(string? token)
    {
        var (admission, problem) = Open(token);
        return (admission is null ? null : admission with { IsAdministrator = false }, problem);
    }

    private (Admission? Admission, Problem? Problem) OpenBearer(string? token)
    {
        if (token is null)
            return (null, ProblemCatalog.PermissionMissing);
        return accounts.FindByApiKey(token) is { } account
            ? (new Admission(account.OfApiKey(time.GetUtcNow()), ByApiKey: true, account.IsAdministrator), null)
            : Open(token);
    }

    private (Admission? Admission, Problem? Problem) Open(string? token)
    {
        if (token is null)
            return (null, ProblemCatalog.PermissionMissing);
        var opened = envelope.Open(token);
        return opened.Permission is { } permission ? (new Admission(permission, ByApiKey: false, opened.IsAdministrator, opened.RenewableUntil), null)
            : (null, opened.Expired ? ProblemCatalog.PermissionExpired : ProblemCatalog.PermissionInvalid);
    }
}
