#pragma warning disable CS0649
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;
namespace Orleans.Embedded;
internal sealed class Activation : IGrainContext
{
    [ThreadStatic] internal static Activation? Executing;
    internal EmbeddedSilo Runtime => throw new NotSupportedException();
    public GrainId GrainId => default;
    public object? GrainInstance => null;
    public IServiceProvider ActivationServices => null!;
    public Task Deactivated => null!;
    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default) { }
    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);
    public override bool Equals(object? obj) => ReferenceEquals(this, obj);
    public override int GetHashCode() => base.GetHashCode();
    public void SetComponent<TComponent>(TComponent? value) where TComponent : class { }
    public TComponent? GetComponent<TComponent>() where TComponent : class => null;
    internal void DeactivateOnRequest() { }
    internal void DelayDeactivation(TimeSpan t) { }
    internal IGrainTimer StartTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions o) => null!;
}
internal class GrainReference : System.Reflection.DispatchProxy, IAddressable
{
    internal GrainId Target;
    internal EmbeddedSilo Router = null!;
    protected override object? Invoke(System.Reflection.MethodInfo? m, object?[]? a) => null;
}
internal sealed class EmbeddedSilo : IClusterClient, IHostedService
{
    internal object Reference(GrainId id, Type t) => null!;
    public IServiceProvider ServiceProvider => null!;
    public T GetGrain<T>(string k, string? p = null) where T : IGrainWithStringKey => default!;
    public T GetGrain<T>(GrainId g) where T : IAddressable => default!;
    public IAddressable GetGrain(GrainId g) => null!;
    public Task StartAsync(CancellationToken c) => Task.CompletedTask;
    public Task StopAsync(CancellationToken c) => Task.CompletedTask;
    internal void Kill() { }
    internal Activation? Find(GrainId id) => null;
}
internal sealed class EmbeddedClient : IClusterClient, IHostedService
{
    public IServiceProvider ServiceProvider => null!;
    public T GetGrain<T>(string k, string? p = null) where T : IGrainWithStringKey => default!;
    public T GetGrain<T>(GrainId g) where T : IAddressable => default!;
    public IAddressable GetGrain(GrainId g) => null!;
    public Task StartAsync(CancellationToken c) => Task.CompletedTask;
    public Task StopAsync(CancellationToken c) => Task.CompletedTask;
}
internal sealed class GrainCatalog;
internal sealed record GrainAssembly(System.Reflection.Assembly Assembly);
internal static class PersistentStates { public const string DefaultStore = "Default"; }
internal sealed class MemoryGrainStorage : Orleans.Storage.IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;
}
