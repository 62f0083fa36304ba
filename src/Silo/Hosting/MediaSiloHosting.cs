using Media.Grains;
using Media.Grains.Ports;
using Media.Silo.Jobs;
using Media.Silo.Postgres;
using Media.Silo.S3;
using Media.Silo.Thumbnails;
using Media.Silo.Verification;
using Media.Silo.Workers;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Runtime.Hosting;

namespace Media.Silo.Hosting;

/// <summary>Puts a silo with everything that its grains need into a host.</summary>
public static class MediaSiloHosting
{
    /// <summary>The tag of health checks that decide whether the process is ready for requests.</summary>
    public const string ReadyTag = "ready";

    /// <summary>
    /// Adds the silo, grain storage, the database (<see cref="MediaPostgresHosting.AddMediaPostgres"/>), the object store, the URL signer and the
    /// workers. Settings are under <c>Media:Postgres</c>, <c>Media:S3</c>, <c>Media:Uploads</c>, <c>Media:Content</c>, <c>Media:Verification</c>, <c>Media:Jobs</c>, <c>Media:Thumbnails</c>,
    /// <c>Media:Events</c> and <c>Media:Silo</c>, and are
    /// checked when the host starts.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="configure">What else the silo is to have.</param>
    public static IHostApplicationBuilder AddMediaSilo(this IHostApplicationBuilder builder, Action<ISiloBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddMediaPostgres();
        builder.AddValidated<SiloOptions>(SiloOptions.Section);
        builder.AddMediaS3();

        var services = builder.Services;
        services.TryAddSingleton(static provider => ActorRuntime.GetFreshness(provider.GetRequiredService<IOptions<SiloOptions>>().Value));
        services.AddMediaGrains();
        services.TryAddSingleton<IUploadIndex, PostgresUploadIndex>();
        ActorRuntime.Use(builder, silo =>
        {
            silo.Services.AddGrainStorage(
                StorageNames.Default, static (provider, _) => new PostgresGrainStorage(provider.GetRequiredService<PostgresDatabase>()));
            configure?.Invoke(silo);
        });

        builder.AddThumbnails();
        builder.AddJobs();
        builder.AddMediaEvents();
        services.AddJobHandler<SweepUploadsJob>();
        services.AddJobHandler<SweepOrphansJob>();
        builder.AddValidated<VerificationOptions>(VerificationOptions.Section);
        services.TryAddSingleton<ObjectHasher>();
        services.AddJobHandler<VerifyUploadJob>();
        services.AddJobHandler<SweepObjectsJob>();
        services.AddJobHandler<CollectContentJob>();
        services.AddJobHandler<SweepContentsJob>();
        return builder;
    }

    /// <summary>Adds the bucket, its reader and the URL signer; for processes without a silo that deliver from the bucket, too.</summary>
    public static void AddMediaS3(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddValidated<S3Options>(S3Options.Section);
        var services = builder.Services;
        services.TryAddSingleton<S3Connection>();
        services.TryAddSingleton<IObjectStore, S3ObjectStore>();
        services.TryAddSingleton<IObjectReader, S3ObjectReader>();
        services.TryAddSingleton<IUrlSigner, S3UrlSigner>();
        services.AddHealthChecks().AddCheck<S3HealthCheck>("s3", tags: [ReadyTag]);
    }

    // After the silo, so that handlers find grains when they run, and are told to stop before the silo is.
    internal static void AddJobs(this IHostApplicationBuilder builder)
    {
        builder.AddValidated<JobOptions>(JobOptions.Section);
        builder.Services.TryAddSingleton<JobStore>();
        builder.Services.AddHostedService<JobWorker>();
    }

    // Before the jobs, so that what is absent is known, and said, when the first of them runs.
    internal static void AddThumbnails(this IHostApplicationBuilder builder)
    {
        builder.AddValidated<ThumbnailOptions>(ThumbnailOptions.Section);
        var services = builder.Services;
        services.TryAddSingleton<ThumbnailStore>();
        services.TryAddSingleton<WorkFolders>();
        services.TryAddSingleton<ToolSandbox>();
        services.TryAddSingleton<ThumbnailTools>();
        services.TryAddSingleton<ContentCopy>();
        services.TryAddSingleton<ImageThumbnails>();
        services.TryAddSingleton<VideoPoster>();
        services.TryAddSingleton<ThumbnailMaker>();
        services.AddJobHandler<MakeThumbnailsJob>();
        services.AddHostedService<ThumbnailStartup>();
        services.AddHealthChecks()
            .AddCheck<ThumbnailHealthCheck>(ThumbnailHealthCheck.Images, tags: [ReadyTag])
            .AddCheck<ThumbnailHealthCheck>(ThumbnailHealthCheck.Videos, tags: [ReadyTag]);
    }

    private static void AddJobHandler<THandler>(this IServiceCollection services)
        where THandler : class, IJobHandler => services.AddSingleton<IJobHandler, THandler>();
}
