using Orleans;

namespace Media.Grains.Uploads;

/// <summary>Which client instance may work on an upload.</summary>
/// <param name="ClientId">The client instance: a tab, a process.</param>
/// <param name="Epoch">Grows by one whenever the lease changes hands.</param>
/// <param name="HeldSince">When this holder got it.</param>
/// <param name="Until">When it lapses unless it is renewed.</param>
[GenerateSerializer, Immutable, Alias("media.lease")]
public sealed record Lease(string ClientId, long Epoch, DateTimeOffset HeldSince, DateTimeOffset Until);
