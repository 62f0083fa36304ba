namespace Media.Api.Hosting;

/// <summary>Settings of the API, <c>Media:Api</c>.</summary>
public sealed class ApiOptions
{
    /// <summary>Where the settings are.</summary>
    public const string Section = "Media:Api";

    /// <summary>Whether this process hosts grains too. False where a cluster of silos does; that needs the build with <c>ActorRuntime=Orleans</c>.</summary>
    public bool HostSilo { get; set; } = true;

    /// <summary>Addresses of proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed. None: both are ignored.</summary>
    public IList<string> KnownProxies { get; init; } = [];

    /// <summary>Folder of the built page, absolute or below the content root. Null: <c>wwwroot</c>, where there is one.</summary>
    public string? WebRoot { get; set; }
}
