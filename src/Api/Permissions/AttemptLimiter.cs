using System.Net;
using System.Net.Sockets;

namespace Media.Api.Permissions;

/// <summary>
/// Bounds wrong passwords per address: a bucket of <see cref="Burst"/> tries that refills over a minute. A try takes a token before it is looked at, so that
/// many at once cannot get past, and a right one gives its token back. Memory is bounded: when too many addresses are known, those whose buckets are full
/// again are forgotten, and while there are none, newcomers share one bucket.
/// </summary>
internal sealed class AttemptLimiter(TimeProvider time)
{
    /// <summary>Wrong tries in a row, and per minute.</summary>
    public const int Burst = 10;

    /// <summary>Most addresses that are remembered, about 1 MB.</summary>
    public const int MaxAddresses = 10_000;

    private static readonly TimeSpan Refill = TimeSpan.FromMinutes(1) / Burst;

    private readonly Lock sync = new();
    private readonly Dictionary<IPAddress, Bucket> buckets = [];
    private long sweptAt = long.MinValue;

    /// <summary>Takes a try.</summary>
    /// <param name="address">Whose; null where there is none, as on a Unix socket.</param>
    /// <param name="retryAfter">How long to wait where there are none left.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryTake(IPAddress? address, out TimeSpan retryAfter)
    {
        lock (sync)
        {
            var now = time.GetTimestamp();
            var bucket = Find(KeyOf(address), now);
            bucket.Tokens = Level(bucket, now);
            bucket.At = now;
            if (bucket.Tokens < 1)
            {
                retryAfter = (1 - bucket.Tokens) * Refill;
                return false;
            }

            bucket.Tokens--;
            retryAfter = TimeSpan.Zero;
            return true;
        }
    }

    /// <summary>Gives back the try that turned out right.</summary>
    public void GiveBack(IPAddress? address)
    {
        lock (sync)
        {
            var now = time.GetTimestamp();
            var bucket = Find(KeyOf(address), now);
            bucket.Tokens = Math.Min(Burst, Level(bucket, now) + 1);
            bucket.At = now;
        }
    }

    private Bucket Find(IPAddress key, long now)
    {
        if (buckets.TryGetValue(key, out var bucket))
            return bucket;
        if (buckets.Count >= MaxAddresses)
            Sweep(now);
        if (buckets.Count >= MaxAddresses)
            key = IPAddress.None;
        if (!buckets.TryGetValue(key, out bucket))
            buckets.Add(key, bucket = new Bucket { Tokens = Burst, At = now });
        return bucket;
    }

    private void Sweep(long now)
    {
        // Nothing refills in less; sweeping for each newcomer of a flood would cost more than the flood.
        if (sweptAt != long.MinValue && time.GetElapsedTime(sweptAt, now) < Refill)
            return;
        sweptAt = now;
        foreach (var (key, bucket) in buckets)
        {
            if (Level(bucket, now) >= Burst)
                buckets.Remove(key);
        }
    }

    private double Level(Bucket bucket, long now) => Math.Min(Burst, bucket.Tokens + (time.GetElapsedTime(bucket.At, now) / Refill));

    // One subscriber has a /64 of IPv6 at least.
    private static IPAddress KeyOf(IPAddress? address)
    {
        if (address is null)
            return IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }

    private sealed class Bucket
    {
        public double Tokens { get; set; }

        public long At { get; set; }
    }
}
