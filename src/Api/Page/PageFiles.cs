using Media.Api.Delivery;
using Media.Api.Hosting;
using Microsoft.Extensions.FileProviders;

namespace Media.Api.Page;

/// <summary>Serves the built page, where there is one.</summary>
internal static partial class PageFiles
{
    // The build puts a hash of the content into the names below /assets.
    private const string Forever = "public, max-age=31536000, immutable";
    private const string AskAgain = "no-cache";

    /// <summary>Serves files of <see cref="ApiOptions.WebRoot"/>, and <c>index.html</c> at <c>/</c>.</summary>
    public static void UsePage(this WebApplication app, ApiOptions options)
    {
        var folder = Path.GetFullPath(options.WebRoot ?? "wwwroot", app.Environment.ContentRootPath);
        if (!Directory.Exists(folder))
        {
            if (options.WebRoot is not null)
                LogNoPage(app.Logger, folder);
            return;
        }

        var policy = ContentSecurityPolicy.For(app.Services.GetRequiredService<StoreAddress>().Origin, app.Services.GetRequiredService<DeliverySettings>().PublicOrigin);
        var files = new PhysicalFileProvider(folder);
        app.Lifetime.ApplicationStopped.Register(files.Dispose);
        app.UseDefaultFiles(new DefaultFilesOptions { FileProvider = files });
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = files,
            OnPrepareResponse = context =>
            {
                var headers = context.Context.Response.Headers;
                headers.CacheControl = context.Context.Request.Path.StartsWithSegments("/assets", StringComparison.Ordinal) ? Forever : AskAgain;
                headers.ContentSecurityPolicy = policy;
                // What the page shows by links has to say where it is shown; the page's own address has nothing to hide but its path.
                headers["Referrer-Policy"] = "strict-origin";
            },
        });
    }

    [LoggerMessage(1, LogLevel.Warning, "There is no page in {Folder}: build it, or set Media:Api:WebRoot")]
    private static partial void LogNoPage(ILogger logger, string folder);
}
