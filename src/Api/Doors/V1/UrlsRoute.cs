using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Uploads;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans;

namespace Media.Api.Doors.V1;

/// <summary><c>POST /v1/uploads/{tag}/urls</c>.</summary>
internal static class UrlsRoute
{
    private const int MaxParts = 1_000;

    public static async Task<Results<Ok<ImmutableArray<UrlAnswer>>, ProblemResult>> SignAsync(
        string tag, HttpRequest request, Admission admission, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (Sessions.Find(grains, tag) is not { } session)
            return (ProblemResult)Sessions.NotFound;
        var body = await JsonBody.ReadAsync(request, MediaJson.Default.UrlsRequest, cancellationToken);
        if (body.Problem is { } problem)
            return (ProblemResult)problem;
        var wish = body.Value!;
        var (parts, bad) = PartsOf(wish);
        if (bad is not null)
            return (ProblemResult)bad;
        var (caller, invalid) = CallerReader.Of(admission, wish.ClientId, wish.Epoch);
        if (invalid is not null)
            return (ProblemResult)invalid;

        var signed = wish.Checksums is { } checksums
            ? await session.SignCheckedPartsAsync(caller, [.. parts.Zip(checksums.Values, static (part, checksum) => new CheckedPart(part, checksum))], cancellationToken)
            : await session.SignPartsAsync(caller, parts, cancellationToken);
        if (!signed.IsSuccess)
            return (ProblemResult)ProblemCatalog.Of(signed.Refusal);
        request.HttpContext.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(UrlAnswer.Of(signed.Value.Parts));
    }

    private static (ImmutableArray<int> Parts, Problem? Problem) PartsOf(UrlsRequest request) => request switch
    {
        { Checksums: { } checksums, Parts: null, From: null, To: null } => checksums.Count is >= 1 and <= MaxParts
            ? NumbersOf(checksums)
            : ([], ProblemCatalog.Invalid("checksums", RequestMessages.PartsCount)),
        { Checksums: null, Parts: { } parts, From: null, To: null } => parts.Length is >= 1 and <= MaxParts
            ? ([.. parts], null)
            : ([], ProblemCatalog.Invalid("parts", RequestMessages.PartsCount)),
        { Checksums: null, Parts: null, From: { } from, To: { } to } => RangeOf(from, to),
        _ => ([], ProblemCatalog.Invalid("parts", RequestMessages.PartsOrRange)),
    };

    private static (ImmutableArray<int> Parts, Problem? Problem) RangeOf(int from, int to)
    {
        if (from > to)
            return ([], ProblemCatalog.Invalid("from", RequestMessages.RangeOrder));
        var count = (long)to - from + 1;
        return count > MaxParts
            ? ([], ProblemCatalog.Invalid("to", RequestMessages.PartsCount))
            : ([.. Enumerable.Range(from, (int)count)], null);
    }

    /// <summary>The part numbers, in the order of the checksums, which are checked.</summary>
    private static (ImmutableArray<int> Parts, Problem? Problem) NumbersOf(Dictionary<string, string> checksums)
    {
        var numbers = ImmutableArray.CreateBuilder<int>(checksums.Count);
        foreach (var (name, checksum) in checksums)
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var part))
                return ([], ProblemCatalog.InvalidPart(RequestMessages.PartNotWhole));
            if (!IsSha256(checksum))
                return ([], ProblemCatalog.Invalid("checksums", RequestMessages.PartChecksum));
            numbers.Add(part);
        }

        return (numbers.MoveToImmutable(), null);
    }

    // By its length too: white space is no error in base64, but it would be signed, and sent as something else.
    private static bool IsSha256(string? text) => text is { Length: 44 } && Base64.IsValid(text, out var length) && length == 32;
}
