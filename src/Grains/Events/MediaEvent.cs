using Orleans;

namespace Media.Grains.Events;

/// <summary>Something that happened, for whoever is to be told outside: a row of the outbox, and a CloudEvent on the wire.</summary>
/// <param name="Type">One of <see cref="EventTypes"/>.</param>
/// <param name="Subject">What it happened to: an upload's tag, which is its file's id too. Events of one subject are told in order.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Data">What to tell of it.</param>
[GenerateSerializer, Immutable, Alias("media.event")]
public sealed record MediaEvent(string Type, string Subject, DateTimeOffset Time, EventData Data)
{
    /// <summary>Names the event, the same however often it is written: nothing happens twice to one subject.</summary>
    public string Id => $"{Subject}.{Type}";
}

/// <summary>What an event tells. Members that an event has nothing to say for are absent.</summary>
[GenerateSerializer, Immutable, Alias("media.event-data")]
public sealed record EventData
{
    /// <summary>Whose upload or file it is.</summary>
    [Id(0)]
    public required string User { get; init; }

    /// <summary>The name, made safe to use as a file name.</summary>
    [Id(1)]
    public string? FileName { get; init; }

    /// <summary>Media type as claimed.</summary>
    [Id(2)]
    public string? ContentType { get; init; }

    /// <summary>Media type as found in the content.</summary>
    [Id(3)]
    public string? DetectedType { get; init; }

    /// <summary>Bytes.</summary>
    [Id(4)]
    public long? Size { get; init; }

    /// <summary>Tip hash: as claimed until it is verified.</summary>
    [Id(5)]
    public string? TipHash { get; init; }

    /// <summary>Piece hash: as claimed until it is verified.</summary>
    [Id(6)]
    public string? PieceHash { get; init; }

    /// <summary>The object's key.</summary>
    [Id(7)]
    public string? Key { get; init; }

    /// <summary>What was found instead, where a promise was not kept.</summary>
    [Id(8)]
    public string? ActualPieceHash { get; init; }

    /// <summary>Why, in words, where something went wrong.</summary>
    [Id(9)]
    public string? Reason { get; init; }

    /// <summary>Widths of the thumbnails, in pixels.</summary>
    [Id(10)]
    public System.Collections.Immutable.ImmutableArray<int>? Thumbnails { get; init; }
}
