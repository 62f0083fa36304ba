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

    private StoreProxy(WebApplication application, HttpClient upstream)
    {
        this.application = application;
        this.upstream = upstream;
    }

    /// <summary>Awaited before a request is passed on.</summary>
    public Func<HttpRequest, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>Awaited when the store has answered, before the answer is passed on.</summary>
    public Func<HttpRequest, Task> After { get; set; } = _ => Task.CompletedTask;

    /// <summary>Passes on an answer's body; what it throws cuts the line.</summary>
    public Func<HttpRequest, Stream, Stream, CancellationToken, Task> Body { get; set; } = PassOnAsync;

    /// <summary>Passes on a request's body.</summary>
    public Func<HttpRequest, Stream> Sent { get; set; } = request => request.Body;

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

    /// <summary>Whether this reads a content.</summary>
    public static bool IsRead(HttpRequest request) => HttpMethods.IsGet(request.Method) && request.Path.Value!.Contains("/hash/", StringComparison.Ordinal);

    /// <summary>Whether this uploads a part.</summary>
    public static bool IsPart(HttpRequest request) => HttpMethods.IsPut(request.Method) && request.Query.ContainsKey("partNumber");

    /// <summary>Whether this completes a multipart upload.</summary>
    public static bool IsComplete(HttpRequest request) => HttpMethods.IsPost(request.Method) && request.Query.ContainsKey("uploadId");

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

            await using var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
            await Body(context.Request, body, context.Response.Body, context.RequestAborted);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            context.Abort();
        }
    }
}
