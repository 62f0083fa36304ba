using Media.Silo.Hosting;

namespace Media.Api.Hosting;

/// <summary>The embedded runtime: grains run in this process.</summary>
internal static class ActorRuntime
{
    /// <summary>Puts the silo into the host.</summary>
    public static void Use(WebApplicationBuilder host, ApiOptions options)
    {
        if (!options.HostSilo)
            throw new InvalidOperationException("Media:Api:HostSilo is false, but the embedded runtime has one process: build with ActorRuntime=Orleans for a cluster.");
        host.AddMediaSilo();
    }
}
