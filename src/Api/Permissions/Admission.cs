using System.Reflection;
using Media.Grains.Uploads;

namespace Media.Api.Permissions;

/// <summary>What a request was let in with. Handlers ask for it as an argument.</summary>
/// <param name="Permission">Opened from the request, or made of its API key.</param>
/// <param name="ByApiKey">Whether it was an API key.</param>
/// <param name="IsAdministrator">Whether its account is an administrator's. Never so where the permission came in a path, as paths end up in logs.</param>
/// <param name="RenewableUntil">Until when the permission can be renewed, where it can.</param>
internal sealed record Admission(Permission Permission, bool ByApiKey, bool IsAdministrator = false, DateTimeOffset? RenewableUntil = null)
{
    /// <summary>The user.</summary>
    public string User => Permission.User;

    /// <summary>Hands the request's admission to a handler.</summary>
    public static ValueTask<Admission?> BindAsync(HttpContext context, ParameterInfo _) =>
        ValueTask.FromResult<Admission?>(context.Features.Get<Admission>()
            ?? throw new InvalidOperationException("The route has a handler that needs an admission, but does not require one."));
}
