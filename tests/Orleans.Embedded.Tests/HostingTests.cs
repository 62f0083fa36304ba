using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Orleans.Embedded.Tests;

public sealed class HostingTests
{
    [Fact]
    public async Task UseOrleans_OnEveryHostBuilder_GivesTheHostAFactoryAndAClient()
    {
        var web = WebApplication.CreateSlimBuilder();
        web.UseOrleans(Configure);
        await Check(web.Build());

        var generic = Host.CreateEmptyApplicationBuilder(null);
        generic.UseOrleans(Configure);
        await Check(generic.Build());

        var services = Host.CreateEmptyApplicationBuilder(null);
        services.Services.AddOrleans(Configure);
        await Check(services.Build());

        static void Configure(ISiloBuilder silo)
        {
            silo.UseLocalhostClustering(FreePort(), FreePort(), null, "service", InProcessTestClusterBuilder.CreateClusterId());
            silo.AddMemoryGrainStorageAsDefault();
            silo.ConfigureServices(static services => services.AddSingleton<Witness>());
        }

        static int FreePort()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        static async Task Check(IHost host)
        {
            using (host)
            {
                await host.StartAsync();
                Assert.Equal(1, await host.Services.GetRequiredService<IGrainFactory>().GetGrain<IProbe>("hosted").Next());
                Assert.Equal(2, await host.Services.GetRequiredService<IClusterClient>().GetGrain<IProbe>("hosted").Next());
                await host.StopAsync();
                Assert.Equal(1, host.Services.GetRequiredService<Witness>().Count("left hosted"));
            }
        }
    }

    [Fact]
    public async Task StopAsync_TurnsRunning_LetsThemEndAndDeactivates()
    {
        await using var cluster = await Cluster.Start();
        var (running, idle) = (cluster.Grain<IProbe>("running"), cluster.Grain<IProbe>("idle"));
        await idle.Next();
        var held = running.Hold("stop-gate");
        await cluster.Witness.Noted("in stop-gate");
        var queued = running.Next();
        var stopping = cluster.Inner.StopAllSilosAsync();
        Assert.False(stopping.IsCompleted);
        cluster.Witness.Open("stop-gate");
        await stopping;
        await held;
        Assert.Equal(1, await queued);
        Assert.Equal(1, cluster.Witness.Count("left running"));
        Assert.Equal(1, cluster.Witness.Count("left idle"));
    }

    [Fact]
    public async Task KillSiloAsync_TurnsRunning_FailsTheCallsAndRunsNothingMore()
    {
        await using var cluster = await Cluster.Start();
        var grain = cluster.Grain<IProbe>("killed");
        var held = grain.Hold("kill-gate");
        await cluster.Witness.Noted("in kill-gate");
        var queued = grain.Next();
        await cluster.Inner.KillSiloAsync(cluster.Inner.Silos[0]);
        await Assert.ThrowsAnyAsync<Exception>(() => held);
        await Assert.ThrowsAnyAsync<Exception>(() => queued);
        await Assert.ThrowsAnyAsync<Exception>(grain.Next);
        cluster.Witness.Open("kill-gate");
        await cluster.Inner.StartAdditionalSiloAsync();
        Assert.Equal(1, await grain.Next());
        Assert.Equal(0, cluster.Witness.Count("out kill-gate"));
        Assert.Equal(0, cluster.Witness.Count("left killed"));
    }

    [Fact]
    public async Task RestartSiloAsync_ReferenceFromBefore_ReachesTheNewSilo()
    {
        await using var cluster = await Cluster.Start();
        var grain = cluster.Grain<IProbe>("restarted");
        Assert.Equal(1, await grain.Next());
        await cluster.Inner.RestartSiloAsync(cluster.Inner.Silos[0]);
        Assert.Equal(1, await grain.Next());
        Assert.Equal(2, cluster.Witness.Count("active restarted"));
    }

    [Fact]
    public async Task StopSiloAsync_WhileCallsArrive_EachRunsOnceOrFails()
    {
        await using var cluster = await Cluster.Start();
        var ran = 0;
        var callers = Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            var grain = cluster.Grain<ITally>($"stop-{i}");
            for (var n = 0; ; n++)
            {
                try
                {
                    await grain.Add(n);
                    Interlocked.Increment(ref ran);
                }
                catch (Exception)
                {
                    return;
                }
            }
        })).ToArray();
        await cluster.Witness.Until(() => Volatile.Read(ref ran) > 500, "calls");
        await cluster.Inner.StopSiloAsync(cluster.Inner.Silos[0]);
        await Task.WhenAll(callers);
        var noted = cluster.Witness.Journal.Where(static e => e.StartsWith("stop-", StringComparison.Ordinal)).ToArray();
        Assert.Equal(ran, noted.Length);
        Assert.Equal(noted.Length, noted.Distinct().Count());
    }
}
