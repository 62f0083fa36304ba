using Media.Tests.Support;

namespace Media.AppHost.Tests.Support;

public sealed class ManualTimeProviderTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task Advance_PastADelay_CompletesIt()
    {
        var delay = Task.Delay(TimeSpan.FromMinutes(5), _clock, TestContext.Current.CancellationToken);

        _clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.False(delay.IsCompleted);
        _clock.Advance(TimeSpan.FromTicks(1));
        await delay;
        Assert.Equal(0, _clock.PendingTimers);
    }

    [Fact]
    public void Advance_OverSeveralPeriods_FiresEachAtItsTimeInOrder()
    {
        var start = _clock.GetUtcNow();
        var fired = new List<(string, TimeSpan)>();
        using var every2 = _clock.CreateTimer(_ => fired.Add(("2", _clock.GetUtcNow() - start)), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
        using var once3 = _clock.CreateTimer(_ => fired.Add(("3", _clock.GetUtcNow() - start)), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);

        _clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal([("2", TimeSpan.FromSeconds(2)), ("3", TimeSpan.FromSeconds(3)), ("2", TimeSpan.FromSeconds(4))], fired);
        Assert.Equal(TimeSpan.FromSeconds(5), _clock.GetElapsedTime(start.UtcTicks));
    }

    [Fact]
    public void Dispose_BeforeItIsDue_NeverFires()
    {
        var fired = 0;
        var timer = _clock.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        timer.Dispose();
        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(1, fired);
        Assert.False(timer.Change(TimeSpan.FromSeconds(1), TimeSpan.Zero));
    }
}
