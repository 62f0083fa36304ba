using System.Net;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Embedded;
using Orleans.Hosting;
using Orleans.Storage;

namespace Orleans.Hosting
{
    /// <summary>Configures a silo through the services of its host.</summary>
    public interface ISiloBuilder
    {
        /// <summary>The host's services.</summary>
        IServiceCollection Services { get; }

        /// <summary>The host's configuration.</summary>
        IConfiguration Configuration { get; }
    }

    /// <summary>Configures a client through the services of its host.</summary>
    public interface IClientBuilder
    {
        /// <summary>The host's services.</summary>
        IServiceCollection Services { get; }

        /// <summary>The host's configuration.</summary>
        IConfiguration Configuration { get; }
    }

    internal sealed record HostedBuilder(IServiceCollection Services, IConfiguration Configuration) : ISiloBuilder, IClientBuilder;

    /// <summary>Short forms for what every silo configures.</summary>
    public static class SiloBuilderExtensions
    {
        /// <summary>Adds services.</summary>
        public static ISiloBuilder ConfigureServices(this ISiloBuilder builder, Action<IServiceCollection> configureDelegate)
        {
            configureDelegate(builder.Services);
            return builder;
        }

        /// <summary>Sets options.</summary>
        public static ISiloBuilder Configure<TOptions>(this ISiloBuilder builder, Action<TOptions> configureOptions)
            where TOptions : class
        {
            builder.Services.Configure(configureOptions);
            return builder;
        }

        /// <summary>Binds options to configuration.</summary>
        public static ISiloBuilder Configure<TOptions>(this ISiloBuilder builder, IConfiguration configuration)
            where TOptions : class
        {
            builder.Services.Configure<TOptions>(configuration);
            return builder;
        }

        /// <summary>Configures logging.</summary>
        public static ISiloBuilder ConfigureLogging(this ISiloBuilder builder, Action<ILoggingBuilder> configureLogging)
        {
            builder.Services.AddLogging(configureLogging);
            return builder;
        }
    }

    /// <summary>Short forms for what every client configures.</summary>
    public static class ClientBuilderExtensions
    {
        /// <summary>Sets options.</summary>
        public static IClientBuilder Configure<TOptions>(this IClientBuilder builder, Action<TOptions> configureOptions)
            where TOptions : class
        {
            builder.Services.Configure(configureOptions);
            return builder;
        }

        /// <summary>Names the silo to look for as <see cref="CoreHostingExtensions.UseLocalhostClustering"/> does.</summary>
        public static IClientBuilder UseLocalhostClustering(
            this IClientBuilder builder, int gatewayPort = 30000, string serviceId = "dev", string clusterId = "dev") =>
            builder.Configure<ClusterOptions>(o => (o.ServiceId, o.ClusterId) = (serviceId, clusterId));
    }

    /// <summary>How silos find each other; one process has none to find.</summary>
    public static class CoreHostingExtensions
    {
        /// <summary>Names the silo; nothing listens on the ports.</summary>
        public static ISiloBuilder UseLocalhostClustering(
            this ISiloBuilder builder,
            int siloPort = 11111,
            int gatewayPort = 30000,
            IPEndPoint? primarySiloEndpoint = null,
            string serviceId = "dev",
            string clusterId = "dev") =>
            builder.Configure<ClusterOptions>(o => (o.ServiceId, o.ClusterId) = (serviceId, clusterId));
    }

    /// <summary>Filters that run around every call of the silo.</summary>
    public static class GrainCallFilterSiloBuilderExtensions
    {
        /// <summary>Adds a filter; filters run in the order they were added.</summary>
        public static ISiloBuilder AddIncomingGrainCallFilter<TImplementation>(this ISiloBuilder builder)
            where TImplementation : class, IIncomingGrainCallFilter
        {
            builder.Services.AddSingleton<IIncomingGrainCallFilter, TImplementation>();
            return builder;
        }
    }

    /// <summary>Stores that last as long as the silo.</summary>
    public static class MemoryGrainStorageSiloBuilderExtensions
    {
        /// <summary>A store in memory under the name "Default".</summary>
        public static ISiloBuilder AddMemoryGrainStorageAsDefault(
            this ISiloBuilder builder, Action<MemoryGrainStorageOptions>? configureOptions = null) =>
            builder.AddMemoryGrainStorage(PersistentStates.DefaultStore, configureOptions);

        /// <summary>A store in memory under a name.</summary>
        public static ISiloBuilder AddMemoryGrainStorage(
            this ISiloBuilder builder, string name, Action<MemoryGrainStorageOptions>? configureOptions = null)
        {
            builder.Services.TryAddKeyedSingleton<IGrainStorage>(name, (_, _) => new MemoryGrainStorage());
            return builder;
        }
    }
}

namespace Orleans.Runtime.Hosting
{
    /// <summary>Registers stores.</summary>
    public static class StorageProviderExtensions
    {
        /// <summary>A store under a name, for <c>[PersistentState(record, name)]</c>.</summary>
        public static IServiceCollection AddGrainStorage<T>(
            this IServiceCollection collection, string name, Func<IServiceProvider, string, T> implementationFactory)
            where T : IGrainStorage =>
            collection.AddKeyedSingleton<IGrainStorage>(name, (services, key) => implementationFactory(services, (string)key!));
    }
}

namespace Orleans.Embedded
{
    /// <summary>Of the embedded runtime alone: names grain classes that aren't in an assembly the entry assembly refers to.</summary>
    public static class EmbeddedSiloBuilderExtensions
    {
        /// <summary>Adds the grain classes of an assembly to those that are found.</summary>
        public static ISiloBuilder AddGrainAssembly(this ISiloBuilder builder, Assembly assembly)
        {
            builder.Services.AddSingleton(new GrainAssembly(assembly));
            return builder;
        }
    }
}
