using System.ComponentModel;
using System.Globalization;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Contents;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Media.Api.Doors.V1;

/// <summary><c>GET /v1/contents</c>.</summary>
internal static class ContentsRoute
{
    private static readonly ContentAnswer Unknown = new("unknown");
    private static readonly ContentAnswer Possible = new("possible");
    private static readonly ContentAnswer Stored = new("stored");

    public static async Task<Results<Ok<ContentAnswer>, ProblemResult>> FindAsync(
        Admission admission,
        ICatalog catalog,
        [Description("Bytes.")] string? size,
        [Description("Tip hash, 52 characters of base32.")] string? tipHash,
        [Description("Piece hash, 52 characters of base32; without it the answer is unknown or possible.")] string? pieceHash,
        CancellationToken cancellationToken)
    {
        _ = admission;
        if (!long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) || bytes == 0)
            return (ProblemResult)ProblemCatalog.Invalid("size", RequestMessages.ContentSize);
        if (tipHash is null || !UploadRules.IsHash(tipHash))
            return (ProblemResult)ProblemCatalog.Invalid("tipHash", RequestMessages.Hash);
        if (pieceHash is not null && !UploadRules.IsHash(pieceHash))
            return (ProblemResult)ProblemCatalog.Invalid("pieceHash", RequestMessages.Hash);

        // Where the piece hash is known it decides alone, in one round trip.
        if (pieceHash is null)
            return TypedResults.Ok(await catalog.HasTipAsync(tipHash, bytes, cancellationToken) ? Possible : Unknown);
        return TypedResults.Ok(
            await catalog.FindContentAsync(pieceHash, cancellationToken) is { State: ContentState.Stored } content && content.Size == bytes && content.TipHash == tipHash
                ? Stored
                : Unknown);
    }
}
