using System.Collections.Immutable;
using Orleans;

namespace Media.Grains.Uploads;

/// <summary>A part that the store has.</summary>
/// <param name="Part">Part number, from 1.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">As the store gives it, with its quotes.</param>
/// <param name="UploadedAt">When the store got it.</param>
[GenerateSerializer, Immutable, Alias("media.uploaded-part")]
public sealed record UploadedPart(int Part, long Size, string ETag, DateTimeOffset? UploadedAt)
{
    /// <summary>The part's checksum, in base64, where its upload has them and the store tells.</summary>
    [Id(0)]
    public string? Checksum { get; init; }
}

/// <summary>All parts of an upload that the store has and the plan knows, by number.</summary>
[GenerateSerializer, Immutable, Alias("media.part-list")]
public sealed record PartList(ImmutableArray<UploadedPart> Parts);

/// <summary>A part as a client names it when completing.</summary>
/// <param name="Part">Part number, from 1.</param>
/// <param name="ETag">The ETag that the client was given, with or without quotes.</param>
[GenerateSerializer, Immutable, Alias("media.named-part")]
public sealed record NamedPart(int Part, string ETag);

/// <summary>A part with the checksum of what will be sent.</summary>
/// <param name="Part">Part number, from 1.</param>
/// <param name="Checksum">In base64.</param>
[GenerateSerializer, Immutable, Alias("media.checked-part")]
public sealed record CheckedPart(int Part, string Checksum);

/// <summary>A URL that takes one part's bytes by PUT.</summary>
/// <param name="Part">Part number, from 1.</param>
/// <param name="Url">Presigned; a secret until it expires.</param>
/// <param name="ExpiresAt">When the store stops taking it.</param>
/// <param name="Headers">Headers that are signed and must be sent as they are.</param>
[GenerateSerializer, Immutable, Alias("media.signed-part")]
public sealed record SignedPart(int Part, string Url, DateTimeOffset ExpiresAt, ImmutableDictionary<string, string> Headers);

/// <summary>A form that a browser may POST to the bucket, with the file as its last field.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Fields">The fields before the file; secrets until they expire.</param>
/// <param name="ExpiresAt">When the store stops taking it.</param>
[GenerateSerializer, Immutable, Alias("media.signed-form")]
public sealed record SignedForm(string Url, ImmutableDictionary<string, string> Fields, DateTimeOffset ExpiresAt);

/// <summary>URLs for parts, in the order in which they were asked for.</summary>
[GenerateSerializer, Immutable, Alias("media.signed-parts")]
public sealed record SignedParts(ImmutableArray<SignedPart> Parts);
