using System.Reflection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace Orleans.Embedded;

/// <summary>Stands for a grain: each method of the grain interface becomes a call. Good for as long as the process lives.</summary>
#pragma warning disable CA1852 // DispatchProxy derives from it at run time.
internal class GrainReference : DispatchProxy, IAddressable
{
    public GrainId Target { get; private set; }

    public GrainRouter Router { get; private set; } = null!;

    public static object Create(GrainRouter router, GrainId target, Type grainInterface)
    {
        var reference = (GrainReference)Create(grainInterface, typeof(GrainReference));
        (reference.Target, reference.Router) = (target, router);
        return reference;
    }

    public override bool Equals(object? obj) => obj is GrainReference other && other.Target == Target;

    public override int GetHashCode() => Target.GetHashCode();

    public override string ToString() => Target.ToString();

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        GrainMethod.Of(targetMethod!).Send(Router.Silo, Target, args ?? []);
}
#pragma warning restore CA1852

/// <summary>Makes references and knows the silo that their calls go to.</summary>
internal abstract class GrainRouter(IServiceProvider services) : IClusterClient
{
    public abstract EmbeddedSilo Silo { get; }

    public IServiceProvider ServiceProvider { get; } = services;

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey
    {
        ArgumentException.ThrowIfNullOrEmpty(primaryKey);
        var type = Silo.Catalog.TypeBehind(typeof(TGrainInterface), grainClassNamePrefix);
        return (TGrainInterface)Reference(GrainId.Create(type, primaryKey), typeof(TGrainInterface));
    }

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable => (TGrainInterface)Reference(grainId, typeof(TGrainInterface));

    public IAddressable GetGrain(GrainId grainId) => (IAddressable)Reference(grainId, typeof(IAddressable));

    public object Reference(GrainId target, Type grainInterface) => GrainReference.Create(this, target, grainInterface);
}

/// <summary>A client in a host without a silo: its calls go to the silo of the same name in the same process, also after that was restarted.</summary>
internal sealed class EmbeddedClient(IServiceProvider services, Microsoft.Extensions.Options.IOptions<Configuration.ClusterOptions> options)
    : GrainRouter(services), IHostedService
{
    private EmbeddedSilo? _silo;

    public override EmbeddedSilo Silo => _silo is { Running: true } silo ? silo : _silo = EmbeddedSilo.InThisProcess(options.Value.ClusterId, _silo);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _silo = EmbeddedSilo.InThisProcess(options.Value.ClusterId, null);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
