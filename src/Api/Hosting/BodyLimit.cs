using Media.Grains.Uploads;
using Microsoft.AspNetCore.Http.Metadata;

namespace Media.Api.Hosting;

/// <summary>
/// Most bytes that a route reads of a request's body; over it the answer is 413. The server itself reads a little further, and throws that away: it would
/// otherwise close the connection on a client that is still sending, which then never sees the answer.
/// </summary>
/// <param name="Bytes">The limit.</param>
internal sealed record BodyLimit(long Bytes) : IRequestSizeLimitMetadata
{
    private const long Courtesy = 4 << 20;
    private const int LargestRow = 8 << 10;
    private const int LargestPart = 256;

    /// <inheritdoc/>
    public long? MaxRequestBodySize => Bytes + Courtesy;

    /// <summary>1 MiB, for every body that is one thing.</summary>
    public static BodyLimit Json { get; } = new(1 << 20);

    /// <summary>A full batch: its rows may have 8 KiB each, a name of 1 000 escaped characters and everything else.</summary>
    public static BodyLimit Batch { get; } = new((long)Doors.V1.BatchRoute.MaxRows * LargestRow);

    /// <summary>All parts there can be, 256 bytes each: an ETag of 128 characters, both its quotes escaped, and some white space.</summary>
    public static BodyLimit Complete { get; } = new((long)PartPlanner.MaxParts * LargestPart);
}
