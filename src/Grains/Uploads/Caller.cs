using Orleans;

namespace Media.Grains.Uploads;

/// <summary>Who asks something of an upload session.</summary>
/// <param name="User">The user whom the permission names.</param>
/// <param name="ClientId">The client instance, or null where the owner acts by hand and no lease is in question.</param>
/// <param name="Epoch">The lease epoch that the client believes it holds, where it says so.</param>
[GenerateSerializer, Immutable, Alias("media.caller")]
public sealed record Caller(string User, string? ClientId = null, long? Epoch = null);
