using System.Diagnostics;
using Media.Grains.Ports;

namespace Media.Api.Problems;

/// <summary>Turns what is thrown into problems. Nothing of an exception but a trace id leaves the server.</summary>
internal sealed partial class FailureGate(RequestDelegate next, ILogger<FailureGate> logger)
{
    private const int ClientClosedRequest = 499;

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to answer; the status is for telemetry.
            if (!context.Response.HasStarted)
                context.Response.StatusCode = ClientClosedRequest;
        }
        catch (Exception exception) when (context.Response.HasStarted)
        {
            LogCutOff(logger, exception, TraceId(context));
            context.Abort();
        }
        catch (Exception exception)
        {
            await ProblemForm.WriteAsync(context, Explain(context, exception, logger));
        }
    }

    /// <summary>Logs what was thrown, and tells it as a client may hear it.</summary>
    public static Problem Explain(HttpContext context, Exception exception, ILogger<FailureGate> logger)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case StorageUnavailableException:
                    LogOutage(logger, "database", cause.Message, TraceId(context));
                    return ProblemCatalog.StorageUnavailable;
                // Who reads gives up on an object that changes each time it looks; a later try finds it at rest.
                case StoreUnavailableException or ObjectChangedException:
                    LogOutage(logger, "object store", cause.Message, TraceId(context));
                    return ProblemCatalog.ObjectStoreUnavailable;
                case BadHttpRequestException bad:
                    return ProblemCatalog.OfStatus(bad.StatusCode);
            }
        }

        var traceId = TraceId(context);
        LogFailure(logger, exception, context.Request.Method, (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText, traceId);
        return ProblemCatalog.InternalError(traceId);
    }

    private static string TraceId(HttpContext context) => Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;

    // The route's pattern, never the path: a path may hold a permission.
    [LoggerMessage(1, LogLevel.Error, "{Method} {Route} failed, trace {TraceId}")]
    private static partial void LogFailure(ILogger logger, Exception exception, string method, string? route, string traceId);

    [LoggerMessage(2, LogLevel.Warning, "An answer was cut off, trace {TraceId}")]
    private static partial void LogCutOff(ILogger logger, Exception exception, string traceId);

    [LoggerMessage(3, LogLevel.Warning, "The {Dependency} does not answer: {Reason}, trace {TraceId}")]
    private static partial void LogOutage(ILogger logger, string dependency, string reason, string traceId);
}
