using System.Collections.Concurrent;
using System.Text;
using Media.Silo.Jobs;
using Media.Silo.Postgres;
using Media.Silo.Tests.Postgres;
using Media.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Media.Silo.Tests.Jobs;

public sealed class JobTests : IAsyncLifetime, IClassFixture<PostgresFixture>
{
    private PostgresDatabase _database = null!;
    private JobStore _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await Database.OpenMigratedAsync(await PostgresFixture.CreateDatabaseAsync(Token));
        _store = new JobStore(_database);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Run_JobsAndSeveralWorkers_EachIsRunOnce()
    {
        var runs = new ConcurrentBag<int>();
        var handler = new Handler("count", (job, _) =>
        {
            runs.Add(job.GetPayload<int>());
            return Task.CompletedTask;
        });
        await using var first = await Worker.StartAsync(_database, [handler]);
        await using var second = await Worker.StartAsync(_database, [handler]);

        for (var number = 0; number < 200; number++) await EnqueueAsync("count", number);

        await Eventually.TrueAsync(async () => await CountAsync() == 0);
        Assert.Equal(Enumerable.Range(0, 200), runs.Order());
    }

    [Fact]
    public async Task Enqueue_IdleWorker_IsWokenWithoutPolling()
    {
        var ran = new TaskCompletionSource();
        await using var worker = await Worker.StartAsync(_database, [new Handler("a", (_, _) => Set(ran))], options => options.PollInterval = TimeSpan.FromMinutes(10));

        await EnqueueAsync("a", 1);

        await ran.Task.WaitAsync(Eventually.DefaultTimeout, Token);
    }

    [Fact]
    public async Task Enqueue_SameKey_IsOneJob()
    {
        Assert.NotNull(await _store.EnqueueAsync("a", "key", "1"u8.ToArray(), TimeSpan.Zero, Token));
        Assert.Null(await _store.EnqueueAsync("a", "key", "2"u8.ToArray(), TimeSpan.Zero, Token));
        Assert.NotNull(await _store.EnqueueAsync("b", "key", "1"u8.ToArray(), TimeSpan.Zero, Token));
        Assert.NotNull(await _store.EnqueueAsync("a", null, "1"u8.ToArray(), TimeSpan.Zero, Token));
        Assert.NotNull(await _store.EnqueueAsync("a", null, "1"u8.ToArray(), TimeSpan.Zero, Token));
    }

    [Fact]
    public async Task Run_Fails_IsTriedAgainFromItsCheckpoint()
    {
        var seen = new ConcurrentQueue<(int Attempt, int Checkpoint)>();
        var handler = new Handler("a", async (job, token) =>
        {
            seen.Enqueue((job.Attempt, job.GetCheckpoint<int>()));
            if (job.Attempt == 3) return;
            await job.SaveCheckpointAsync(job.Attempt * 10, token);
            throw new InvalidOperationException("no luck");
        });
        await using var worker = await Worker.StartAsync(_database, [handler]);

        await EnqueueAsync("a", 1);

        await Eventually.TrueAsync(async () => await CountAsync() == 0);
        Assert.Equal([(1, 0), (2, 10), (3, 20)], seen);
    }

    [Fact]
    public async Task Run_FailsEveryTime_IsSetAsideWithItsError()
    {
        var runs = 0;
        var handler = new Handler("a", (_, _) =>
        {
            Interlocked.Increment(ref runs);
            throw new InvalidOperationException("no\0luck");
        });
        await using var worker = await Worker.StartAsync(_database, [handler], options => options.MaxAttempts = 3);

        await EnqueueAsync("a", 1);

        await Eventually.TrueAsync(async () => await _database.QueryAsync<long>("select count(*) from jobs where failed_at is not null") == 1);
        Assert.Equal(3, runs);
        Assert.Equal("noluck", await _database.QueryAsync<string>("select last_error from jobs"));
    }

    [Fact]
    public async Task Run_FailsEveryTimeButIsTriedForEver_IsNeverSetAside()
    {
        var runs = 0;
        var handler = new Handler("a", (_, _) => Interlocked.Increment(ref runs) < 6 ? throw new InvalidOperationException("no luck") : Task.CompletedTask) { IsTriedForEver = true };
        await using var worker = await Worker.StartAsync(_database, [handler], options => options.MaxAttempts = 2);

        await EnqueueAsync("a", 1);

        await Eventually.TrueAsync(async () => await CountAsync() == 0);
        Assert.Equal(6, runs);
    }

    [Fact]
    public async Task Postpone_AgainAndAgain_RunsLaterFromItsCheckpointAndCountsAsNoAttempt()
    {
        var seen = new ConcurrentQueue<(int Attempt, int Checkpoint)>();
        var handler = new Handler("a", async (job, token) =>
        {
            var round = job.GetCheckpoint<int>();
            seen.Enqueue((job.Attempt, round));
            if (round == 5) return;
            await job.SaveCheckpointAsync(round + 1, token);
            job.Postpone(TimeSpan.FromMilliseconds(1));
        });
        await using var worker = await Worker.StartAsync(_database, [handler], options => options.MaxAttempts = 2);

        await EnqueueAsync("a", 1);

        await Eventually.TrueAsync(async () => await CountAsync() == 0);
        Assert.Equal([(1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (1, 5)], seen);
    }

    [Fact]
    public async Task Postpone_ForAnHour_IsNotDueBefore()
    {
        var ran = new TaskCompletionSource();
        await using var worker = await Worker.StartAsync(_database, [new Handler("a", (job, _) =>
        {
            job.Postpone(TimeSpan.FromHours(1));
            return Set(ran);
        })]);
        await EnqueueAsync("a", 1);

        await ran.Task.WaitAsync(Eventually.DefaultTimeout, Token);
        await Eventually.TrueAsync(async () => await _database.QueryAsync<bool>("select lease is null from jobs"));

        Assert.InRange((await _store.FindNextDueAsync(["a"], Token))!.Value, TimeSpan.FromMinutes(55), TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Run_LongerThanItsLease_IsKeptByHeartbeats()
    {
        var runs = 0;
        var end = new TaskCompletionSource();
        var handler = new Handler("a", async (_, token) =>
        {
            Interlocked.Increment(ref runs);
            await end.Task.WaitAsync(token);
        });
        static void Configure(JobOptions options) => options.LeaseDuration = TimeSpan.FromSeconds(20);
        await using var first = await Worker.StartAsync(_database, [handler], Configure);
        await using var second = await Worker.StartAsync(_database, [handler], Configure);
        await EnqueueAsync("a", 1);
        await Eventually.TrueAsync(() => runs == 1);
        var start = await _database.QueryAsync<DateTime>("select updated_at from jobs");

        await Eventually.TrueAsync(async () => await _database.QueryAsync<bool>($"select updated_at > '{start:O}'::timestamptz + interval '41 s' from jobs"), TimeSpan.FromMinutes(3));
        end.SetResult();

        await Eventually.TrueAsync(async () => await CountAsync() == 0);
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task Run_WorkerDied_AnotherTakesTheJob()
    {
        await EnqueueAsync("a", 7);
        // Taken, and never heard of again.
        var taken = Assert.Single(await _store.ClaimAsync(["a"], 1, TimeSpan.FromMilliseconds(300), Token));
        var ran = new TaskCompletionSource<int>();
        await using var worker = await Worker.StartAsync(_database, [new Handler("a", (job, _) =>
        {
            ran.TrySetResult(job.Attempt);
            return Task.CompletedTask;
        })]);

        Assert.Equal(2, await ran.Task.WaitAsync(Eventually.DefaultTimeout, Token));
        await Eventually.TrueAsync(async () => await CountAsync() == 0);
        Assert.False(await _store.HeartbeatAsync(taken, null, Token));
    }

    [Fact]
    public async Task Run_LeaseLost_IsCancelledAndDoesNotFinishTheJob()
    {
        var cancelled = new TaskCompletionSource();
        var handler = new Handler("a", async (_, token) =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, token);
            }
            finally
            {
                cancelled.TrySetResult();
            }
        });
        await using var worker = await Worker.StartAsync(_database, [handler], options => options.LeaseDuration = TimeSpan.FromMilliseconds(300));
        await EnqueueAsync("a", 1);
        await Eventually.TrueAsync(async () => await _database.QueryAsync<bool>("select lease is not null from jobs"));

        await _database.ExecuteAsync("update jobs set lease = gen_random_uuid(), due_at = now() + interval '1 hour'");

        await cancelled.Task.WaitAsync(Eventually.DefaultTimeout, Token);
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task Stop_RunInProgress_GivesTheJobBack()
    {
        var running = new TaskCompletionSource();
        var handler = new Handler("a", async (_, token) =>
        {
            running.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
        });
        var worker = await Worker.StartAsync(_database, [handler]);
        await EnqueueAsync("a", 1);
        await running.Task.WaitAsync(Eventually.DefaultTimeout, Token);

        await worker.DisposeAsync();

        var back = Assert.Single(await _store.ClaimAsync(["a"], 1, TimeSpan.FromSeconds(30), Token));
        Assert.Equal(1, back.Attempts);
    }

    [Fact]
    public async Task Concurrency_ManyJobs_NoMoreRunAtOnce()
    {
        var running = 0;
        var most = 0;
        var gate = new SemaphoreSlim(0);
        var handler = new Handler("a", async (_, token) =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            await gate.WaitAsync(token);
            Interlocked.Decrement(ref running);
        });
        await using var worker = await Worker.StartAsync(_database, [handler], options => options.Concurrency = 3);
        for (var number = 0; number < 9; number++) await EnqueueAsync("a", number);

        await Eventually.TrueAsync(() => running == 3);
        gate.Release(9);

        await Eventually.TrueAsync(async () => await CountAsync() == 0);
        Assert.Equal(3, most);
    }

    [Fact]
    public async Task Concurrency_KindWithAnOwnLimit_LeavesRoomForOthersAndGoesOn()
    {
        var running = 0;
        var most = 0;
        var done = 0;
        var gate = new SemaphoreSlim(0);
        var slow = new Handler("slow", async (_, token) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref running));
            await gate.WaitAsync(token);
            Interlocked.Decrement(ref running);
        })
        { MostAtOnce = 2 };
        var quick = new Handler("quick", (_, _) =>
        {
            Interlocked.Increment(ref done);
            return Task.CompletedTask;
        });
        for (var number = 0; number < 6; number++) await EnqueueAsync("slow", number);
        await using var worker = await Worker.StartAsync(_database, [slow, quick], options => options.Concurrency = 4);
        await Eventually.TrueAsync(() => running == 2);

        for (var number = 0; number < 5; number++) await EnqueueAsync("quick", number);
        await Eventually.TrueAsync(() => done == 5);
        Assert.Equal(2, most);

        gate.Release(6);
        await Eventually.TrueAsync(async () => await CountAsync() == 0);
        Assert.Equal(2, most);
    }

    [Fact]
    public async Task Recurring_TwoWorkers_RunsAgainAndAgainAndNeverTwiceAtOnce()
    {
        var runs = 0;
        var running = 0;
        var overlapped = false;
        var handler = new Recurring("sweep", TimeSpan.FromMilliseconds(50), async (_, _) =>
        {
            if (Interlocked.Increment(ref running) > 1) overlapped = true;
            await Task.Yield();
            Interlocked.Increment(ref runs);
            Interlocked.Decrement(ref running);
            if (runs % 2 == 0) throw new InvalidOperationException("every second time");
        });
        await using var first = await Worker.StartAsync(_database, [handler], options => options.MaxAttempts = 1);
        await using var second = await Worker.StartAsync(_database, [handler], options => options.MaxAttempts = 1);

        await Eventually.TrueAsync(() => runs >= 8);

        Assert.False(overlapped);
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task Recurring_PeriodShortened_IsDueByTheNewOne()
    {
        await _store.RecurAsync("sweep", TimeSpan.FromHours(10), Token);
        await _store.CompleteAsync(Assert.Single(await _store.ClaimAsync(["sweep"], 1, TimeSpan.FromSeconds(30), Token)), Token);
        Assert.InRange((await _store.FindNextDueAsync(["sweep"], Token))!.Value, TimeSpan.FromHours(9), TimeSpan.FromHours(10));

        await _store.RecurAsync("sweep", TimeSpan.FromMinutes(1), Token);

        Assert.InRange((await _store.FindNextDueAsync(["sweep"], Token))!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
    }

    private static Task Set(TaskCompletionSource source)
    {
        source.TrySetResult();
        return Task.CompletedTask;
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = target; value > seen; seen = target) Interlocked.CompareExchange(ref target, value, seen);
    }

    private Task EnqueueAsync(string kind, int payload) =>
        _store.EnqueueAsync(kind, null, Encoding.UTF8.GetBytes($"{payload}"), TimeSpan.Zero, Token);

    private Task<long> CountAsync() => _database.QueryAsync<long>("select count(*) from jobs");

    private class Handler(string kind, Func<JobContext, CancellationToken, Task> run) : IJobHandler
    {
        public string Kind => kind;

        public bool IsTriedForEver { get; init; }

        public int MostAtOnce { get; init; } = int.MaxValue;

        public Task RunAsync(JobContext job, CancellationToken cancellationToken) => run(job, cancellationToken);
    }

    private sealed class Recurring(string kind, TimeSpan period, Func<JobContext, CancellationToken, Task> run) : Handler(kind, run), IRecurringJobHandler
    {
        public TimeSpan Period => period;
    }

    private sealed class Worker : IAsyncDisposable
    {
        private readonly PostgresListener _listener;
        private readonly JobWorker _worker;

        private Worker(PostgresListener listener, JobWorker worker)
        {
            _listener = listener;
            _worker = worker;
        }

        public static async Task<Worker> StartAsync(PostgresDatabase database, IJobHandler[] handlers, Action<JobOptions>? configure = null)
        {
            var options = new JobOptions { FirstPause = TimeSpan.FromMilliseconds(10), PollInterval = TimeSpan.FromMilliseconds(500) };
            configure?.Invoke(options);
            var listener = new PostgresListener(database, TimeProvider.System, NullLogger<PostgresListener>.Instance);
            var worker = new JobWorker(new JobStore(database), handlers, listener, Options.Create(options), TimeProvider.System, NullLogger<JobWorker>.Instance);
            await listener.StartAsync(Token);
            await listener.Listening.WaitAsync(Eventually.DefaultTimeout, Token);
            await worker.StartAsync(Token);
            return new Worker(listener, worker);
        }

        public async ValueTask DisposeAsync()
        {
            await _worker.StopAsync(CancellationToken.None);
            await _listener.StopAsync(CancellationToken.None);
            _worker.Dispose();
            _listener.Dispose();
        }
    }
}
