using Media.Api.Problems;

namespace Media.Api.Origins;

/// <summary>
/// Cross-origin requests (https://fetch.spec.whatwg.org/#http-cors-protocol): those of allowed origins can read every answer, errors too; those of others
/// are turned down before anything is done for them, which the protocol alone does not do.
/// </summary>
internal sealed class OriginGate(RequestDelegate next, OriginList origins)
{
    private const string Methods = "GET, HEAD, POST, PUT, DELETE";

    // What our clients send, and what Uppy's Companion client does.
    private const string RequestHeaders = "Authorization, Content-Type, Last-Event-ID, Uppy-Versions, Uppy-Auth-Token, Uppy-Credentials-Params";
    private const string ExposedHeaders = "ETag, Location, Retry-After, WWW-Authenticate, Content-Range, Accept-Ranges";
    private const string PreflightMaxAge = "7200";

    public Task InvokeAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.Vary = "Origin";
        if (request.Headers.Origin.Count == 0)
            return next(context);

        if (request.Headers.Origin is not [{ } origin] || !origins.Allows(origin, request))
            return ProblemForm.WriteAsync(context, ProblemCatalog.OriginNotAllowed);

        response.Headers.AccessControlAllowOrigin = origin;
        if (!HttpMethods.IsOptions(request.Method) || request.Headers.AccessControlRequestMethod.Count == 0)
        {
            response.Headers.AccessControlExposeHeaders = ExposedHeaders;
            return next(context);
        }

        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.AccessControlAllowMethods = Methods;
        response.Headers.AccessControlAllowHeaders = RequestHeaders;
        response.Headers.AccessControlMaxAge = PreflightMaxAge;
        return Task.CompletedTask;
    }
}
