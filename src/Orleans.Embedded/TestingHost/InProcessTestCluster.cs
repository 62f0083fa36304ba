using System.Collections.ObjectModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Embedded;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>A running silo of a test cluster.</summary>
public sealed class InProcessSiloHandle : IAsyncDisposable
{
    private bool _stopped;

    internal InProcessSiloHandle(string name, IHost host) => (Name, SiloHost) = (name, host);

    /// <summary>The silo's name.</summary>
    public string Name { get; }

    /// <summary>The silo's host.</summary>
    public IHost SiloHost { get; }

    /// <summary>The silo's services.</summary>
    public IServiceProvider ServiceProvider => SiloHost.Services;
    /// <summary>Whether the silo runs.</summary>
    public bool IsActive => !_stopped;
    /// <summary>Stops the silo; without grace, nothing of it runs any more, as if the process had died.</summary>
    public Task StopSiloAsync(bool stopGracefully) => StopSiloAsync(new CancellationToken(canceled: !stopGracefully));

    /// <summary>Stops the silo, without grace once the token is cancelled.</summary>
    public async Task StopSiloAsync(CancellationToken ct)
    {
        if (_stopped)
            return;
        _stopped = true;
        try
        {
            await SiloHost.StopAsync(ct);
        }
        catch (OperationCanceledException)
        {
            // The host says so when it wasn't given the time; the silo is gone either way.
        }

        ServiceProvider.GetRequiredService<EmbeddedSilo>().Kill();
        if (SiloHost is IAsyncDisposable host)
            await host.DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopSiloAsync(stopGracefully: true);
}

/// <summary>One silo and one client in the test's own process.</summary>
public sealed class InProcessTestCluster : IDisposable, IAsyncDisposable
{
    private readonly List<InProcessSiloHandle> _silos = [];
    private IHost? _clientHost;

    internal InProcessTestCluster(InProcessTestClusterOptions options) => Options = options;

    /// <summary>The settings.</summary>
    public InProcessTestClusterOptions Options { get; }

    /// <summary>The silos that were started and not stopped.</summary>
    public ReadOnlyCollection<InProcessSiloHandle> Silos => new([.. _silos]);

    /// <summary>The client.</summary>
    /// <exception cref="InvalidOperationException">The cluster isn't deployed.</exception>
    public IClusterClient Client => _clientHost?.Services.GetRequiredService<IClusterClient>()
        ?? throw new InvalidOperationException("The cluster has no client before DeployAsync and after it was stopped.");

    /// <summary>Starts the silo, then the client.</summary>
    public async Task DeployAsync()
    {
        if (_silos.Count > 0)
            throw new InvalidOperationException("The cluster is deployed already.");
        await StartSiloAsync(new InProcessTestSiloSpecificOptions());
        if (Options.InitializeClientOnDeploy)
            await InitializeClientAsync();
    }

    /// <summary>Starts the client.</summary>
    public async Task InitializeClientAsync()
    {
        await StopClusterClientAsync();
        var builder = NewHost();
        foreach (var configure in Options.ClientHost)
            configure(builder);
        builder.UseOrleansClient();
        _clientHost = builder.Build();
        await _clientHost.StartAsync();
    }

    /// <summary>The services of the silo.</summary>
    public IServiceProvider GetSiloServiceProvider() => _silos[0].ServiceProvider;
    /// <summary>Ends when the grain's present activation is gone; at once if it has none.</summary>
    public Task WaitForDeactivationAsync(GrainId grainId) => Find(grainId)?.Deactivated ?? Task.CompletedTask;
    /// <inheritdoc cref="WaitForDeactivationAsync(GrainId)"/>
    public Task WaitForDeactivationAsync(IAddressable grain) => WaitForDeactivationAsync(grain.GetGrainId());

    /// <summary>Deactivates the grain's present activation and waits until it is gone.</summary>
    public async Task DeactivateAsync(GrainId grainId)
    {
        if (Find(grainId) is not { } context)
            return;
        context.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "The test asked for it."));
        await context.Deactivated;
    }

    /// <inheritdoc cref="DeactivateAsync(GrainId)"/>
    public Task DeactivateAsync(IAddressable grain) => DeactivateAsync(grain.GetGrainId());

    /// <summary>Stops a silo after its turns.</summary>
    public async Task StopSiloAsync(InProcessSiloHandle instance)
    {
        await instance.StopSiloAsync(stopGracefully: true);
        _silos.Remove(instance);
    }

    /// <summary>Ends a silo as if its process had died.</summary>
    public async Task KillSiloAsync(InProcessSiloHandle instance)
    {
        await instance.StopSiloAsync(stopGracefully: false);
        _silos.Remove(instance);
    }

    /// <summary>Stops a silo after its turns and starts it anew.</summary>
    public async Task<InProcessSiloHandle> RestartSiloAsync(InProcessSiloHandle instance)
    {
        await StopSiloAsync(instance);
        return await StartSiloAsync(new InProcessTestSiloSpecificOptions { SiloName = instance.Name });
    }

    /// <summary>Starts a silo; the embedded runtime has one at a time.</summary>
    /// <exception cref="NotSupportedException">One runs already.</exception>
    public async Task<InProcessSiloHandle> StartAdditionalSiloAsync() =>
        await StartSiloAsync(new InProcessTestSiloSpecificOptions());

    /// <summary>Stops the silos after their turns.</summary>
    public async Task StopSilosAsync()
    {
        foreach (var silo in Silos)
            await StopSiloAsync(silo);
    }

    /// <summary>Stops the client.</summary>
    public async Task StopClusterClientAsync()
    {
        if (Interlocked.Exchange(ref _clientHost, null) is not { } host)
            return;
        await host.StopAsync();
        host.Dispose();
    }

    /// <summary>Stops the client, then the silos.</summary>
    public async Task StopAllSilosAsync()
    {
        await StopClusterClientAsync();
        await StopSilosAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAllSilosAsync();
    /// <inheritdoc/>
    public void Dispose() => StopAllSilosAsync().GetAwaiter().GetResult();

    private async Task<InProcessSiloHandle> StartSiloAsync(InProcessTestSiloSpecificOptions options)
    {
        if (_silos.Exists(static s => s.IsActive))
            throw new NotSupportedException("Orleans.Embedded runs one silo; build with ActorRuntime=Orleans for more.");
        var builder = NewHost();
        foreach (var configure in Options.SiloHost)
            configure(options, builder);
        builder.UseOrleans();
        var host = builder.Build();
        try
        {
            await host.StartAsync();
        }
        catch
        {
            host.Dispose();
            throw;
        }

        var handle = new InProcessSiloHandle(options.SiloName, host);
        _silos.Add(handle);
        return handle;
    }

    private HostApplicationBuilder NewHost()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging(static logging => logging.SetMinimumLevel(LogLevel.Warning));
        builder.Services.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (Options.ClusterId, Options.ServiceId));
        return builder;
    }

    private IGrainContext? Find(GrainId grainId) => _silos
        .Select(s => s.ServiceProvider.GetRequiredService<EmbeddedSilo>().Find(grainId)).FirstOrDefault(static a => a is not null);
}
