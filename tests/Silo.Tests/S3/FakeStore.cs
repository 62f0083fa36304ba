using System.Collections.Concurrent;
using Media.Silo.S3;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Media.Silo.Tests.S3;

/// <summary>A store that answers exactly what a test says, as stores that are not AWS were seen to.</summary>
internal sealed class FakeStore : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly S3Connection _connection;

    private FakeStore(WebApplication app, S3Options options)
    {
        _app = app;
        var wrapped = Options.Create(options);
        _connection = new S3Connection(wrapped);
        Store = new S3ObjectStore(_connection, wrapped, NullLogger<S3ObjectStore>.Instance);
        Reader = new S3ObjectReader(_connection, wrapped);
        Health = new S3HealthCheck(_connection, wrapped);
    }

    public S3ObjectStore Store { get; }

    public S3ObjectReader Reader { get; }

    public S3HealthCheck Health { get; }

    /// <summary>Method and query's first name of each request, such as <c>POST uploadId</c>.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public static async Task<FakeStore> StartAsync(Func<HttpRequest, IResult> answer, Action<S3Options>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        FakeStore? fake = null;
        app.Run(context =>
        {
            fake!.Requests.Enqueue($"{context.Request.Method} {context.Request.Query.Keys.FirstOrDefault(key => key != "x-id")}".TrimEnd());
            return answer(context.Request).ExecuteAsync(context);
        });
        await app.StartAsync();
        var options = new S3Options
        {
            Endpoint = new Uri(app.Urls.Single()),
            AccessKey = "key",
            SecretKey = "secret",
            Bucket = "media",
            ForcePathStyle = true,
            MaxRetries = 0,
            Timeout = TimeSpan.FromSeconds(60),
            ConnectTimeout = TimeSpan.FromSeconds(60),
        };
        configure?.Invoke(options);
        fake = new FakeStore(app, options);
        return fake;
    }

    public static IResult Xml(string body, int status = 200) => Results.Text($"<?xml version=\"1.0\" encoding=\"UTF-8\"?>{body}", "application/xml", statusCode: status);

    public static IResult Error(string code, int status) => Xml($"<Error><Code>{code}</Code><Message>no</Message></Error>", status);

    public static IResult Head(string? etag, long size = 10, string contentType = "video/mp4") => new HeadResult(etag, size, contentType);

    public async ValueTask DisposeAsync()
    {
        _connection.Dispose();
        await _app.DisposeAsync();
    }

    private sealed class HeadResult(string? etag, long size, string contentType) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var headers = httpContext.Response.Headers;
            if (etag is not null) headers.ETag = etag;
            headers.LastModified = "Wed, 02 Jan 2030 03:04:05 GMT";
            headers.ContentType = contentType;
            httpContext.Response.ContentLength = size;
            return Task.CompletedTask;
        }
    }
}
