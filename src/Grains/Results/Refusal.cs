using System.Collections.Immutable;
using Media.Grains.Uploads;
using Orleans;

namespace Media.Grains.Results;

/// <summary>An expected "no": a stable code, a sentence for a person, and what a client needs to act on it.</summary>
/// <param name="Code">What a program decides by.</param>
/// <param name="Detail">What a person reads.</param>
[GenerateSerializer, Immutable, Alias("media.refusal")]
public sealed record Refusal(RefusalCode Code, string Detail)
{
    /// <summary>Part numbers, in ascending order, that the refusal is about.</summary>
    [Id(0)]
    public ImmutableArray<int> Parts { get; init; } = [];

    /// <summary>The lease that stands in the way.</summary>
    [Id(1)]
    public Lease? Lease { get; init; }

    /// <summary>The upload that is meant, where the request did not name it.</summary>
    [Id(2)]
    public string? Tag { get; init; }

    /// <summary>Messages by the name of the request's field, as in the JSON.</summary>
    [Id(3)]
    public ImmutableDictionary<string, ImmutableArray<string>> Errors { get; init; } = ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>A refusal of one field.</summary>
    public static Refusal Field(string field, string message) => new(RefusalCode.InvalidRequest, message)
    {
        Errors = ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add(field, [message]),
    };
}
