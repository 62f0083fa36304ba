using System.Net;
using System.Text;
using Media.DevStorage.Background;
using Media.DevStorage.Faults;
using Media.DevStorage.Operations;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Media.DevStorage;

/// <summary>
/// An S3-compatible store on local disk, in this process. It listens when <see cref="StartAsync"/> returns, and everything it acknowledged
/// is on disk when it is disposed of, or killed.
/// </summary>
public sealed class DevStorageServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Store _store;
    private readonly Notifier _notifier;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _background;

    private DevStorageServer(WebApplication app, Store store, Notifier notifier, LifecycleWorker lifecycle, Uri endpoint)
    {
        _app = app;
        _store = store;
        _notifier = notifier;
        Endpoint = endpoint;
        _background = RunBackgroundAsync(store, lifecycle, _stopping.Token);
    }

    /// <summary>Where it listens, e.g. <c>http://127.0.0.1:9000</c>.</summary>
    public Uri Endpoint { get; }

    /// <summary>Opens the data folder and listens.</summary>
    /// <param name="options">What to serve, where.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="IOException">The data folder is in use, or the port is.</exception>
    public static async Task<DevStorageServer> StartAsync(DevStorageOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var app = Build(options);
        Store? store = null;
        Notifier? notifier = null;
        try
        {
            store = new Store(options, app.Services.GetRequiredService<ILogger<Store>>());
            var faults = new FaultSwitch(options.Time);
            notifier = new Notifier(store, app.Services.GetRequiredService<ILogger<Notifier>>());
            var authenticator = new Authenticator(options);
            var receiver = new BodyReceiver(store);
            var write = new WriteObjects(store, receiver, notifier);
            var pipeline = new RequestPipeline(
                store,
                new Router(store, receiver, write, notifier),
                authenticator,
                new PostObjects(store, authenticator, receiver, write, notifier, faults),
                faults,
                new FaultAdmin(options, faults),
                app.Services.GetRequiredService<ILogger<RequestPipeline>>());
            app.Run(pipeline.InvokeAsync);
            await app.StartAsync(cancellationToken);
            var address = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
            var lifecycle = new LifecycleWorker(store, notifier, app.Services.GetRequiredService<ILogger<LifecycleWorker>>());
            return new DevStorageServer(app, store, notifier, lifecycle, new Uri(address));
        }
        catch
        {
            await app.DisposeAsync();
            if (notifier is not null)
                await notifier.DisposeAsync();
            store?.Dispose();
            throw;
        }
    }

    /// <summary>Takes no more requests, lets those under way finish for a few seconds, and closes the data folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _background;
        await _notifier.DisposeAsync();
        _store.Dispose();
        _stopping.Dispose();
    }

    private static WebApplication Build(DevStorageOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        // Standard output is for the one line that says it is ready.
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(c => c.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, LargeBlockPool>();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.AllowSynchronousIO = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestLineSize = 32 * 1024;
            kestrel.Limits.MaxRequestHeadersTotalSize = 64 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 200;
            // One character per byte both ways: signatures and metadata are about bytes.
            // Content-Length stays with the server's own decoding, which takes one that is too long for a bad request.
            kestrel.RequestHeaderEncodingSelector = static name =>
                string.Equals(name, "Content-Length", StringComparison.OrdinalIgnoreCase) ? null : Encoding.Latin1;
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
            kestrel.Listen(
                string.Equals(options.Host, "localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : IPAddress.Parse(options.Host),
                options.Port,
                listen => listen.Protocols = HttpProtocols.Http1);
        });
        return builder.Build();
    }

    private static async Task RunBackgroundAsync(Store store, LifecycleWorker lifecycle, CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            store.Sweep(cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or UnauthorizedAccessException)
        {
            // What was not swept is swept at the next start.
        }

        await lifecycle.RunAsync(cancellationToken);
    }
}
