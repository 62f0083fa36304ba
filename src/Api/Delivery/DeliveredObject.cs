using Media.Grains.Ports;
using Media.Grains.Uploads;
using Microsoft.Net.Http.Headers;

namespace Media.Api.Delivery;

/// <summary>An object as it is answered: headers, conditions, ranges (RFC 9110, sections 13 and 14), and its bytes straight through from the bucket.</summary>
/// <param name="key">The object's key.</param>
/// <param name="name">The name that the link gives it.</param>
/// <param name="found">What the bucket has.</param>
internal sealed class DeliveredObject(string key, string name, StoredObject found)
{
    // As many as the reader of a slow connection may have waiting in this process, besides the server's own buffers.
    private const int BufferSize = 64 << 10;

    private readonly EntityTagHeaderValue _etag = new(found.ETag);

    public async Task WriteAsync(HttpContext context, IObjectReader reader)
    {
        var (request, response) = (context.Request, context.Response);
        var conditions = request.GetTypedHeaders();
        if (StatusOf(conditions) is { } status)
        {
            WriteHeaders(response, status, null);
            return;
        }

        var (from, length) = (0L, found.Size);
        var range = HttpMethods.IsGet(request.Method) ? RangeOf(conditions) : null;
        if (range is not null)
        {
            if (Slice(range) is not { } slice)
            {
                WriteHeaders(response, StatusCodes.Status416RangeNotSatisfiable, new ContentRangeHeaderValue(found.Size));
                return;
            }

            (from, length) = slice;
        }

        var isEmpty = HttpMethods.IsHead(request.Method) || length == 0;
        await using var bytes = isEmpty ? Stream.Null : await reader.OpenAsync(key, found, from, length, context.RequestAborted);
        // Not before: an answer that the store is away, or the object gone, would have them otherwise.
        WriteHeaders(
            response,
            range is null ? StatusCodes.Status200OK : StatusCodes.Status206PartialContent,
            range is null ? null : new ContentRangeHeaderValue(from, from + length - 1, found.Size));
        response.ContentLength = length;
        await bytes.CopyToAsync(response.Body, BufferSize, context.RequestAborted);
    }

    private void WriteHeaders(HttpResponse response, int status, ContentRangeHeaderValue? range)
    {
        response.StatusCode = status;
        var type = DeliveredType.Of(found.ContentType);
        response.ContentType = type.ContentType;
        var disposition = new ContentDispositionHeaderValue(type.MayShow ? "inline" : "attachment");
        disposition.SetHttpFileName(FileNames.Clean(name));
        var headers = response.Headers;
        headers.ContentDisposition = disposition.ToString();
        headers.ContentSecurityPolicy = "sandbox";
        headers.AcceptRanges = "bytes";
        if (range is not null)
            headers.ContentRange = range.ToString();
        headers.ETag = found.ETag;
        headers.LastModified = HeaderUtilities.FormatDate(found.LastModified);
    }

    /// <summary>The status where a condition decides it, in the order of RFC 9110, section 13.2.2.</summary>
    private int? StatusOf(Microsoft.AspNetCore.Http.Headers.RequestHeaders conditions)
    {
        if (conditions.IfMatch is { Count: > 0 } match)
        {
            if (!Any(match, strong: true))
                return StatusCodes.Status412PreconditionFailed;
        }
        else if (conditions.IfUnmodifiedSince is { } unmodified && found.LastModified > unmodified)
        {
            return StatusCodes.Status412PreconditionFailed;
        }

        if (conditions.IfNoneMatch is { Count: > 0 } noneMatch)
            return Any(noneMatch, strong: false) ? StatusCodes.Status304NotModified : null;
        return conditions.IfModifiedSince is { } modified && found.LastModified <= modified ? StatusCodes.Status304NotModified : null;
    }

    private bool Any(IList<EntityTagHeaderValue> tags, bool strong)
    {
        foreach (var tag in tags)
        {
            if (tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(_etag, strong))
                return true;
        }

        return false;
    }

    /// <summary>The one range that is asked for; several, or a condition that does not hold, mean the whole.</summary>
    private RangeItemHeaderValue? RangeOf(Microsoft.AspNetCore.Http.Headers.RequestHeaders conditions)
    {
        if (conditions.Range is not { Ranges.Count: 1 } range || !range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase))
            return null;
        if (conditions.IfRange is { } condition)
        {
            var holds = condition.EntityTag is { } tag ? tag.Compare(_etag, useStrongComparison: true) : condition.LastModified == found.LastModified;
            if (!holds)
                return null;
        }

        return range.Ranges.Single();
    }

    private (long From, long Length)? Slice(RangeItemHeaderValue range)
    {
        if (range.From is not { } from)
        {
            var last = Math.Min(range.To!.Value, found.Size);
            return last == 0 ? null : (found.Size - last, last);
        }

        return from >= found.Size ? null : (from, Math.Min(range.To ?? long.MaxValue, found.Size - 1) - from + 1);
    }
}
