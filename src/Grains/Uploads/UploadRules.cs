using System.Net.Http.Headers;
using Media.Fuji;
using Media.Grains.Results;

namespace Media.Grains.Uploads;

/// <summary>What a wish to upload has to keep to before anything is done for it.</summary>
public static class UploadRules
{
    /// <summary>The media type of a file about which nothing is known.</summary>
    public const string UnknownContentType = "application/octet-stream";

    private const int MaxContentTypeLength = 255;

    /// <summary>Checks a request against the rules and its permission.</summary>
    /// <returns>The request with its content type in normal form, or why not.</returns>
    public static Result<NewUpload> Check(NewUpload request, UploadOptions options)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(options);
        if (string.IsNullOrEmpty(request.FileName))
            return Refusal.Field("fileName", "A file name is needed.");
        if (request.FileName.Length > FileNames.MaxLength)
            return Refusal.Field("fileName", $"A file name has at most {FileNames.MaxLength} characters.");
        if (request.Size < 0)
            return Refusal.Field("size", "A size is a whole number of bytes, 0 or more.");
        if (request.TipHash is { } tip && !IsHash(tip))
            return Refusal.Field("tipHash", "A tip hash has 52 characters of base32.");
        if (request.PieceHash is { } piece && !IsHash(piece))
            return Refusal.Field("pieceHash", "A piece hash has 52 characters of base32.");
        if (request.Size is 0 && (request.TipHash ?? request.PieceHash) is not null)
            return Refusal.Field(request.TipHash is null ? "pieceHash" : "tipHash", "An empty file has no content hash.");
        if (request.PartSize is { } partSize and (< PartPlanner.MinPartSize or > PartPlanner.MaxPartSize))
            return Refusal.Field("partSize", $"A part has {PartPlanner.MinPartSize} to {PartPlanner.MaxPartSize} bytes, not {partSize}.");
        if (request.ClientId is { } client && !IsClientId(client))
            return Refusal.Field("clientId", "A client id has 1 to 128 characters from ! to ~.");

        if (NormalContentType(request.ContentType) is not { } contentType)
            return Refusal.Field("contentType", "A content type looks like type/subtype.");
        if (!request.Permission.ContentTypes.Any(allowed => Matches(allowed, contentType)))
            return new Refusal(RefusalCode.ContentTypeNotAllowed, $"The permission does not allow {contentType}.");

        var largest = Math.Min(request.Permission.MaxSize, options.MaxSize);
        if (request.Size > largest)
            return TooLarge(largest);

        return request with { ContentType = contentType };
    }

    /// <summary>The refusal of a file over its limit.</summary>
    public static Refusal TooLarge(long largest) => new(RefusalCode.FileTooLarge, $"A file may have at most {largest} bytes.");

    /// <summary>Whether this is a client instance's id: 1 to 128 characters from <c>!</c> to <c>~</c>.</summary>
    public static bool IsClientId(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length is >= 1 and <= 128 && text.All(c => c is >= '!' and <= '~');
    }

    /// <summary>Whether this is the base32 of 32 bytes: the last of its 52 characters carries one bit.</summary>
    public static bool IsHash(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Base32.IsHash(text);
    }

    private static string? NormalContentType(string? contentType)
    {
        if (string.IsNullOrWhiteSpace(contentType))
            return UnknownContentType;
        if (contentType.Length > MaxContentTypeLength || contentType.Any(c => c is < ' ' or > '~'))
            return null;
        if (!MediaTypeHeaderValue.TryParse(contentType, out var parsed) || parsed.MediaType is null)
            return null;
        parsed.MediaType = parsed.MediaType.ToLowerInvariant();
        return parsed.MediaType.Contains('*', StringComparison.Ordinal) ? null : parsed.ToString();
    }

    private static bool Matches(string allowed, string contentType)
    {
        var end = contentType.IndexOf(';', StringComparison.Ordinal);
        var bare = end < 0 ? contentType : contentType[..end].TrimEnd();
        return allowed is "*/*" || (allowed.EndsWith("/*", StringComparison.Ordinal)
            ? bare.StartsWith(allowed[..^1], StringComparison.OrdinalIgnoreCase)
            : bare.Equals(allowed, StringComparison.OrdinalIgnoreCase));
    }
}
