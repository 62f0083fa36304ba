using System.Net;
using Media.Api.Delivery;
using Media.Api.Doors.Companion;
using Media.Api.Doors.V1;
using Media.Api.Json;
using Media.Api.Origins;
using Media.Api.Page;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Media.Api.Hosting;

/// <summary>Puts the API together.</summary>
internal static partial class ApiApplication
{
    /// <summary>Builds the application; it is not started.</summary>
    /// <param name="builder">With the settings of this process.</param>
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        var options = builder.Configuration.GetSection(ApiOptions.Section).Get<ApiOptions>() ?? new ApiOptions();
        ActorRuntime.Use(builder, options);
        builder.WebHost.ConfigureKestrel(KestrelLimits.Apply);
        AddServices(builder);

        var app = builder.Build();
        UsePipeline(app, options);
        MapDoors(app);
        if (app.Services.GetRequiredService<AccountBook>().Count == 0)
            LogNoAccounts(app.Logger);
        // A bad origin is a reason not to start, not to fail later.
        _ = app.Services.GetRequiredService<OriginList>();
        return app;
    }

    private static void AddServices(WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IPostConfigureOptions<LoggerFilterOptions>, QuietPaths>();
        services.AddMediaGrains();
        services.AddOptions<List<AccountOptions>>().BindConfiguration(AccountOptions.Section);
        services.AddSingleton<AccountBook>();
        services.AddSingleton<AttemptLimiter>();
        services.AddSingleton<PermissionEnvelope>();
        services.AddSingleton<OriginList>();
        services.AddSingleton<StoreAddress>();
        services.AddDelivery();
        services.AddHealthChecks();
        services.ConfigureHttpJsonOptions(json =>
        {
            // What results are written with; the generated metadata knows nothing of converters that were set beside it.
            json.SerializerOptions.Converters.Add(new UtcTimeConverter());
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, MediaJson.Default);
        });
        services.AddOpenApi("v1", OpenApiDescription.Configure);
    }

    private static void UsePipeline(WebApplication app, ApiOptions options)
    {
        if (options.KnownProxies.Count > 0)
            app.UseForwardedHeaders(ForwardedBy(options.KnownProxies));
        ProblemForm.Use(app, CompanionDoor.Prefix, CompanionForm.Instance);
        app.UseMiddleware<SafetyHeaders>();
        app.UseDelivery();
        app.UseMiddleware<OriginGate>();
        app.UseMiddleware<FailureGate>();
        // What the framework answers without a body: no such route, a wrong method, a wrong media type.
        app.UseStatusCodePages(context => ProblemForm.WriteAsync(context.HttpContext, ProblemCatalog.OfStatus(context.HttpContext.Response.StatusCode)));
        app.UsePage(options);
        app.UseRouting();
        app.UseMiddleware<AdmissionGate>();
    }

    private static void MapDoors(WebApplication app)
    {
        app.MapPermissionsDoor();
        app.MapUploadsDoor();
        app.MapCompanionDoor();
        app.MapFilesDoor();
        app.MapLinksDoor();
        app.MapDeadLettersDoor();
        app.MapHealthDoor();
        app.MapOpenApi("/openapi/{documentName}.json");
    }

    private static ForwardedHeadersOptions ForwardedBy(IEnumerable<string> proxies)
    {
        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto };
        // The framework trusts loopback of itself; here only what is configured counts.
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
        {
            forwarded.KnownProxies.Add(IPAddress.TryParse(proxy, out var address)
                ? address
                : throw new InvalidOperationException($"{ApiOptions.Section}:{nameof(ApiOptions.KnownProxies)} has {proxy}, which is not an address."));
        }

        return forwarded;
    }

    [LoggerMessage(1, LogLevel.Warning, "Media:Accounts is empty: nobody can get a permission")]
    private static partial void LogNoAccounts(ILogger logger);
}
