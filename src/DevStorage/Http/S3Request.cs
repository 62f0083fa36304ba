using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using Microsoft.Extensions.Primitives;

namespace Media.DevStorage.Http;

/// <summary>A request whose target is parsed and whose sender is known, and the ways to answer it.</summary>
internal sealed class S3Request(HttpContext http, RequestTarget target, Authentication authentication)
{
    public HttpContext Http { get; } = http;

    public RequestTarget Target { get; } = target;

    public Authentication Authentication { get; } = authentication;

    public string Bucket => Target.Bucket!;

    public string Key => Target.Key!;

    public CancellationToken Aborted => Http.RequestAborted;

    public HttpResponse Response => Http.Response;

    public string RequestId => Http.TraceIdentifier;

    /// <summary>The fault that is to happen to this request; null for none.</summary>
    public Faults.FaultRule? Fault { get; init; }

    /// <summary>The fields of a form upload, which stand for headers there; null for any other request.</summary>
    public IReadOnlyDictionary<string, string>? Form { get; init; }

    /// <summary>A header, or for presigned requests the query parameter that stands for it (clients "hoist" <c>x-amz-</c> headers there).</summary>
    public string? Header(string name)
    {
        if (Form is not null)
            return Form.TryGetValue(name, out var field) ? AsHeader(field) : null;
        if (Http.Request.Headers.TryGetValue(name, out var value) && value.Count > 0)
            return value.ToString();
        if (!Authentication.Presigned || !name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase))
            return null;
        foreach (var parameter in Target.Query)
        {
            if (string.Equals(parameter.Name, name, StringComparison.OrdinalIgnoreCase))
                return AsHeader(parameter.Value);
        }

        return null;
    }

    /// <summary>
    /// A header as it was sent, hoisted ones left out: S3 takes a checksum that an SDK put into a presigned URL for no statement about the
    /// body, which was not there when the URL was made.
    /// </summary>
    public string? SentHeader(string name) => Form is null
        ? Http.Request.Headers.TryGetValue(name, out var value) && value.Count > 0 ? value.ToString() : null
        : Header(name);

    /// <summary>Headers with a prefix, by lower-case name without it; hoisted ones included.</summary>
    public IEnumerable<(string Name, string Value)> HeadersWithPrefix(string prefix)
    {
        foreach (var (name, value) in Form ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                yield return (name[prefix.Length..].ToLowerInvariant(), AsHeader(value));
        }

        if (Form is not null)
            yield break;
        foreach (var (name, value) in Http.Request.Headers)
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                yield return (name[prefix.Length..].ToLowerInvariant(), value.ToString());
        }

        if (!Authentication.Presigned)
            yield break;
        foreach (var parameter in Target.Query)
        {
            if (parameter.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                yield return (parameter.Name[prefix.Length..].ToLowerInvariant(), AsHeader(parameter.Value));
        }
    }

    // Headers are carried one character per byte.
    private static string AsHeader(string value) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(value));

    /// <summary>A non-negative integer of the query.</summary>
    /// <exception cref="S3Exception"><c>InvalidArgument</c></exception>
    public int Number(string name, int otherwise)
    {
        if (Target.Find(name) is not { Length: > 0 } text)
            return otherwise;
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            throw S3Error.InvalidArgument($"Provided {name} not an integer or within integer range", name, text);
        if (number is < 0 or > int.MaxValue)
            throw S3Error.InvalidArgument($"Argument {name} must be an integer between 0 and 2147483647", name, text);
        return (int)number;
    }

    /// <summary>The part number of the query, 1 to 10,000.</summary>
    /// <exception cref="S3Exception"><c>InvalidArgument</c></exception>
    public int PartNumber()
    {
        var text = Target.Find("partNumber");
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= S3Limits.MostParts
            ? number
            : throw S3Error.InvalidPartNumber(text);
    }

    /// <summary>Reads a small XML body, held to what the request's hashes say of it.</summary>
    /// <param name="mustBeHashed">S3 demands Content-MD5 or a checksum on some operations.</param>
    public async Task<ReadOnlyMemory<byte>> ReadDocumentAsync(bool mustBeHashed = false)
    {
        var claims = BodyClaims.Of(this);
        if (mustBeHashed && claims.ContentMd5 is null && claims.Algorithm is null)
            throw S3Error.InvalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
        await using var body = RequestBody.Open(this);
        using var document = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await body.Stream.ReadAsync(buffer, Aborted)) > 0;)
        {
            document.Write(buffer, 0, read);
            if (document.Length > S3Limits.LargestDocument)
                throw S3Error.MaxMessageLengthExceeded();
        }

        var bytes = document.ToArray();
        body.CheckLength(bytes.Length);
        claims.CheckMd5(MD5.HashData(bytes));
        if (Authentication.PayloadSha256 is not null)
            claims.CheckPayload(Authentication.PayloadSha256, SHA256.HashData(bytes));
        if (claims.Algorithm is { } algorithm)
        {
            using var checksum = new Checksum(algorithm);
            checksum.Append(bytes);
            claims.CheckChecksum(Convert.ToBase64String(checksum.Finish()), body.Trailer);
        }

        return bytes;
    }

    public void SetHeader(string name, string? value)
    {
        if (value is not null)
            Response.Headers[name] = new StringValues(value);
    }

    public void SetETag(string etag) => Response.Headers.ETag = $"\"{etag}\"";

    public async Task AnswerXmlAsync(string root, Action<XmlWriter> content)
    {
        var begun = LongAnswer.IsBegun(Http);
        var bytes = S3Xml.Write(root, content, withDeclaration: !begun);
        if (!begun)
        {
            Response.ContentType = "application/xml";
            Response.ContentLength = bytes.Length;
        }

        await Response.Body.WriteAsync(bytes, Aborted);
    }

    public Task AnswerTextAsync(string contentType, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Response.ContentType = contentType;
        Response.ContentLength = bytes.Length;
        return Response.Body.WriteAsync(bytes, Aborted).AsTask();
    }

    /// <summary>200 without a body.</summary>
    public Task AnswerEmptyAsync(int status = 200)
    {
        Response.StatusCode = status;
        if (status != 204)
            Response.ContentLength = 0;
        return Task.CompletedTask;
    }
}
