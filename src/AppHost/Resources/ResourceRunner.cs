using Media.AppHost.Processes;

namespace Media.AppHost.Resources;

/// <summary>Leads one resource through its life.</summary>
internal sealed class ResourceRunner(Resource resource, HostLog log, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan StartProbeInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ResourceState _state;
    private string? _detail;
    private ChildProcess? _child;
    private DateTimeOffset? _startedAt;
    private int _restarts;
    private bool _restartAsked;
    private Task _life = Task.CompletedTask;

    /// <summary>What it runs.</summary>
    public Resource Resource => resource;

    /// <summary>Ends when the resource is ready for the first time; fails when it is given up.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Called at the first start, which is when its place in the order of stopping is known.</summary>
    public event Action<ResourceRunner>? Started;

    /// <summary>What can be told about it now.</summary>
    public ResourceSnapshot Snapshot()
    {
        lock (_gate)
        {
            return new ResourceSnapshot(
                resource.Name, _state, _detail, resource.Endpoint, _child is { HasExited: false } child ? child.Id : null, _startedAt, _restarts, log.LastLines(resource.Name));
        }
    }

    /// <summary>Starts it as soon as <paramref name="dependencies"/> are ready.</summary>
    public void Start(IReadOnlyList<ResourceRunner> dependencies) => _life = LiveAsync(dependencies, _stopping.Token);

    /// <summary>Kills the process; it is started again as after a crash, without the wait.</summary>
    public async Task RestartAsync()
    {
        ChildProcess? child;
        lock (_gate)
        {
            child = _child;
            _restartAsked = child is { HasExited: false };
        }

        if (child is not null && resource is ProcessResource process)
            await child.StopAsync(process.StopGrace);
    }

    /// <summary>Stops it for good.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _life;
        _ready.TrySetException(new ResourceFailedException($"{resource.Name} was stopped before it was ready."));
        // Nobody may be waiting any more, and that is fine.
        _ = _ready.Task.Exception;
        _stopping.Dispose();
    }

    private async Task LiveAsync(IReadOnlyList<ResourceRunner> dependencies, CancellationToken stopping)
    {
        try
        {
            await Task.WhenAll(dependencies.Select(dependency => dependency.Ready)).WaitAsync(stopping);
            Started?.Invoke(this);
            if (resource is ProcessResource process)
                await KeepRunningAsync(process, stopping);
            else
                await RunOnceAsync((TaskResource)resource, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            Set(ResourceState.Stopped);
        }
        catch (Exception e)
        {
            Set(ResourceState.Failed, e.Message);
            _ready.TrySetException(e as ResourceFailedException ?? new ResourceFailedException($"{resource.Name}: {e.Message}", e));
        }
    }

    private async Task RunOnceAsync(TaskResource task, CancellationToken stopping)
    {
        for (var failures = 1; ; failures++)
        {
            Set(ResourceState.Starting);
            try
            {
                await task.Run(stopping);
                Set(ResourceState.Done);
                _ready.TrySetResult();
                return;
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                await BackOffAsync(failures, wasReady: false, e.Message, stopping);
            }
        }
    }

    private async Task KeepRunningAsync(ProcessResource process, CancellationToken stopping)
    {
        var failures = 0;
        while (true)
        {
            var (end, readyFor) = await RunProcessAsync(process, stopping);
            if (TakeRestartRequest())
                continue;
            failures = readyFor >= process.Restart.SteadyAfter ? 1 : failures + 1;
            await BackOffAsync(failures, _ready.Task.IsCompletedSuccessfully, end, stopping);
        }
    }

    // One process, from its start to its end: how it ended, and for how long it had been ready.
    private async Task<(string End, TimeSpan ReadyFor)> RunProcessAsync(ProcessResource process, CancellationToken stopping)
    {
        Set(ResourceState.Starting);
        ChildProcess child;
        try
        {
            var options = await process.Prepare(stopping);
            child = await ChildProcess.StartAsync(options with { Name = process.Name, OnLine = line => log.Output(process.Name, line) }, stopping);
        }
        catch (Exception e) when (e is not OperationCanceledException && e is not ResourceFailedException)
        {
            return (e.Message, TimeSpan.Zero);
        }

        await using (child)
        {
            var startedAt = time.GetUtcNow();
            lock (_gate)
                (_child, _startedAt) = (child, startedAt);
            try
            {
                var amiss = await WaitUntilReadyAsync(process, child, startedAt, stopping);
                if (amiss is not null)
                {
                    await child.StopAsync(process.StopGrace);
                    return (amiss, TimeSpan.Zero);
                }

                var readyAt = time.GetTimestamp();
                log.Say(process.Name, $"ready after {(time.GetUtcNow() - startedAt).TotalSeconds:0.0} s");
                Set(ResourceState.Ready);
                _ready.TrySetResult();
                await WatchAsync(process, child, stopping);
                return ($"ended with {await child.Exited}", time.GetElapsedTime(readyAt));
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                Set(ResourceState.Stopping);
                if (!await child.StopAsync(process.StopGrace))
                    log.Warn(process.Name, $"did not stop within {process.StopGrace.TotalSeconds:0} s and was killed");
                throw;
            }
        }
    }

    // Null when it got ready, or why it will not.
    private async Task<string?> WaitUntilReadyAsync(ProcessResource process, ChildProcess child, DateTimeOffset startedAt, CancellationToken stopping)
    {
        while (true)
        {
            if (child.HasExited)
                return $"ended with {await child.Exited} before it was ready{LastLines(child)}";
            if (await ProbeAsync(process, child, stopping) is not { } amiss)
                return null;
            Set(ResourceState.Starting, amiss);
            if (time.GetUtcNow() - startedAt >= process.StartTimeout)
                return $"was not ready within {process.StartTimeout.TotalSeconds:0} s: {amiss}{LastLines(child)}";
            await Task.WhenAny(child.Exited, Task.Delay(StartProbeInterval, time, stopping));
            stopping.ThrowIfCancellationRequested();
        }
    }

    private async Task WatchAsync(ProcessResource process, ChildProcess child, CancellationToken stopping)
    {
        while (true)
        {
            await Task.WhenAny(child.Exited, Task.Delay(ProbeInterval, time, stopping));
            stopping.ThrowIfCancellationRequested();
            if (child.HasExited)
                return;
            var amiss = await ProbeAsync(process, child, stopping);
            if (!child.HasExited)
                Set(amiss is null ? ResourceState.Ready : ResourceState.Unhealthy, amiss);
        }
    }

    private static async Task<string?> ProbeAsync(ProcessResource process, ChildProcess child, CancellationToken stopping)
    {
        try
        {
            return await process.Probe(child, stopping);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            return e.Message;
        }
    }

    private async Task BackOffAsync(int failures, bool wasReady, string end, CancellationToken stopping)
    {
        if (!wasReady && failures >= resource.Restart.FirstStarts)
            throw new ResourceFailedException($"{resource.Name} {end}");
        var delay = resource.Restart.DelayAfter(failures);
        log.Warn(resource.Name, $"{end}; starting again in {delay.TotalSeconds:0.#} s");
        Set(ResourceState.BackingOff, end);
        await Task.Delay(delay, time, stopping);
        lock (_gate)
            _restarts++;
    }

    private bool TakeRestartRequest()
    {
        lock (_gate)
        {
            if (!_restartAsked)
                return false;
            _restartAsked = false;
            _restarts++;
            return true;
        }
    }

    private void Set(ResourceState state, string? detail = null)
    {
        lock (_gate)
        {
            if (state is ResourceState.Unhealthy && _state is not ResourceState.Unhealthy)
                log.Warn(resource.Name, $"unhealthy: {detail}");
            else if (state is ResourceState.Ready && _state is ResourceState.Unhealthy)
                log.Say(resource.Name, "healthy again");
            (_state, _detail) = (state, detail);
        }
    }

    private static string LastLines(ChildProcess child) =>
        child.Lines is { Count: > 0 } lines ? $". It printed last:{Environment.NewLine}{string.Join(Environment.NewLine, lines.TakeLast(15).Select(line => "    " + line))}" : "";
}
