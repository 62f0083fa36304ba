using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Orleans.Embedded.Tests;

/// <summary>What grains and tests tell each other past the grain interfaces: gates to wait at, and a journal.</summary>
public sealed class Witness
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _journal = new();

    public string[] Journal => [.. _journal];

    /// <summary>How many heavy grains are in memory, and were at most.</summary>
    internal int Alive;
    internal int Most;

    public void Note(string entry) => _journal.Enqueue(entry);

    public int Count(string entry) => _journal.Count(e => e == entry);

    /// <summary>Ends when the gate is opened.</summary>
    public Task At(string gate) => Gate(gate).Task;

    public void Open(string gate) => Gate(gate).TrySetResult();

    public Task Noted(string entry, int times = 1) => Until(() => Count(entry) >= times, $"'{entry}' {times} times");

    /// <summary>Waits for a condition that nothing announces.</summary>
    public async Task Until(Func<bool> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), $"Waited in vain for {what}. Journal: {string.Join(", ", _journal.TakeLast(50))}");
            await Task.Delay(2);
        }
    }

    private TaskCompletionSource Gate(string gate) =>
        _gates.GetOrAdd(gate, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}

/// <summary>A silo with a client, and the witness that its grains get.</summary>
public sealed class Cluster : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;

    private Cluster(InProcessTestCluster cluster, Witness witness) => (_cluster, Witness) = (cluster, witness);

    public InProcessTestCluster Inner => _cluster;

    public Witness Witness { get; }

    public static async Task<Cluster> Start(Action<ISiloBuilder>? configure = null)
    {
        var witness = new Witness();
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(witness);
            silo.AddMemoryGrainStorage("records");
            configure?.Invoke(silo);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new Cluster(cluster, witness);
    }

    public T Grain<T>(string key)
        where T : IGrainWithStringKey => _cluster.Client.GetGrain<T>(key);

    /// <summary>Waits for no call: a test that fails may leave some that never end.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _cluster.Silos.ToArray())
            await _cluster.KillSiloAsync(silo);
        await _cluster.DisposeAsync();
    }
}
