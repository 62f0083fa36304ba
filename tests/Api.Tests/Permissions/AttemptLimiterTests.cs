using System.Net;
using Media.Api.Permissions;
using Media.Tests.Support;

namespace Media.Api.Tests.Permissions;

public sealed class AttemptLimiterTests
{
    private static readonly IPAddress Address = IPAddress.Parse("192.0.2.1");

    private readonly ManualTimeProvider time = new();
    private readonly AttemptLimiter limiter;

    public AttemptLimiterTests() => limiter = new AttemptLimiter(time);

    [Fact]
    public void TryTake_MoreThanTheBurst_IsRefusedUntilItRefills()
    {
        Exhaust(Address);
        Assert.False(limiter.TryTake(Address, out var wait));
        Assert.InRange(wait, TimeSpan.FromSeconds(5.9), TimeSpan.FromSeconds(6));
        time.Advance(wait + TimeSpan.FromMilliseconds(1));
        Assert.True(limiter.TryTake(Address, out _));
        Assert.False(limiter.TryTake(Address, out _));
    }

    [Fact]
    public void TryTake_AnotherAddress_IsNotAffected()
    {
        Exhaust(Address);
        Assert.True(limiter.TryTake(IPAddress.Parse("192.0.2.2"), out _));
    }

    [Fact]
    public void GiveBack_OfOne_RestoresOneAndNoMore()
    {
        Exhaust(Address);
        limiter.GiveBack(Address);
        Assert.True(limiter.TryTake(Address, out _));
        Assert.False(limiter.TryTake(Address, out _));
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1", true)]
    public void TryTake_SameSubscriber_SharesABucket(string first, string second, bool shared)
    {
        Exhaust(IPAddress.Parse(first));
        Assert.Equal(!shared, limiter.TryTake(IPAddress.Parse(second), out _));
    }

    [Fact]
    public void TryTake_MoreAddressesThanAreRemembered_SharesABucketAndForgetsTheFull()
    {
        for (var i = 0; i < AttemptLimiter.MaxAddresses; i++)
            limiter.TryTake(new IPAddress(0x0100_0000L + i), out _);
        var newcomers = Enumerable.Range(0, AttemptLimiter.Burst + 5).Count(i => limiter.TryTake(new IPAddress(0x7000_0000L + i), out _));
        Assert.Equal(AttemptLimiter.Burst, newcomers);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(15, Enumerable.Range(0, 15).Count(i => limiter.TryTake(new IPAddress(0x7100_0000L + i), out _)));
    }

    private void Exhaust(IPAddress address)
    {
        for (var i = 0; i < AttemptLimiter.Burst; i++)
            Assert.True(limiter.TryTake(address, out _));
    }
}
