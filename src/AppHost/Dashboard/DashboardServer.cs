using System.Net;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Media.AppHost.Resources;

namespace Media.AppHost.Dashboard;

/// <summary>One page that shows every resource, and events that could not be delivered, for whoever works on this machine.</summary>
internal static class DashboardServer
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    /// <summary>Starts the dashboard's server; disposing it stops it.</summary>
    public static async Task<WebApplication> StartAsync(LocalSettings settings, Orchestrator orchestrator, HttpClient http, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, settings.DashboardPort));
        var app = builder.Build();
        app.Use((context, next) => GuardAsync(context, settings.DashboardPort, next));
        MapFile(app, "/", "index.html", "text/html; charset=utf-8");
        MapFile(app, "/dashboard.css", "dashboard.css", "text/css; charset=utf-8");
        foreach (var script in new[] { "dashboard.js", "events.js", "dom.js" })
            MapFile(app, $"/{script}", script, "text/javascript; charset=utf-8");
        app.MapGet("/api/resources", () => TypedResults.Json(orchestrator.Snapshot(), Json));
        app.MapPost("/api/resources/{name}/restart", async (string name) =>
        {
            if (orchestrator.Find(name) is not { Resource: ProcessResource } runner)
                return Results.NotFound();
            await runner.RestartAsync();
            return Results.NoContent();
        });
        new EventsRelay(settings, http).Map(app);
        await app.StartAsync(cancellationToken);
        return app;
    }

    // A page from elsewhere can send requests here, and a name of its own can be made to mean this machine: neither is let in.
    private static Task GuardAsync(HttpContext context, int port, Func<Task> next)
    {
        var host = context.Request.Host;
        var origin = context.Request.Headers.Origin.ToString();
        var isOwnHost = host.Port == port && host.Host is "127.0.0.1" or "localhost";
        var isOwnOrigin = origin == $"http://{host}" || (origin.Length == 0 && HttpMethods.IsGet(context.Request.Method));
        if (!isOwnHost || !isOwnOrigin)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        }

        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        return next();
    }

    private static void MapFile(WebApplication app, string route, string file, string contentType)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Media.AppHost.Dashboard.Page.{file}")
            ?? throw new InvalidOperationException($"{file} is not embedded.");
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        app.MapGet(route, () => TypedResults.Text(text, contentType));
    }
}
