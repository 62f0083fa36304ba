using System.Globalization;
using Media.AppHost.Processes;
using Media.AppHost.Resources;
using Media.AppHost.Tests.Processes;
using Media.Tests.Support;

namespace Media.AppHost.Tests.Resources;

public sealed class OrchestratorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly HostLog _log;

    public OrchestratorTests() => _log = new HostLog(_folder.Path("logs"), TextWriter.Null, _clock);

    public void Dispose()
    {
        _log.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task StartAsync_ResourceThatWaits_IsStartedWhenTheOtherIsReady()
    {
        var isReady = false;
        var first = Sleeper("first", probe: () => isReady ? null : "not yet");
        var second = Sleeper("second", waitFor: [first]);
        await using var orchestrator = new Orchestrator([first, second], _log, _clock);

        var started = orchestrator.StartAsync(Cancel);
        await Eventually.TrueAsync(() => State(orchestrator, "first") is { State: ResourceState.Starting, Detail: "not yet" }, cancellationToken: Cancel);
        Assert.Equal(ResourceState.Waiting, State(orchestrator, "second").State);
        Assert.False(started.IsCompleted);

        isReady = true;
        await AdvanceUntilAsync(started);
        Assert.Equal(ResourceState.Ready, State(orchestrator, "second").State);
        Assert.All(orchestrator.Snapshot(), resource => Assert.True(Running.Is(resource.ProcessId!.Value)));
    }

    [Fact]
    public void Orchestrator_ResourceThatWaitsForAnUnknownOne_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new Orchestrator([Sleeper("b", waitFor: [Sleeper("a")])], _log, _clock));

    [Fact]
    public async Task Crash_AfterReady_StartsAgainEverLater()
    {
        await using var orchestrator = new Orchestrator([Sleeper("crashing")], _log, _clock);
        await orchestrator.StartAsync(Cancel);

        foreach (var (delay, restarts) in new[] { (0.7, 1), (1.4, 2), (2.8, 3), (5.6, 4), (11.2, 5), (22.4, 6), (30, 7), (30, 8) })
            await CrashAsync(orchestrator, TimeSpan.FromSeconds(delay), restarts);
    }

    [Fact]
    public async Task Crash_AfterAMinuteOfBeingReady_StartsAgainAsSoonAsTheFirstTime()
    {
        await using var orchestrator = new Orchestrator([Sleeper("crashing")], _log, _clock);
        await orchestrator.StartAsync(Cancel);
        await CrashAsync(orchestrator, TimeSpan.FromSeconds(0.7), 1);
        await CrashAsync(orchestrator, TimeSpan.FromSeconds(1.4), 2);

        _clock.Advance(TimeSpan.FromMinutes(1));

        await CrashAsync(orchestrator, TimeSpan.FromSeconds(0.7), 3);
    }

    [Fact]
    public async Task StartAsync_ProcessThatNeverGetsReady_IsGivenUpWithWhatItPrinted()
    {
        var starts = 0;
        var broken = new ProcessResource
        {
            Name = "broken",
            Prepare = _ =>
            {
                starts++;
                return Task.FromResult(Shell("echo the disk is full; exit 3"));
            },
            Probe = (_, _) => Task.FromResult<string?>("not yet"),
            Restart = new RestartPolicy { FirstDelay = TimeSpan.FromMilliseconds(1), FirstStarts = 3 },
        };
        await using var orchestrator = new Orchestrator([broken], _log, TimeProvider.System);

        var error = await Assert.ThrowsAsync<ResourceFailedException>(() => orchestrator.StartAsync(Cancel));
        Assert.Contains("broken ended with 3 before it was ready", error.Message, StringComparison.Ordinal);
        Assert.Contains("the disk is full", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, starts);
        Assert.Equal(ResourceState.Failed, State(orchestrator, "broken").State);
    }

    [Fact]
    public async Task StartAsync_ProcessThatHangs_IsKilledAtItsTimeLimit()
    {
        int? hung = null;
        var resource = new ProcessResource
        {
            Name = "hanging",
            Prepare = _ => Task.FromResult(Shell("exec sleep 600")),
            Probe = (child, _) => Task.FromResult<string?>($"no answer from {hung = child.Id}"),
            StartTimeout = TimeSpan.FromSeconds(5),
            Restart = new RestartPolicy { FirstStarts = 1 },
        };
        await using var orchestrator = new Orchestrator([resource], _log, _clock);

        var started = orchestrator.StartAsync(Cancel);
        var error = await Assert.ThrowsAsync<ResourceFailedException>(() => AdvanceUntilAsync(started));
        Assert.Contains("was not ready within 5 s: no answer from", error.Message, StringComparison.Ordinal);
        Assert.False(Running.Is(hung!.Value));
    }

    [Fact]
    public async Task Probe_FailsAfterReady_ShowsUnhealthyAndRestartsNothing()
    {
        string? amiss = null;
        await using var orchestrator = new Orchestrator([Sleeper("ailing", probe: () => amiss)], _log, _clock);
        await orchestrator.StartAsync(Cancel);
        var id = State(orchestrator, "ailing").ProcessId;

        amiss = "the database is away";
        await AdvanceUntilAsync(() => State(orchestrator, "ailing") is { State: ResourceState.Unhealthy, Detail: "the database is away" });
        amiss = null;
        await AdvanceUntilAsync(() => State(orchestrator, "ailing").State == ResourceState.Ready);

        Assert.Equal(id, State(orchestrator, "ailing").ProcessId);
        Assert.Equal(0, State(orchestrator, "ailing").Restarts);
    }

    [Fact]
    public async Task DisposeAsync_SeveralResources_StopInTheReverseOrderOneByOne()
    {
        var first = Recorder("first", []);
        var second = Recorder("second", [first]);
        var third = Recorder("third", [second]);
        var orchestrator = new Orchestrator([first, second, third], _log, TimeProvider.System);
        await orchestrator.StartAsync(Cancel);

        await orchestrator.DisposeAsync();

        // Each says when it is told to stop, and when it has: the next is told only then.
        Assert.Equal(
            ["third stops", "third stopped", "second stops", "second stopped", "first stops", "first stopped"],
            await File.ReadAllLinesAsync(_folder.Path("order"), Cancel));
    }

    [Fact]
    public async Task DisposeAsync_WhileStarting_StopsWhatWasStarted()
    {
        var never = Sleeper("never", probe: () => "not yet");
        var orchestrator = new Orchestrator([never, Sleeper("waiting", waitFor: [never])], _log, _clock);
        var started = orchestrator.StartAsync(Cancel);
        await Eventually.TrueAsync(() => State(orchestrator, "never").ProcessId is not null, cancellationToken: Cancel);
        var id = State(orchestrator, "never").ProcessId!.Value;

        await orchestrator.DisposeAsync();

        Assert.False(Running.Is(id));
        await Assert.ThrowsAsync<ResourceFailedException>(() => started);
    }

    [Fact]
    public async Task RestartAsync_Asked_StartsAgainWithoutTheWait()
    {
        await using var orchestrator = new Orchestrator([Sleeper("restarted")], _log, _clock);
        await orchestrator.StartAsync(Cancel);
        var before = State(orchestrator, "restarted").ProcessId;

        await orchestrator.Find("restarted")!.RestartAsync();

        await Eventually.TrueAsync(() => State(orchestrator, "restarted") is { State: ResourceState.Ready, Restarts: 1, ProcessId: { } id } && id != before, cancellationToken: Cancel);
    }

    [Fact]
    public async Task Task_ThatFailsOnce_IsTriedAgainAndThenDone()
    {
        var tries = 0;
        var task = new TaskResource { Name = "task", Run = _ => ++tries == 1 ? throw new InvalidOperationException("not now") : Task.CompletedTask };
        await using var orchestrator = new Orchestrator([task], _log, _clock);

        var started = orchestrator.StartAsync(Cancel);
        await AdvanceUntilAsync(started);
        Assert.Equal(2, tries);
        Assert.Equal(ResourceState.Done, State(orchestrator, "task").State);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static ChildProcessOptions Shell(string script) => new() { Name = "shell", FileName = "sh", Arguments = ["-c", script] };

    private static ProcessResource Sleeper(string name, IReadOnlyList<Resource>? waitFor = null, Func<string?>? probe = null) => new()
    {
        Name = name,
        WaitFor = waitFor ?? [],
        Prepare = _ => Task.FromResult(Shell("exec sleep 600")),
        Probe = (_, _) => Task.FromResult(probe?.Invoke()),
        // No other wait of the runner is as long as one of these, so that a test can tell them apart.
        Restart = new RestartPolicy { FirstDelay = TimeSpan.FromSeconds(0.7) },
    };

    private ProcessResource Recorder(string name, IReadOnlyList<Resource> waitFor)
    {
        var order = _folder.Path("order");
        return new ProcessResource
        {
            Name = name,
            WaitFor = waitFor,
            Prepare = _ => Task.FromResult(Shell(
                $"trap 'echo {name} stops >> {order}; sleep 0.2; echo {name} stopped >> {order}; exit 0' TERM; echo up; while :; do sleep 0.05; done")),
            Probe = (child, _) => Task.FromResult(child.Lines.Contains("up", StringComparer.Ordinal) ? null : "not up"),
        };
    }

    // Kills the process, and sees that the next one starts after exactly this long.
    private async Task CrashAsync(Orchestrator orchestrator, TimeSpan delay, int restarts)
    {
        var name = orchestrator.Snapshot()[0].Name;
        var id = State(orchestrator, name).ProcessId!.Value;
        using (var kill = System.Diagnostics.Process.Start("kill", ["-9", id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(Cancel);
        await Eventually.TrueAsync(() => State(orchestrator, name).State == ResourceState.BackingOff, cancellationToken: Cancel);
        // The state is set a moment before the timer is: the clock stands until it is there.
        await Eventually.TrueAsync(() => _clock.IsPending(delay), cancellationToken: Cancel);

        _clock.Advance(delay - TimeSpan.FromMilliseconds(1));
        Assert.Equal(restarts - 1, State(orchestrator, name).Restarts);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await Eventually.TrueAsync(() => State(orchestrator, name) is { State: ResourceState.Ready } now && now.Restarts == restarts, cancellationToken: Cancel);
    }

    private Task AdvanceUntilAsync(Func<bool> condition) => Eventually.TrueAsync(
        () =>
        {
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            return condition();
        },
        cancellationToken: Cancel);

    private async Task AdvanceUntilAsync(Task task)
    {
        await AdvanceUntilAsync(() => task.IsCompleted);
        await task;
    }

    private static ResourceSnapshot State(Orchestrator orchestrator, string name) => orchestrator.Snapshot().Single(resource => resource.Name == name);
}
