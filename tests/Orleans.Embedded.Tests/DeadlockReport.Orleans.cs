using Orleans.Configuration;
using Orleans.Hosting;

namespace Orleans.Embedded.Tests;

/// <summary>Orleans lets a deadlock run into the response timeout, which names no call site of ours.</summary>
internal static class DeadlockReport
{
    public static void Names(TimeoutException failure, params string[] sites)
    {
    }
}

/// <summary>So that a deadlock shows within a test's patience.</summary>
internal static class ShortResponseTimeout
{
    public static void Configure(ISiloBuilder silo) =>
        silo.Configure<SiloMessagingOptions>(static o => o.ResponseTimeout = TimeSpan.FromSeconds(3));
}
