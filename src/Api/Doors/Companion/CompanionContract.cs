using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Media.Api.Json;

namespace Media.Api.Doors.Companion;

/// <summary>Asks for a multipart upload.</summary>
public sealed record CompanionCreateRequest
{
    /// <summary>The file's name.</summary>
    public string? Filename { get; init; }

    /// <summary>Media type.</summary>
    public string? Type { get; init; }

    /// <summary>What the page keeps with the file; Uppy sends nulls, numbers and text alike.</summary>
    [JsonConverter(typeof(CompanionMetadataConverter))]
    public Dictionary<string, string>? Metadata { get; init; }
}

/// <summary>A multipart upload.</summary>
/// <param name="Key">The object's key.</param>
/// <param name="UploadId">The S3 upload id.</param>
/// <param name="Bucket">The bucket.</param>
public sealed record CompanionCreateAnswer(string Key, string UploadId, string Bucket);

/// <summary>A part that the store has, as S3 names its members.</summary>
/// <param name="PartNumber">Part number.</param>
/// <param name="ETag">With its quotes.</param>
/// <param name="Size">Bytes.</param>
public sealed record CompanionPart(
    [property: JsonPropertyName("PartNumber")] int PartNumber,
    [property: JsonPropertyName("ETag")] string ETag,
    [property: JsonPropertyName("Size")] long Size);

/// <summary>A form for one POST.</summary>
/// <param name="Method">Always <c>POST</c>.</param>
/// <param name="Url">Where to.</param>
/// <param name="Fields">What goes before the file.</param>
/// <param name="Expires">For how many seconds it is good.</param>
public sealed record CompanionPostForm(string Method, string Url, ImmutableDictionary<string, string> Fields, long Expires);

/// <summary>A presigned URL.</summary>
/// <param name="Url">Takes the part's bytes by PUT.</param>
/// <param name="Expires">For how many seconds.</param>
public sealed record CompanionUrl(string Url, long Expires);

/// <summary>Presigned URLs by part number.</summary>
/// <param name="PresignedUrls">Each takes its part's bytes by PUT.</param>
public sealed record CompanionUrls(SortedDictionary<int, string> PresignedUrls);

/// <summary>Completes a multipart upload.</summary>
public sealed record CompanionCompleteRequest
{
    /// <summary>All parts, in any order.</summary>
    public CompanionCompletePart[]? Parts { get; init; }
}

/// <summary>A part as the page knows it.</summary>
public sealed record CompanionCompletePart
{
    /// <summary>Part number.</summary>
    [JsonPropertyName("PartNumber")]
    [JsonConverter(typeof(PartNumberConverter))]
    public int? PartNumber { get; init; }

    /// <summary>With or without its quotes.</summary>
    [JsonPropertyName("ETag")]
    public string? ETag { get; init; }
}

/// <summary>A completed upload.</summary>
/// <param name="Location">The object's URL; whether it can be read is the bucket's policy.</param>
/// <param name="Key">The object's key.</param>
/// <param name="Bucket">The bucket.</param>
public sealed record CompanionCompleteAnswer(string Location, string Key, string Bucket);

/// <summary>An answer that says nothing but that it was done.</summary>
public sealed record CompanionNothing;

/// <summary>An error.</summary>
/// <param name="Error">For a person.</param>
public sealed record CompanionError(string Error);
