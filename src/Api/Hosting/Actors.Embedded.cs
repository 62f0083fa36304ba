namespace Media.Api.Hosting;

/// <summary>Where grains run, on the embedded runtime: in this process.</summary>
internal static class Actors
{
    public static void AddActors(this WebApplicationBuilder builder, ApiOptions options)
    {
        if (!options.HostSilo)
            throw new InvalidOperationException("Media:Api:HostSilo is false, but the embedded runtime has one process: build with ActorRuntime=Orleans for a cluster.");
    }
}
