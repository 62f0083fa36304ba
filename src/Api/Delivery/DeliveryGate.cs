using System.Globalization;
using Media.Api.Problems;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Microsoft.AspNetCore.Http.Features;

namespace Media.Api.Delivery;

/// <summary>Answers signed links from the bucket. Works on the request line as it was sent, as what the server made of it has been decoded and cleaned.</summary>
internal sealed partial class DeliveryGate(
    DeliverySettings settings, IObjectStore store, IObjectReader reader, TimeProvider time, ILogger<DeliveryGate> logger)
{
    /// <summary>What links to this API begin with.</summary>
    public const string Prefix = "/media";

    private const int MostAttempts = 3;

    private static readonly TimeSpan LongestCached = TimeSpan.FromHours(1);

    /// <summary>Answers a request, whatever it is.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.Vary = "Origin";
        if (!settings.IsConfigured)
        {
            await ProblemForm.WriteAsync(context, ProblemCatalog.DeliveryNotConfigured);
            return;
        }

        var now = time.GetUtcNow();
        var ownOrigin = settings.AllowOwnOrigin ? $"{request.Scheme}://{request.Host.Value}" : null;
        var verdict = DeliveryRules.Check(Read(context), settings.Secrets, settings.Origins, ownOrigin, now);
        if (verdict.Failed != DeliveryCheck.None)
        {
            LogRefused(logger, verdict.Failed, context.Connection.RemoteIpAddress);
            await WriteLineAsync(context, StatusCodes.Status403Forbidden, "Forbidden");
            return;
        }

        if (request.Headers.Origin is [{ } origin])
        {
            response.Headers.AccessControlAllowOrigin = origin;
            response.Headers.AccessControlExposeHeaders = "ETag, Content-Range, Accept-Ranges, Content-Disposition";
        }

        var age = verdict.ExpiresAt - now < LongestCached ? verdict.ExpiresAt - now : LongestCached;
        response.Headers.CacheControl = string.Create(CultureInfo.InvariantCulture, $"private, max-age={(long)age.TotalSeconds}");
        if (DeliveryKey.Of(verdict.Path) is not { } key || !await TryDeliverAsync(context, key, verdict.Path[(verdict.Path.LastIndexOf('/') + 1)..]))
            await WriteLineAsync(context, StatusCodes.Status404NotFound, "Not found");
    }

    /// <summary>Answers with what the bucket has, or not at all where it has nothing. An object that changes between our two questions is asked for again.</summary>
    private async Task<bool> TryDeliverAsync(HttpContext context, string key, string name)
    {
        for (var attempt = 1; await store.HeadAsync(key, context.RequestAborted) is { } found; attempt++)
        {
            // Only empty files stay there; what somebody put in their place has not been verified.
            if (found.Size > 0 && Tags.FromKey(key) is not null)
                return false;
            try
            {
                await new DeliveredObject(key, name, found).WriteAsync(context, reader);
                return true;
            }
            catch (ObjectChangedException) when (attempt < MostAttempts)
            {
                // Thrown before anything is answered.
            }
        }

        return false;
    }

    private static DeliveryRequest Read(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? target : target[..question];
        var headers = context.Request.Headers;
        return new DeliveryRequest(
            context.Request.Method,
            // What begins otherwise is the same path written in another way, which is no link of ours: an empty URI is refused.
            path.StartsWith(Prefix + "/", StringComparison.Ordinal) ? path[Prefix.Length..] : "",
            question < 0 ? "" : target[(question + 1)..],
            headers.Origin.Count == 0 ? null : headers.Origin.ToString(),
            headers.Referer.Count == 1 ? headers.Referer[0] : null);
    }

    private static Task WriteLineAsync(HttpContext context, int status, string line)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.Headers.CacheControl = "no-cache";
        response.ContentType = "text/plain";
        response.ContentLength = line.Length + 1;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.WriteAsync(line + "\n", context.RequestAborted);
    }

    [LoggerMessage(1, LogLevel.Information, "Refused a link from {Address}: {Check}")]
    private static partial void LogRefused(ILogger logger, DeliveryCheck check, System.Net.IPAddress? address);
}
