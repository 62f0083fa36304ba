using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Media.EndToEnd.Tests.Support;

/// <summary>Stands before the store and lets a test act at an exact moment: before a request reaches it, or before its answer is passed on.</summary>
internal sealed class StoreProxy : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly HttpClient upstream;
    private long bytesRead;

    private StoreProxy(WebApplication application, HttpClient upstream)
    {
        this.application = application;
        this.upstream = upstream;
    }

    /// <summary>Awaited before a request is passed on.</summary>
    public Func<HttpRequest, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>Awaited when the store has answered, before the answer is passed on.</summary>
    public Func<HttpRequest, Task> After { get; set; } = _ => Task.CompletedTask;

    /// <summary>Passes on an answer's body in a way of the test's own; what it throws cuts the line.</summary>
    public Func<HttpRequest, Stream, Stream, CancellationToken, Task>? Body { get; set; }

    /// <summary>Passes on a request's body.</summary>
    public Func<HttpRequest, Stream> Sent { get; set; } = request => request.Body;

    /// <summary>Awaited while an answer's body is passed on, with how many bytes of it have been; an <see cref="IOException"/> cuts the connection.</summary>
    public Func<HttpRequest, long, Task> During { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>How many bytes of objects it has passed on.</summary>
    public long BytesRead => Interlocked.Read(ref bytesRead);

    public Uri Endpoint => new(application.Urls.First());

    public static async Task<StoreProxy> StartAsync(Uri store, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = store, Timeout = TimeSpan.FromMinutes(5) };
        var proxy = new StoreProxy(builder.Build(), client);
        proxy.application.Run(proxy.ForwardAsync);
        await proxy.application.StartAsync(cancellationToken);
        return proxy;
    }

    /// <summary>Passes on all of it.</summary>
    public static Task PassOnAsync(HttpRequest request, Stream from, Stream to, CancellationToken cancellationToken) => from.CopyToAsync(to, cancellationToken);

    /// <summary>Whether this sends bytes of a file, in parts or whole.</summary>
    public static bool IsContent(HttpRequest request) => HttpMethods.IsPut(request.Method) && !request.Headers.ContainsKey("x-amz-copy-source");

    /// <summary>Whether this reads a content, as for delivery.</summary>
    public static bool IsDelivery(HttpRequest request) => HttpMethods.IsGet(request.Method) && request.Path.Value!.Contains("/hash/", StringComparison.Ordinal);

    /// <summary>Whether this uploads a part.</summary>
    public static bool IsPart(HttpRequest request) => HttpMethods.IsPut(request.Method) && request.Query.ContainsKey("partNumber");

    /// <summary>Whether this completes a multipart upload.</summary>
    public static bool IsComplete(HttpRequest request) => HttpMethods.IsPost(request.Method) && request.Query.ContainsKey("uploadId");

    /// <summary>Whether this reads an object, or a slice of one.</summary>
    public static bool IsRead(HttpRequest request) => HttpMethods.IsGet(request.Method) && IsObject(request) && !request.Query.ContainsKey("uploadId");

    /// <summary>Whether this copies an object to a key that starts with this.</summary>
    public static bool IsCopyTo(HttpRequest request, string prefix) => request.Headers.ContainsKey("x-amz-copy-source") && KeyOf(request).StartsWith(prefix, StringComparison.Ordinal);

    /// <summary>Whether this makes an object whose key starts with this by a copy, whole or by completing one of parts; asking how the store copies is none.</summary>
    public static bool IsEndOfCopyTo(HttpRequest request, string prefix) =>
        KeyOf(request).StartsWith(prefix, StringComparison.Ordinal)
        && (IsComplete(request) || (request.Headers.ContainsKey("x-amz-copy-source") && !IsPart(request) && !KeyOf(request).EndsWith("/copy-condition", StringComparison.Ordinal)));

    /// <summary>Whether this deletes an object whose key starts with this.</summary>
    public static bool IsDeleteOf(HttpRequest request, string prefix) =>
        HttpMethods.IsDelete(request.Method) && !request.Query.ContainsKey("uploadId") && KeyOf(request).StartsWith(prefix, StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await application.DisposeAsync();
        upstream.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        await Before(context.Request);
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), target);
        if (context.Request.ContentLength is not null || context.Request.Headers.TransferEncoding.Count > 0)
            request.Content = new StreamContent(Sent(context.Request));
        foreach (var (name, values) in context.Request.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }

        try
        {
            // The signature covers the host that the client spoke to.
            request.Headers.Host = context.Request.Host.Value;
            using var answer = await upstream.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            await After(context.Request);
            context.Response.StatusCode = (int)answer.StatusCode;
            foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
            {
                if (!name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
                    context.Response.Headers[name] = values.ToArray();
            }

            await PassOnAsync(context, answer);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException or System.Net.Sockets.SocketException)
        {
            context.Abort();
        }
    }

    private static bool IsObject(HttpRequest request) => KeyOf(request).Length > 0;

    // Buckets are in the path.
    private static string KeyOf(HttpRequest request)
    {
        var path = request.Path.Value!;
        var slash = path.IndexOf('/', 1);
        return slash < 0 ? "" : path[(slash + 1)..];
    }

    private async Task PassOnAsync(HttpContext context, HttpResponseMessage answer)
    {
        var counts = IsRead(context.Request) && answer.IsSuccessStatusCode;
        await using var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        if (Body is { } own)
        {
            await own(context.Request, body, context.Response.Body, context.RequestAborted);
            return;
        }

        var buffer = new byte[128 * 1024];
        long sent = 0;
        while (await body.ReadAsync(buffer, context.RequestAborted) is var read and > 0)
        {
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
            sent += read;
            if (counts)
                Interlocked.Add(ref bytesRead, read);
            await During(context.Request, sent);
        }
    }
}
