using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core;
using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.Embedded;

/// <summary>Makes the records that a grain class's constructor asks for.</summary>
internal static class PersistentStates
{
    public const string DefaultStore = "Default";

    /// <summary>What makes the argument for a parameter of type <see cref="IPersistentState{TState}"/>.</summary>
    public static Func<Activation, IStorage> Maker(ParameterInfo parameter)
    {
        var attribute = parameter.GetCustomAttribute<PersistentStateAttribute>()!;
        var make = typeof(PersistentStates).GetMethod(nameof(Make), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(parameter.ParameterType.GetGenericArguments()[0])
            .CreateDelegate<Func<Activation, PersistentStateAttribute, IStorage>>();
        return activation => make(activation, attribute);
    }

    private static PersistentState<T> Make<T>(Activation activation, PersistentStateAttribute attribute)
    {
        var storeName = attribute.StorageName ?? DefaultStore;
        var store = activation.ActivationServices.GetKeyedService<IGrainStorage>(storeName)
            ?? throw new OrleansConfigurationException($"{activation.GrainId} keeps '{attribute.StateName}' in the store '{storeName}', which isn't registered.");
        return new PersistentState<T>(activation, attribute.StateName, store);
    }
}

/// <summary>One record of one activation.</summary>
internal sealed class PersistentState<T>(Activation activation, string name, IGrainStorage store) : IPersistentState<T>
{
    private readonly GrainState<T> _record = new(New());

    public T State
    {
        get => OnTurn._record.State;
        set => OnTurn._record.State = value;
    }

    public string? Etag => _record.ETag;

    public bool RecordExists => _record.RecordExists;

    private PersistentState<T> OnTurn => activation.IsOnTurn
        ? this
        : throw new InvalidOperationException($"The state of {activation.GrainId} was touched from outside its turns.");

    public Task ReadStateAsync() => ReadStateAsync(default);

    public Task WriteStateAsync() => WriteStateAsync(default);

    public Task ClearStateAsync() => ClearStateAsync(default);

    public Task ReadStateAsync(CancellationToken cancellationToken) =>
        Ask(() => store.ReadStateAsync(name, Id, _record, cancellationToken), "read", cancellationToken);

    public Task WriteStateAsync(CancellationToken cancellationToken) =>
        Ask(() => store.WriteStateAsync(name, Id, _record, cancellationToken), "write", cancellationToken);

    public async Task ClearStateAsync(CancellationToken cancellationToken)
    {
        await Ask(() => store.ClearStateAsync(name, Id, _record, cancellationToken), "clear", cancellationToken);
        _record.State = New();
    }

    private GrainId Id => activation.GrainId;

    private static T New() => typeof(T).GetConstructor(Type.EmptyTypes) is null && !typeof(T).IsValueType
        ? (T)RuntimeHelpers.GetUninitializedObject(typeof(T))
        : Activator.CreateInstance<T>();

    /// <summary>As in Orleans, whatever a store throws reaches the grain as an <see cref="OrleansException"/> around it.</summary>
    private async Task Ask(Func<Task> ask, string verb, CancellationToken cancellationToken)
    {
        _ = OnTurn;
        try
        {
            await ask();
        }
        catch (Exception e) when (e is not OrleansException && !(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw new OrleansException($"The store {store.GetType().Name} failed to {verb} '{name}' of {Id}: {e.Message}", e);
        }
    }
}

/// <summary>A store in memory: JSON, so that no grain keeps a hold on what another reads.</summary>
internal sealed class MemoryGrainStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<(string State, GrainId Grain), (string ETag, byte[] Json)> _records = new();
    private long _version;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        grainState.RecordExists = _records.TryGetValue((stateName, grainId), out var record);
        grainState.ETag = record.ETag;
        if (grainState.RecordExists)
            grainState.State = JsonSerializer.Deserialize<T>(record.Json)!;
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = (stateName, grainId);
        var next = ($"{Interlocked.Increment(ref _version)}", JsonSerializer.SerializeToUtf8Bytes(grainState.State));
        var found = _records.TryGetValue(key, out var present);
        if (found ? present.ETag != grainState.ETag || !_records.TryUpdate(key, next, present) : grainState.ETag is not null || !_records.TryAdd(key, next))
            throw Lost(grainState, key);
        (grainState.ETag, grainState.RecordExists) = (next.Item1, true);
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = (stateName, grainId);
        var found = _records.TryGetValue(key, out var present);
        if (found ? present.ETag != grainState.ETag || !_records.TryRemove(new(key, present)) : grainState.ETag is not null)
            throw Lost(grainState, key);
        (grainState.ETag, grainState.RecordExists) = (null, false);
        return Task.CompletedTask;
    }

    private InconsistentStateException Lost<T>(IGrainState<T> writer, (string State, GrainId Grain) key) =>
        new($"'{key.State}' of {key.Grain} was written by another.", _records.TryGetValue(key, out var record) ? record.ETag : null, writer.ETag);
}
