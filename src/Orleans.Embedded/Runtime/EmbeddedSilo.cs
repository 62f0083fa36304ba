using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Embedded;

/// <summary>The grains of one host: who is active, how calls reach them, when they end.</summary>
internal sealed class EmbeddedSilo(
    IServiceProvider services,
    TimeProvider time,
    ILogger<EmbeddedSilo> logger,
    IOptions<GrainCollectionOptions> collection,
    IOptions<EmbeddedActivationLimitOptions> limit,
    IOptions<ClusterOptions> cluster) : GrainRouter(services), IHostedService, IDisposable
{
    private static readonly ConcurrentDictionary<EmbeddedSilo, string> InProcess = new();

    private readonly ConcurrentDictionary<GrainId, Activation> _directory = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _collector;
    private volatile Phase _phase;

    /// <summary>Calls accepted and not ended, and one more for the silo itself until it stops.</summary>
    private int _calls = 1;

    private enum Phase
    {
        Stopped,
        Running,
        Stopping,
    }

    public override EmbeddedSilo Silo => this;

    public TimeProvider Time => time;

    public ILogger Logger => logger;

    public GrainCollectionOptions Collection { get; } = collection.Value;

    public GrainCatalog Catalog { get; private set; } = GrainCatalog.Empty;

    public ActivationLimit Limit { get; private set; } = null!;

    public IIncomingGrainCallFilter[] Filters { get; private set; } = [];

    public bool Running => _phase == Phase.Running;

    /// <summary>The one running silo of this name, or the former one, to say that it is gone.</summary>
    /// <exception cref="OrleansConfigurationException">There is none in this process, or there are several.</exception>
    public static EmbeddedSilo InThisProcess(string clusterId, EmbeddedSilo? former)
    {
        var found = InProcess.Where(s => s.Value == clusterId).Select(static s => s.Key).ToArray();
        return found.Length switch
        {
            1 => found[0],
            0 => former ?? throw new OrleansConfigurationException(
                $"No silo named '{clusterId}' runs in this process. Orleans.Embedded has one process: put UseOrleans into this host, or start the silo's host"
                + " here before, or build with ActorRuntime=Orleans to reach silos in other processes."),
            _ => throw new OrleansConfigurationException($"{found.Length} silos named '{clusterId}' run in this process: give each its own ClusterOptions.ClusterId."),
        };
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (Collection.CollectionQuantum <= TimeSpan.Zero || Collection.CollectionAge <= Collection.CollectionQuantum)
            throw new OrleansConfigurationException("GrainCollectionOptions: CollectionAge must be longer than CollectionQuantum, and that longer than nothing.");
        Catalog = GrainCatalog.Find(ServiceProvider.GetServices<GrainAssembly>(), Collection);
        Filters = [.. ServiceProvider.GetServices<IIncomingGrainCallFilter>()];
        Limit = new ActivationLimit(limit.Value.MaxActivations, _directory);
        _phase = Phase.Running;
        _collector = time.CreateTimer(static self => ((EmbeddedSilo)self!).Collect(), this, Collection.CollectionQuantum, Collection.CollectionQuantum);
        InProcess.TryAdd(this, cluster.Value.ClusterId);
        Log.Started(logger, cluster.Value.ClusterId, Catalog.Count);
        return Task.CompletedTask;
    }

    /// <summary>Takes no more calls from outside, lets those that are in run, deactivates, and gives up where the token says so.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_phase != Phase.Running)
            return;
        _phase = Phase.Stopping;
        InProcess.TryRemove(this, out _);
        CallEnded(null);
        try
        {
            await _drained.Task.WaitAsync(cancellationToken);
            while (!_directory.IsEmpty)
            {
                var ending = _directory.Values.ToArray();
                foreach (var activation in ending)
                    activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo stops."), CancellationToken.None);
                await Task.WhenAll(ending.Select(static a => a.Deactivated)).WaitAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            Log.StoppedHard(logger, _directory.Count);
        }

        Kill();
    }

    /// <summary>Ends everything where it stands.</summary>
    public void Kill()
    {
        _phase = Phase.Stopped;
        InProcess.TryRemove(this, out _);
        _collector?.Dispose();
        foreach (var activation in _directory.Values)
            activation.Kill(new SiloUnavailableException("The silo stopped before the call had ended."));
    }

    public void Dispose() => Kill();

    public Activation? Find(GrainId grainId) => _directory.GetValueOrDefault(grainId);

    public void Send(Call call)
    {
        CallBegan();
        Exception? refusal = null;
        try
        {
            // Counted first, so that a stop either sees the call or is seen by it.
            if (_phase == Phase.Running || (_phase == Phase.Stopping && call.Parent is not null))
                refusal = Deliver(call);
            else
                refusal = new SiloUnavailableException("The silo isn't running.");
        }
        catch (Exception e) when (e is ArgumentException or OrleansException)
        {
            refusal = e;
        }

        if (refusal is null || !call.TryAbandon())
            return;
        CallEnded(call);
        call.Settle(refusal);
    }

    public void CallBegan() => Interlocked.Increment(ref _calls);

    public void CallEnded(Call? call)
    {
        if (call is not { HoldsSilo: false } && Interlocked.Decrement(ref _calls) == 0)
            _drained.TrySetResult();
    }

    public void Remove(Activation gone) => _directory.TryRemove(new(gone.GrainId, gone));

    public void Replace(Activation gone, Activation next) => _directory.TryUpdate(gone.GrainId, next, gone);

    private Exception? Deliver(Call call)
    {
        var grainClass = Catalog.ClassOf(call.Target.Type);
        if (call.FindDeadlock(grainClass.Reentrant) is { } deadlock)
        {
            Log.Deadlock(logger, deadlock.Message);
            return deadlock;
        }

        while (true)
        {
            if (!_directory.TryGetValue(call.Target, out var activation))
                activation = _directory.GetOrAdd(call.Target, new Activation(this, call.Target, grainClass));
            if (activation.TryEnqueue(call))
                return null;
        }
    }

    private void Collect()
    {
        var now = time.GetTimestamp();
        var reason = new DeactivationReason(DeactivationReasonCode.ActivationIdle, "Not called for its collection age.");
        foreach (var (_, activation) in _directory)
        {
            if (activation.IsOld(now))
                activation.TryCollect(activation.LastUsed, overruleDelay: false, reason);
        }
    }
}

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Silo {ClusterId} started with {Count} grain classes")]
    public static partial void Started(ILogger logger, string clusterId, int count);

    [LoggerMessage(2, LogLevel.Error, "Activation of {GrainId} failed")]
    public static partial void ActivationFailed(ILogger logger, GrainId grainId, Exception exception);

    [LoggerMessage(3, LogLevel.Error, "Deactivation of {GrainId} failed; it is gone all the same")]
    public static partial void DeactivationFailed(ILogger logger, GrainId grainId, Exception exception);

    [LoggerMessage(4, LogLevel.Debug, "{GrainId} deactivated: {Code}, {Description}")]
    public static partial void Deactivated(ILogger logger, GrainId grainId, DeactivationReasonCode code, string description);

    [LoggerMessage(5, LogLevel.Information, "{GrainId} lost a state write in {Method}; its activation is dropped")]
    public static partial void LostWrite(ILogger logger, GrainId grainId, string method);

    [LoggerMessage(6, LogLevel.Error, "A timer of {GrainId} failed; it goes on")]
    public static partial void TimerFailed(ILogger logger, GrainId grainId, Exception exception);

    [LoggerMessage(7, LogLevel.Error, "{Message}")]
    public static partial void Deadlock(ILogger logger, string message);

    [LoggerMessage(9, LogLevel.Warning, "{GrainId} failed {Method}, and nobody waits for it")]
    public static partial void OneWayFailed(ILogger logger, GrainId grainId, string method, Exception exception);

    [LoggerMessage(8, LogLevel.Warning, "The silo had no time left to stop; {Count} activations ended without OnDeactivateAsync")]
    public static partial void StoppedHard(ILogger logger, int count);
}
