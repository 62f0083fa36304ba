using System.IO.Enumeration;
using System.Text.Json.Serialization;

namespace Media.DevStorage.Faults;

/// <summary>One thing that is to go wrong, and with which requests.</summary>
internal sealed record FaultRule
{
    /// <summary>The operation, as the API reference names it (<c>UploadPart</c>); null or <c>*</c> for all.</summary>
    public string? Operation { get; init; }

    /// <summary>A pattern of <c>*</c> and <c>?</c> for <c>bucket/key</c>; null for all.</summary>
    public string? Key { get; init; }

    /// <summary>How many matching requests are let through first.</summary>
    public int Skip { get; init; }

    /// <summary>How many requests it happens to; null for all.</summary>
    public int? Times { get; init; }

    /// <summary>Milliseconds to wait before anything is done.</summary>
    public int LatencyMs { get; init; }

    /// <summary>Bytes a second, for bodies in either direction.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>500 or 503, instead of doing anything.</summary>
    public int? Status { get; init; }

    /// <summary>The connection is cut when this many bytes of the request's body were read.</summary>
    public long? CutRequestAfter { get; init; }

    /// <summary>The connection is cut when this many bytes of the answer's body were sent.</summary>
    public long? CutResponseAfter { get; init; }

    /// <summary>The work is done, and the connection cut instead of an answer.</summary>
    public bool LoseAnswer { get; init; }

    /// <summary>The byte at this offset is stored wrong, after every check.</summary>
    public long? CorruptStoredAt { get; init; }

    /// <summary>The byte at this offset of the answer's body is sent wrong.</summary>
    public long? CorruptSentAt { get; init; }

    [JsonIgnore]
    public bool TouchesBodies => BytesPerSecond is not null || CutRequestAfter is not null || CutResponseAfter is not null || CorruptSentAt is not null;

    public bool Matches(string operation, string path) =>
        (Operation is null or "*" || string.Equals(Operation, operation, StringComparison.OrdinalIgnoreCase))
        && (Key is null || FileSystemName.MatchesSimpleExpression(Key, path, ignoreCase: false));

    public void CorruptStored(BlobWriter blob)
    {
        if (CorruptStoredAt is { } offset)
            blob.Corrupt(offset);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(List<FaultRule>))]
internal sealed partial class FaultJson : JsonSerializerContext;
