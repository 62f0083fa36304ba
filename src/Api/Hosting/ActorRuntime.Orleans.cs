using Media.Silo.Hosting;
using Media.Silo.Postgres;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Media.Api.Hosting;

/// <summary>Orleans: this process is a silo of the cluster, or a client that finds the silos through PostgreSQL.</summary>
internal static class ActorRuntime
{
    /// <summary>Puts the silo, or the client, into the host.</summary>
    public static void Use(WebApplicationBuilder host, ApiOptions options)
    {
        if (options.HostSilo)
        {
            host.AddMediaSilo();
            return;
        }

        // Permissions and signals need the database without a silo too.
        host.AddMediaPostgres();
        // Delivery reads the bucket from here.
        host.AddMediaS3();
        var silo = host.Configuration.GetSection(SiloOptions.Section).Get<SiloOptions>() ?? new SiloOptions();
        var postgres = host.Configuration.GetSection(PostgresOptions.Section).Get<PostgresOptions>() ?? new PostgresOptions();
        host.UseOrleansClient(client =>
        {
            client.Services.Configure<ClusterOptions>(cluster =>
            {
                cluster.ClusterId = silo.ClusterId;
                cluster.ServiceId = silo.ServiceId;
            });
            client.UseAdoNetClustering(clustering =>
            {
                clustering.Invariant = "Npgsql";
                clustering.ConnectionString = postgres.ConnectionString;
            });
        });
    }
}
