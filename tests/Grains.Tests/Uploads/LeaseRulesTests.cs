using Media.Grains.Results;
using Media.Grains.Uploads;

namespace Media.Grains.Tests.Uploads;

public sealed class LeaseRulesTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(60);
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly UploadSessionState state = new();
    private DateTimeOffset now = Start;

    [Fact]
    public void Admit_HolderWithMostOfItsTimeLeft_CostsNoWrite()
    {
        Take("a");
        now += TimeSpan.FromSeconds(30);

        Assert.Null(Admit("a", out var changed));
        Assert.False(changed);
    }

    [Fact]
    public void Admit_HolderWithLessThanHalfLeft_IsRenewed()
    {
        Take("a");
        now += TimeSpan.FromSeconds(31);

        Assert.Null(Admit("a", out var changed));
        Assert.True(changed);
        Assert.Equal(now + Duration, state.Lease!.Until);
        Assert.Equal(1, state.Lease.Epoch);
    }

    [Theory]
    [InlineData(59, RefusalCode.UploadLocked)]
    [InlineData(60, null)]
    public void Admit_AnotherClient_GetsThroughOnceTheLeaseHasLapsed(int seconds, RefusalCode? expected)
    {
        Take("a");
        now += TimeSpan.FromSeconds(seconds);

        Assert.Equal(expected, Admit("b", out _)?.Code);
    }

    [Fact]
    public void Admit_WithoutAClient_IsNeverStoppedAndTakesNothing()
    {
        Take("a");

        Assert.Null(Admit(null, out var changed));
        Assert.False(changed);
        Assert.Equal("a", state.Lease!.ClientId);
    }

    [Fact]
    public void Take_Over_RaisesTheEpochAndLocksTheOldHolderOut()
    {
        Take("a");

        var taken = LeaseRules.Take(state, "t", "b", takeOver: true, now, Duration);

        Assert.Equal(2, taken.Value!.Epoch);
        Assert.Equal(RefusalCode.LeaseLost, Admit("a", out _)!.Code);
        Assert.Equal(RefusalCode.LeaseLost, LeaseRules.Take(state, "t", "a", takeOver: false, now, Duration).Refusal!.Code);
    }

    [Fact]
    public void Admit_DisplacedClientAfterTheNewHolderLapsed_IsStillLost()
    {
        Take("a");
        LeaseRules.Take(state, "t", "b", takeOver: true, now, Duration);
        now += Duration;

        Assert.Equal(RefusalCode.LeaseLost, Admit("a", out _)!.Code);
        Assert.Equal(3, Take("a").Epoch);
        Assert.Null(Admit("a", out _));
    }

    [Fact]
    public void Admit_ClientWithAnOldEpoch_IsLost()
    {
        Take("a");
        Take("b", takeOver: true);
        Take("a", takeOver: true);

        Assert.Equal(RefusalCode.LeaseLost, LeaseRules.Admit(state, "t", new Caller("u", "a", 1), now, Duration, out _)!.Code);
        Assert.Null(LeaseRules.Admit(state, "t", new Caller("u", "a", 3), now, Duration, out _));
    }

    [Fact]
    public void Take_HolderAfterItsLeaseLapsedUnclaimed_KeepsItsEpoch()
    {
        Take("a");
        now += Duration * 5;

        Assert.Equal(1, Take("a").Epoch);
    }

    [Fact]
    public void Release_Holder_FreesTheUploadAtOnce()
    {
        Take("a");

        Assert.False(LeaseRules.Release(state, "b"));
        Assert.True(LeaseRules.Release(state, "a"));
        Assert.Null(Admit("b", out _));
        Assert.Equal(2, state.Lease!.Epoch);
    }

    [Fact]
    public void Take_ManyTakeovers_RemembersABoundedNumberOfDisplacedClients()
    {
        for (var i = 0; i < 100; i++)
            Take($"client{i}", takeOver: true);

        Assert.Equal(32, state.Displaced.Length);
        Assert.Equal("client98", state.Displaced[^1]);
    }

    private Lease Take(string client, bool takeOver = false) => LeaseRules.Take(state, "t", client, takeOver, now, Duration).Value!;

    private Refusal? Admit(string? client, out bool changed) => LeaseRules.Admit(state, "t", new Caller("u", client), now, Duration, out changed);
}
