namespace Media.Api.Permissions;

/// <summary>Says on a route's metadata where its permission is.</summary>
/// <param name="RouteValue">The route value that has it, or null for the <c>Authorization</c> header.</param>
/// <param name="AdministratorsOnly">Whether it has to be an administrator's.</param>
internal sealed record AdmissionRequirement(string? RouteValue, bool AdministratorsOnly = false)
{
    /// <summary>A permission or an API key as a bearer token (RFC 6750, section 2.1).</summary>
    public static AdmissionRequirement Bearer { get; } = new((string?)null);

    /// <summary>The same, of an administrator.</summary>
    public static AdmissionRequirement Administrator { get; } = new((string?)null, AdministratorsOnly: true);
}
