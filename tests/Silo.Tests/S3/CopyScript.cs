using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Media.Silo.Tests.S3;

/// <summary>A store that copies <c>source</c> to <c>target</c> as it should, but for what a test says.</summary>
internal sealed class CopyScript
{
    private readonly ConcurrentDictionary<int, long> _parts = new();

    /// <summary>The source's size.</summary>
    public long Size { get; set; } = 10;

    public string SourceETag { get; set; } = "\"a\"";

    public (long Size, string ETag)? Target { get; set; }

    public Func<HttpRequest, IResult?> Copy { get; set; } = _ => null;

    public Func<int, IResult?> Part { get; set; } = _ => null;

    public Func<HttpRequest, IResult?> Complete { get; set; } = _ => null;

    public Func<IResult?> List { get; set; } = () => null;

    public Func<IResult?> Abort { get; set; } = () => null;

    public bool IsAborted { get; private set; }

    /// <summary>The If-None-Match of each copy and completion.</summary>
    public ConcurrentQueue<string> Conditions { get; } = new();

    /// <summary>Objects that were deleted.</summary>
    public ConcurrentQueue<string> Deleted { get; } = new();

    public ConcurrentQueue<(string Kind, Dictionary<string, string> Headers)> Sent { get; } = new();

    public IResult Answer(HttpRequest request)
    {
        var (path, query) = (request.Path.Value!, request.Query);
        var isPart = query.ContainsKey("partNumber");
        if (request.Method == "HEAD")
            return !path.EndsWith("target", StringComparison.Ordinal) ? FakeStore.Head(SourceETag, Size)
                : Target is { } there ? FakeStore.Head(there.ETag, there.Size)
                : Results.StatusCode(404);
        if (request.Method == "GET") return List() ?? ListParts();
        if (request.Method == "DELETE" && !query.ContainsKey("uploadId"))
        {
            Deleted.Enqueue($"DELETE {path["/media/".Length..]}");
            return Results.NoContent();
        }

        if (request.Method == "DELETE")
        {
            IsAborted = true;
            return Abort() ?? Results.NoContent();
        }

        if (request.Method == "PUT" && isPart) return CopyPart(request, int.Parse(query["partNumber"]!, CultureInfo.InvariantCulture));
        if (request.Method == "PUT") return CopyWhole(request);
        return query.ContainsKey("uploads") ? Create(request) : CompleteUpload(request);
    }

    private IResult Create(HttpRequest request)
    {
        _parts.Clear();
        Record("create", request);
        return FakeStore.Xml("<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>");
    }

    private IResult CopyWhole(HttpRequest request)
    {
        Record("copy", request);
        Conditions.Enqueue(request.Headers.IfNoneMatch.ToString());
        if (Copy(request) is { } answer) return answer;
        if (request.Path.Value!.EndsWith("target", StringComparison.Ordinal)) Target = (Size, "\"b\"");
        return FakeStore.Xml("<CopyObjectResult><ETag>\"b\"</ETag></CopyObjectResult>");
    }

    private IResult CopyPart(HttpRequest request, int number)
    {
        Record("part", request);
        var answer = Part(number);
        if (answer is not null and not IStatusCodeHttpResult { StatusCode: null or 200 }) return answer;
        _parts[number] = request.Headers["x-amz-copy-source-range"] is [{ } header] ? LengthOf(header) : Size;
        return answer ?? FakeStore.Xml($"<CopyPartResult><ETag>\"p{number}\"</ETag></CopyPartResult>");
    }

    private IResult CompleteUpload(HttpRequest request)
    {
        Conditions.Enqueue(request.Headers.IfNoneMatch.ToString());
        if (Complete(request) is { } answer) return answer;
        Target = (Size, "\"b-3\"");
        return FakeStore.Xml("<CompleteMultipartUploadResult><ETag>\"b-3\"</ETag></CompleteMultipartUploadResult>");
    }

    private IResult ListParts()
    {
        var body = new StringBuilder("<ListPartsResult>");
        foreach (var (number, size) in _parts.OrderBy(part => part.Key))
            body.Append(CultureInfo.InvariantCulture, $"<Part><PartNumber>{number}</PartNumber><ETag>\"p{number}\"</ETag><Size>{size}</Size></Part>");
        return FakeStore.Xml(body.Append("</ListPartsResult>").ToString());
    }

    private static long LengthOf(string range)
    {
        var ends = range["bytes=".Length..].Split('-');
        return long.Parse(ends[1], CultureInfo.InvariantCulture) - long.Parse(ends[0], CultureInfo.InvariantCulture) + 1;
    }

    private void Record(string kind, HttpRequest request) =>
        Sent.Enqueue((kind, request.Headers.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
}
