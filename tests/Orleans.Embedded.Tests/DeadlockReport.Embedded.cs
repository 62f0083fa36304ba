using Orleans.Hosting;

namespace Orleans.Embedded.Tests;

/// <summary>The embedded runtime reports a deadlock at once, with all call sites.</summary>
internal static class DeadlockReport
{
    public static void Names(TimeoutException failure, params string[] sites)
    {
        Assert.IsType<GrainDeadlockException>(failure);
        Assert.All(sites, site => Assert.Contains(site, failure.Message, StringComparison.Ordinal));
    }
}

/// <summary>Nothing to wait for, so nothing to shorten.</summary>
internal static class ShortResponseTimeout
{
    public static void Configure(ISiloBuilder silo)
    {
    }
}
