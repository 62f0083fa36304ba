using Media.AppHost.Processes;

namespace Media.AppHost.Resources;

/// <summary>Starts resources, each when what it waits for is ready, and stops them in the reverse of the order in which they started.</summary>
internal sealed class Orchestrator : IAsyncDisposable
{
    private readonly Dictionary<Resource, ResourceRunner> _runners = [];
    private readonly Lock _gate = new();
    private readonly List<ResourceRunner> _started = [];

    public Orchestrator(IReadOnlyList<Resource> resources, HostLog log, TimeProvider time)
    {
        foreach (var resource in resources)
        {
            // Only what is known already can be waited for, so there can be no circle.
            if (resource.WaitFor.FirstOrDefault(dependency => !_runners.ContainsKey(dependency)) is { } unknown)
                throw new ArgumentException($"{resource.Name} waits for {unknown.Name}, which is not listed before it.", nameof(resources));
            var runner = new ResourceRunner(resource, log, time);
            runner.Started += OnStarted;
            _runners.Add(resource, runner);
        }
    }

    /// <summary>Every resource as it is now, in the order in which they were given.</summary>
    public IReadOnlyList<ResourceSnapshot> Snapshot() => [.. _runners.Values.Select(runner => runner.Snapshot())];

    /// <summary>The resource's runner, or null.</summary>
    public ResourceRunner? Find(string name) => _runners.Values.FirstOrDefault(runner => runner.Resource.Name == name);

    /// <summary>Starts everything, and waits until all of it is ready.</summary>
    /// <exception cref="ResourceFailedException">One of them could not be started. The others still run: dispose this.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (resource, runner) in _runners)
            runner.Start([.. resource.WaitFor.Select(dependency => _runners[dependency])]);
        var waiting = _runners.Values.Select(runner => runner.Ready).ToList();
        while (waiting.Count > 0)
        {
            var ready = await Task.WhenAny(waiting).WaitAsync(cancellationToken);
            await ready;
            waiting.Remove(ready);
        }
    }

    /// <summary>Stops everything, the last started first.</summary>
    public async ValueTask DisposeAsync()
    {
        List<ResourceRunner> order;
        lock (_gate)
            order = [.. _runners.Values.Except(_started), .. Enumerable.Reverse(_started)];
        foreach (var runner in order)
            await runner.DisposeAsync();
    }

    private void OnStarted(ResourceRunner runner)
    {
        lock (_gate)
            _started.Add(runner);
    }
}
