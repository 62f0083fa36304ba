using Media.Grains.Ports;
using Media.Silo.Postgres;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Media.Silo.Hosting;

/// <summary>Puts into a host what a process needs of the database whether it has a silo or not.</summary>
public static class MediaPostgresHosting
{
    /// <summary>
    /// Adds the database (its schema is brought up to date before anything else starts), the catalog, upload signals, and the key ring of Data Protection, shared by
    /// all processes on the database. May be called more than once.
    /// </summary>
    public static IHostApplicationBuilder AddMediaPostgres(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        if (services.Any(static service => service.ServiceType == typeof(PostgresDatabase))) return builder;

        builder.AddValidated<PostgresOptions>(PostgresOptions.Section);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<PostgresDatabase>();
        services.AddSingleton<SchemaMigrator>();
        services.AddHostedService<PostgresStartup>();
        services.AddSingleton<PostgresListener>();
        services.AddHostedService(static provider => provider.GetRequiredService<PostgresListener>());
        services.AddSingleton<PostgresCatalog>();
        services.AddSingleton<ICatalog>(static provider => provider.GetRequiredService<PostgresCatalog>());
        services.AddSingleton<PostgresUploadSignals>();
        services.AddSingleton<IUploadSignals>(static provider => provider.GetRequiredService<PostgresUploadSignals>());
        services.AddHostedService(static provider => provider.GetRequiredService<PostgresUploadSignals>());
        builder.QuietenStatements();
        services.AddDataProtection().SetApplicationName("media");
        services.AddOptions<KeyManagementOptions>().Configure<PostgresDatabase>(
            static (options, database) => options.XmlRepository = new PostgresXmlRepository(database));
        builder.AddMediaEventSettings();
        services.AddHealthChecks().AddCheck<PostgresHealthCheck>("postgres", tags: [MediaSiloHosting.ReadyTag]);
        return builder;
    }

    /// <summary>Npgsql tells of every statement at the level of information; that is on where a setting for it says so.</summary>
    private static void QuietenStatements(this IHostApplicationBuilder builder)
    {
        const string category = "Npgsql";
        if (!builder.Configuration.GetSection($"Logging:LogLevel:{category}").Exists()) builder.Logging.AddFilter(category, LogLevel.Warning);
    }

    /// <summary>Binds settings, and has them checked when the host starts; what is wrong is told by the setting's name.</summary>
    internal static void AddValidated<TOptions>(this IHostApplicationBuilder builder, string section)
        where TOptions : class =>
        builder.Services.AddOptions<TOptions>().Bind(builder.Configuration.GetSection(section)).ValidateDataAnnotations().ValidateOnStart();
}
