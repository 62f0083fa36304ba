using Media.Grains.Ports;
using Orleans.Hosting;

namespace Media.Silo.Hosting;

/// <summary>The embedded runtime: grains live in this process, and other processes on the same database know nothing of it.</summary>
internal static class ActorRuntime
{
    /// <summary>Puts the silo into the host.</summary>
    public static void Use(IHostApplicationBuilder host, Action<ISiloBuilder> configure) => host.UseOrleans(configure);

    /// <summary>How far a grain may trust its memory.</summary>
    public static StateFreshness GetFreshness(SiloOptions options) => new(ReadBeforeUse: !options.OnlyProcess);

    /// <summary>Whether other processes may have to hear of what changes here.</summary>
    public static bool HasOthers(SiloOptions options) => !options.OnlyProcess;
}
