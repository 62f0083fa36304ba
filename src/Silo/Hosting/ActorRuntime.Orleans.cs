using Media.Grains.Ports;
using Media.Silo.Postgres;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Media.Silo.Hosting;

/// <summary>
/// Orleans: silos find each other through PostgreSQL. The tables for it are Orleans' own and are made by its scripts (PostgreSQL-Main.sql,
/// PostgreSQL-Clustering.sql of its release), once per database, before the first silo starts.
/// </summary>
internal static class ActorRuntime
{
    /// <summary>Puts the silo into the host.</summary>
    public static void Use(IHostApplicationBuilder host, Action<ISiloBuilder> configure)
    {
        var silo = host.Configuration.GetSection(SiloOptions.Section).Get<SiloOptions>() ?? new SiloOptions();
        var postgres = host.Configuration.GetSection(PostgresOptions.Section).Get<PostgresOptions>() ?? new PostgresOptions();
        host.UseOrleans(builder =>
        {
            builder.Configure<ClusterOptions>(cluster =>
            {
                cluster.ClusterId = silo.ClusterId;
                cluster.ServiceId = silo.ServiceId;
            });
            builder.ConfigureEndpoints(siloPort: silo.SiloPort, gatewayPort: silo.GatewayPort);
            builder.UseAdoNetClustering(clustering =>
            {
                clustering.Invariant = "Npgsql";
                clustering.ConnectionString = postgres.ConnectionString;
            });
            configure(builder);
        });
    }

    /// <summary>On a cluster an activation is the only one of its id.</summary>
    public static StateFreshness GetFreshness(SiloOptions options) => new(ReadBeforeUse: false);

    /// <summary>Whether other processes may have to hear of what changes here: silos come and go.</summary>
    public static bool HasOthers(SiloOptions options) => true;
}
