using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans;
using Orleans.Configuration;
using Orleans.Embedded;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Microsoft.Extensions.Hosting;

/// <summary>Puts a silo into a host.</summary>
public static class OrleansSiloGenericHostExtensions
{
    /// <summary>Puts a silo into the host; it starts and stops with it.</summary>
    public static IHostApplicationBuilder UseOrleans(this IHostApplicationBuilder hostAppBuilder) => hostAppBuilder.UseOrleans(_ => { });

    /// <inheritdoc cref="UseOrleans(IHostApplicationBuilder)"/>
    public static IHostApplicationBuilder UseOrleans(this IHostApplicationBuilder hostAppBuilder, Action<ISiloBuilder> configureDelegate)
    {
        AddSilo(hostAppBuilder.Services, hostAppBuilder.Configuration, configureDelegate);
        return hostAppBuilder;
    }

    /// <inheritdoc cref="UseOrleans(IHostApplicationBuilder)"/>
    public static IServiceCollection AddOrleans(this IServiceCollection services, Action<ISiloBuilder> configureDelegate)
    {
        AddSilo(services, new ConfigurationBuilder().Build(), configureDelegate);
        return services;
    }

    private static void AddSilo(IServiceCollection services, IConfiguration configuration, Action<ISiloBuilder> configure)
    {
        if (services.Any(static s => s.ServiceType == typeof(EmbeddedClient)))
            throw new OrleansConfigurationException("A host takes UseOrleans or UseOrleansClient, not both: a silo's host has a client already.");
        if (services.All(static s => s.ServiceType != typeof(EmbeddedSilo)))
        {
            services.TryAddSingleton(TimeProvider.System);
            services.AddLogging();
            services.AddOptions<ClusterOptions>();
            services.AddSingleton<EmbeddedSilo>();
            services.AddSingleton<IClusterClient>(static s => s.GetRequiredService<EmbeddedSilo>());
            services.AddSingleton<IGrainFactory>(static s => s.GetRequiredService<EmbeddedSilo>());
            services.AddHostedService(static s => s.GetRequiredService<EmbeddedSilo>());
        }

        configure(new HostedBuilder(services, configuration));
    }
}

/// <summary>Puts a client into a host that has no silo.</summary>
public static class OrleansClientGenericHostExtensions
{
    /// <summary>Puts a client into the host. The embedded runtime has one process: the silo must run in it, in another host.</summary>
    public static IHostApplicationBuilder UseOrleansClient(this IHostApplicationBuilder hostAppBuilder) => hostAppBuilder.UseOrleansClient(_ => { });

    /// <inheritdoc cref="UseOrleansClient(IHostApplicationBuilder)"/>
    public static IHostApplicationBuilder UseOrleansClient(this IHostApplicationBuilder hostAppBuilder, Action<IClientBuilder> configureDelegate)
    {
        hostAppBuilder.Services.AddOrleansClient(hostAppBuilder.Configuration, configureDelegate);
        return hostAppBuilder;
    }

    /// <inheritdoc cref="UseOrleansClient(IHostApplicationBuilder)"/>
    public static IServiceCollection AddOrleansClient(this IServiceCollection services, Action<IClientBuilder> configureDelegate) =>
        services.AddOrleansClient(new ConfigurationBuilder().Build(), configureDelegate);

    /// <inheritdoc cref="UseOrleansClient(IHostApplicationBuilder)"/>
    public static IServiceCollection AddOrleansClient(
        this IServiceCollection services, IConfiguration configuration, Action<IClientBuilder> configureDelegate)
    {
        if (services.Any(static s => s.ServiceType == typeof(EmbeddedSilo)))
            throw new OrleansConfigurationException("A host takes UseOrleans or UseOrleansClient, not both: a silo's host has a client already.");
        if (services.All(static s => s.ServiceType != typeof(EmbeddedClient)))
        {
            services.AddOptions<ClusterOptions>();
            services.AddSingleton<EmbeddedClient>();
            services.AddSingleton<IClusterClient>(static s => s.GetRequiredService<EmbeddedClient>());
            services.AddSingleton<IGrainFactory>(static s => s.GetRequiredService<EmbeddedClient>());
            services.AddHostedService(static s => s.GetRequiredService<EmbeddedClient>());
        }

        configureDelegate(new HostedBuilder(services, configuration));
        return services;
    }
}
