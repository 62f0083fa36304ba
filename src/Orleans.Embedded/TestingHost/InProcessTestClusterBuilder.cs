using Microsoft.Extensions.Hosting;
using Orleans.Hosting;

namespace Orleans.TestingHost;

/// <summary>Settings of a test cluster.</summary>
public sealed class InProcessTestClusterOptions
{
    /// <summary>Its own for every cluster, so that clusters in one process don't meet.</summary>
    public string ClusterId { get; set; } = InProcessTestClusterBuilder.CreateClusterId();
    /// <summary>Names the deployment.</summary>
    public string ServiceId { get; set; } = Guid.NewGuid().ToString("N");
    /// <summary>Whether <see cref="InProcessTestCluster.DeployAsync"/> starts the client.</summary>
    public bool InitializeClientOnDeploy { get; set; } = true;
    /// <summary>Always 1 on the embedded runtime.</summary>
    public short InitialSilosCount { get; set; } = 1;

    internal List<Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder>> SiloHost { get; } = [];

    internal List<Action<IHostApplicationBuilder>> ClientHost { get; } = [];
}

/// <summary>Settings of one silo of a test cluster.</summary>
public sealed class InProcessTestSiloSpecificOptions
{
    /// <summary>The silo's name, kept over a restart.</summary>
    public string SiloName { get; set; } = "Silo_0";
}

/// <summary>Describes a silo and a client in the test's own process.</summary>
public sealed class InProcessTestClusterBuilder
{
    /// <summary>A cluster of one silo.</summary>
    public InProcessTestClusterBuilder()
        : this(1)
    {
    }

    /// <summary>A cluster of this many silos; the embedded runtime has one.</summary>
    /// <exception cref="NotSupportedException">More than one.</exception>
    public InProcessTestClusterBuilder(short initialSilosCount)
    {
        if (initialSilosCount != 1)
            throw new NotSupportedException("Orleans.Embedded runs one silo; build with ActorRuntime=Orleans for more.");
    }

    /// <summary>The settings so far.</summary>
    public InProcessTestClusterOptions Options { get; } = new();

    /// <summary>Configures the hosts of both silo and client.</summary>
    public InProcessTestClusterBuilder ConfigureHost(Action<IHostApplicationBuilder> configureDelegate)
    {
        Options.SiloHost.Add((_, host) => configureDelegate(host));
        Options.ClientHost.Add(configureDelegate);
        return this;
    }

    /// <summary>Configures the silo.</summary>
    public InProcessTestClusterBuilder ConfigureSilo(Action<InProcessTestSiloSpecificOptions, ISiloBuilder> configureSiloDelegate)
    {
        Options.SiloHost.Add((options, host) => host.UseOrleans(silo => configureSiloDelegate(options, silo)));
        return this;
    }

    /// <summary>Configures the silo's host.</summary>
    public InProcessTestClusterBuilder ConfigureSiloHost(Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder> configureSiloHostDelegate)
    {
        Options.SiloHost.Add(configureSiloHostDelegate);
        return this;
    }

    /// <summary>Configures the client.</summary>
    public InProcessTestClusterBuilder ConfigureClient(Action<IClientBuilder> configureClientDelegate)
    {
        Options.ClientHost.Add(host => host.UseOrleansClient(configureClientDelegate));
        return this;
    }

    /// <summary>Configures the client's host.</summary>
    public InProcessTestClusterBuilder ConfigureClientHost(Action<IHostApplicationBuilder> configureHostDelegate)
    {
        Options.ClientHost.Add(configureHostDelegate);
        return this;
    }

    /// <summary>The cluster, not started yet.</summary>
    public InProcessTestCluster Build() => new(Options);
    /// <summary>A new name for a cluster.</summary>
    public static string CreateClusterId() => $"testcluster-{Guid.NewGuid():N}";
}
