using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Media.DevStorage.Http;

/// <summary>
/// What every request goes through: target, CORS, signature, ownership, operation. The one place where a refusal becomes an answer.
/// </summary>
internal sealed partial class RequestPipeline(
    Store store,
    Router router,
    Authenticator authenticator,
    Operations.PostObjects posts,
    Faults.FaultSwitch faults,
    Faults.FaultAdmin admin,
    ILogger<RequestPipeline> log)
{
    private const string HexDigits = "0123456789ABCDEF";

    public async Task InvokeAsync(HttpContext http)
    {
        http.TraceIdentifier = RandomNumberGenerator.GetString(HexDigits, 16);
        http.Response.Headers["x-amz-request-id"] = http.TraceIdentifier;
        http.Response.Headers["x-amz-id-2"] = http.TraceIdentifier;
        http.Response.Headers.Server = "DevStorage";
        string? resource = null;
        try
        {
            var raw = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            if (admin.Handles(raw))
            {
                await admin.InvokeAsync(http);
                return;
            }

            var target = RequestTarget.Parse(raw, http.Request.Host.Value ?? "", store.Options.Domains);
            resource = target.CanonicalPath;
            await RunAsync(http, target);
        }
        catch (S3Exception e)
        {
            await RefuseAsync(http, e, resource);
        }
        catch (Exception e) when (http.RequestAborted.IsCancellationRequested || e is ConnectionResetException or ConnectionAbortedException)
        {
            ClientGone(http.TraceIdentifier);
            http.Abort();
        }
        catch (BadHttpRequestException e)
        {
            await RefuseAsync(http, new S3Exception(e.StatusCode, "BadRequest", "An error occurred when parsing the HTTP request."), resource);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            StorageFailed(http.TraceIdentifier, e);
            await RefuseAsync(http, S3Error.ServiceUnavailable("The store can't write to its data folder."), resource);
        }
        catch (Exception e)
        {
            Failed(http.TraceIdentifier, e);
            await RefuseAsync(http, S3Error.InternalError(), resource);
        }
    }

    /// <exception cref="S3Exception"><c>AccessDenied</c>: the bucket is another key's.</exception>
    public static void RequireOwner(Bucket bucket, string accessKey)
    {
        if (!string.Equals(bucket.Owner, accessKey, StringComparison.Ordinal))
            throw S3Error.AccessDenied();
    }

    private async Task RunAsync(HttpContext http, RequestTarget target)
    {
        var rules = target.Bucket is null ? [] : store.Catalog.Read(view => view.Find(target.Bucket)?.Cors ?? []);
        if (HttpMethods.IsOptions(http.Request.Method))
        {
            Cors.Preflight(http, rules);
            return;
        }

        Cors.Describe(http, rules);
        if (posts.Handles(http.Request, target))
        {
            await posts.PostAsync(http, target);
            return;
        }

        var authentication = authenticator.Authenticate(http.Request, target);
        var operation = router.Resolve(http.Request, target);
        if (target.Bucket is not null && operation.Name is not "CreateBucket")
        {
            store.Catalog.Read(view =>
            {
                RequireOwner(view.Bucket(target.Bucket), authentication.AccessKey);
                return true;
            });
        }

        var fault = await faults.ApplyAsync(http, operation.Name, target);
        var request = new S3Request(http, target, authentication) { Fault = fault };
        await operation.Run(request);
        if (fault is { LoseAnswer: true })
            http.Abort();
    }

    private async Task RefuseAsync(HttpContext http, S3Exception error, string? resource)
    {
        Refused(http.TraceIdentifier, http.Request.Method, error.Status, error.Code);
        var begun = LongAnswer.IsBegun(http);
        if (http.Response.HasStarted && !begun)
        {
            // Half an answer is out: only a broken connection still tells that the rest is not coming.
            http.Abort();
            return;
        }

        if (!begun)
            ReplaceHeaders(http, error);
        var body = S3Xml.Write(
            "Error",
            xml =>
            {
                xml.Element("Code", error.Code);
                xml.Element("Message", error.Message);
                foreach (var (name, value) in error.Details)
                    xml.Element(name, value);
                xml.Element("Resource", resource);
                xml.Element("RequestId", http.TraceIdentifier);
                xml.Element("HostId", http.TraceIdentifier);
            },
            withNamespace: false,
            withDeclaration: !begun);
        if (HttpMethods.IsHead(http.Request.Method))
            return;
        if (!begun)
        {
            http.Response.ContentType = "application/xml";
            http.Response.ContentLength = body.Length;
        }

        try
        {
            await http.Response.Body.WriteAsync(body, http.RequestAborted);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            ClientGone(http.TraceIdentifier);
        }
    }

    /// <summary>Takes back what was said of the answer that does not come.</summary>
    private static void ReplaceHeaders(HttpContext http, S3Exception error)
    {
        var kept = http.Response.Headers
            .Where(h => h.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase) || h.Key is "Vary" or "Server"
                || h.Key.StartsWith("x-amz-request-id", StringComparison.OrdinalIgnoreCase)
                || h.Key.StartsWith("x-amz-id-2", StringComparison.OrdinalIgnoreCase))
            .ToList();
        http.Response.Clear();
        foreach (var header in kept)
            http.Response.Headers[header.Key] = header.Value;
        http.Response.StatusCode = error.Status;
        foreach (var (name, value) in error.Headers)
            http.Response.Headers[name] = value;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{RequestId}: {Method} refused with {Status} {Code}")]
    private partial void Refused(string requestId, string method, int status, string code);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{RequestId}: the client went away")]
    private partial void ClientGone(string requestId);

    [LoggerMessage(Level = LogLevel.Error, Message = "{RequestId}: the data folder failed")]
    private partial void StorageFailed(string requestId, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "{RequestId}: an internal error")]
    private partial void Failed(string requestId, Exception exception);
}
