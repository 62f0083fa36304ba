using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Media.Client.Tests.Peer;

/// <content>The catalog, links to what is in it, and the gate that answers them.</content>
internal sealed partial class ApiPeer
{
    private int _links;

    public ConcurrentDictionary<string, PeerFile> Files { get; } = new();

    /// <summary>Signs no links.</summary>
    public bool DeliveryIsOff { get; set; }

    /// <summary>Lets the gate through only for links of this number or later, as if earlier ones had expired.</summary>
    public int FirstGoodLink { get; set; }

    /// <summary>The origin that the gate wants in <c>Referer</c>; the server's own unless told.</summary>
    public string? AllowedOrigin { get; set; }

    /// <summary>The <c>Range</c> of each request that the gate answered.</summary>
    public ConcurrentQueue<string> Ranges { get; } = new();

    private (int, object?)? AnswerCatalog(string route, string[] path, IQueryCollection query, JsonElement body)
    {
        switch (route)
        {
            case "GET files":
                return (200, ListFiles(query));
            case "GET files/{id}":
                return Files.TryGetValue(path[2], out var file) ? (200, FileAnswer(file)) : (404, Problem(404, "file_not_found"));
            case "DELETE files/{id}":
                return Files.TryRemove(path[2], out _) ? (204, null) : (404, Problem(404, "file_not_found"));
            case "GET contents":
                var size = long.Parse(query["size"].ToString(), CultureInfo.InvariantCulture);
                var same = Contents.Values.Where(content => content.Hashes.Size == size && content.Hashes.TipHash == query["tipHash"]).ToList();
                var status = same.Count == 0 ? "unknown" : !query.ContainsKey("pieceHash") ? "possible" : same.Any(c => c.Hashes.PieceHash == query["pieceHash"]) ? "stored" : "unknown";
                return (200, new { status });
            case "POST links" when DeliveryIsOff:
                return (503, Problem(503, "delivery_not_configured"));
            case "POST links":
                var id = body.GetProperty("fileId").GetString()!;
                if (!Files.TryGetValue(id, out var linked))
                    return (404, Problem(404, "file_not_found"));
                var (seconds, link) = (body.GetProperty("seconds").GetInt64(), $"link={Interlocked.Increment(ref _links)}");
                return (200, new { url = $"{Host.Address}/media/{id}/{Uri.EscapeDataString(linked.FileName)}?{link}", query = link, expiresAt = Now.AddSeconds(seconds) });
            default:
                return null;
        }
    }

    private object ListFiles(IQueryCollection query)
    {
        bool Has(string filter, params string?[] values) =>
            query[filter].ToString() is "" || values.Any(value => value?.Contains(query[filter].ToString().TrimEnd('*'), StringComparison.OrdinalIgnoreCase) == true);
        var all = Files.Values.Where(file => Has("name", file.FileName) && Has("type", file.ContentType) && Has("hash", file.Hashes?.TipHash, file.Hashes?.PieceHash))
            .OrderByDescending(file => file.FileName, StringComparer.Ordinal).ToList();
        var skip = int.TryParse(query["after"], out var after) ? after : 0;
        var limit = int.TryParse(query["limit"], out var most) ? Math.Min(most, MostFilesOnAPage) : 100;
        return new { files = all.Skip(skip).Take(limit).Select(FileAnswer).ToList(), next = skip + limit < all.Count ? $"{skip + limit}" : null };
    }

    public int MostFilesOnAPage { get; set; } = 1000;

    private object FileAnswer(PeerFile file) => new
    {
        id = file.Id, user = "local", fileName = file.FileName, originalFileName = file.FileName, contentType = file.ContentType, detectedType = (string?)null,
        typeMismatch = false, size = file.Bytes.Length, tipHash = file.Hashes?.TipHash, pieceHash = file.Hashes?.PieceHash, duplicate = file.Duplicate,
        etag = "\"whole\"", versionId = (string?)null, createdAt = Now, storedAt = Now, filedAt = Now, thumbnails = Array.Empty<int>(),
    };

    private async Task DeliverAsync(HttpContext context, string[] path)
    {
        var request = context.Request;
        var origin = AllowedOrigin ?? Host.Address;
        if (request.Headers.Referer != origin + "/" || request.Headers.ContainsKey("Authorization")
            || !int.TryParse(request.Query["link"], out var link) || link < FirstGoodLink)
        {
            context.Response.StatusCode = 403;
            return;
        }

        if (!Files.TryGetValue(path[1], out var file))
        {
            context.Response.StatusCode = 404;
            return;
        }

        var range = request.GetTypedHeaders().Range?.Ranges.Single();
        Ranges.Enqueue(request.Headers.Range.ToString());
        var from = (int)(range?.From ?? 0);
        if (range is not null)
        {
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {from}-{file.Bytes.Length - 1}/{file.Bytes.Length}";
        }

        context.Response.Headers.ETag = "\"whole\"";
        context.Response.ContentLength = file.Bytes.Length - from;
        if (Sending is { } sending)
            await sending(context, file.Bytes, from);
        else
            await context.Response.Body.WriteAsync(file.Bytes.AsMemory(from), context.RequestAborted);
    }

    /// <summary>What the gate sends in place of the bytes from a place on.</summary>
    public Func<HttpContext, byte[], int, Task>? Sending { get; set; }
}
