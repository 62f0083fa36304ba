using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Media.Grains.Uploads;

namespace Media.Api.Problems;

/// <summary>An error as a client reads it: RFC 9457 problem details with a stable code, and what that code needs to be acted on.</summary>
public sealed record Problem
{
    /// <summary>What every <see cref="Type"/> begins with.</summary>
    public const string TypePrefix = "urn:media:problem:";

    /// <summary>Names the problem: <see cref="TypePrefix"/> and the code.</summary>
    public string Type => TypePrefix + Code;

    /// <summary>What it is about, the same for every occurrence.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What a program decides by.</summary>
    public required string Code { get; init; }

    /// <summary>What happened this time, for a person.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }

    /// <summary>Messages by the name of the request's field; <c>$</c> is the body itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableSortedDictionary<string, ImmutableArray<string>>? Errors { get; init; }

    /// <summary>Numbers of parts that are absent or of the wrong size, ascending.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<int>? Missing { get; init; }

    /// <summary>Numbers of parts whose ETags are not the bucket's, ascending.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<int>? Changed { get; init; }

    /// <summary>Numbers of parts that the problem is about otherwise, ascending.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<int>? Parts { get; init; }

    /// <summary>The client instance that holds the upload.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Holder { get; init; }

    /// <summary>Since when it does.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? HeldSince { get; init; }

    /// <summary>When its lease lapses unless it is renewed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Until { get; init; }

    /// <summary>The upload that is meant.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Tag { get; init; }

    /// <summary>Finds an internal error in the server's logs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceId { get; init; }

    /// <summary>Sent as the <c>Retry-After</c> header.</summary>
    [JsonIgnore]
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Adds who holds the upload.</summary>
    internal Problem With(Lease lease) => this with { Holder = lease.ClientId, HeldSince = lease.HeldSince, Until = lease.Until };
}
