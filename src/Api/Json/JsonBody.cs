using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Media.Api.Hosting;
using Media.Api.Problems;
using Microsoft.Net.Http.Headers;

namespace Media.Api.Json;

/// <summary>A request's body, or why it cannot be used.</summary>
/// <param name="Value">Null where there was no body, or a problem.</param>
/// <param name="Problem">Set where the body cannot be used.</param>
internal readonly record struct JsonBody<T>(T? Value, Problem? Problem)
    where T : class;

/// <summary>
/// Reads JSON bodies. The framework's own binding answers bad JSON without saying which field is at fault, and reads before a route's checks.
/// </summary>
internal static class JsonBody
{
    /// <summary>What <c>errors</c> calls the body itself.</summary>
    public const string Root = "$";

    private const int MinimumRead = 4 << 10;

    /// <summary>Reads a body that must be there.</summary>
    public static async ValueTask<JsonBody<T>> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var body = await ReadOptionalAsync(request, type, cancellationToken);
        return body is { Value: null, Problem: null } ? new(null, ProblemCatalog.Invalid(Root, RequestMessages.BodyMissing)) : body;
    }

    /// <summary>Reads a body that may be left out.</summary>
    public static async ValueTask<JsonBody<T>> ReadOptionalAsync<T>(HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var (json, problem) = await ReadToEndAsync(request, cancellationToken);
        return problem is not null || json.Length == 0 ? new(null, problem) : Parse(json.Span, type);
    }

    /// <summary>Reads an array whose elements are to be read one by one, so that a bad one does not spoil the others.</summary>
    public static async ValueTask<JsonBody<JsonElement[]>> ReadArrayAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var (json, problem) = await ReadToEndAsync(request, cancellationToken);
        if (problem is not null)
            return new(null, problem);
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MediaJson.Default.Options.MaxDepth });
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? new([.. document.RootElement.Clone().EnumerateArray()], null)
                : new(null, ProblemCatalog.Invalid(Root, RequestMessages.WrongType));
        }
        catch (JsonException)
        {
            return new(null, ProblemCatalog.Invalid(Root, RequestMessages.NotJson));
        }
    }

    /// <summary>Reads one element of an array whose other elements are not to suffer for it.</summary>
    public static JsonBody<T> Parse<T>(JsonElement element, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return new(element.Deserialize(type), element.ValueKind == JsonValueKind.Null ? ProblemCatalog.Invalid(Root, RequestMessages.WrongType) : null);
        }
        catch (JsonException exception)
        {
            return new(null, ProblemOf(exception));
        }
    }

    private static JsonBody<T> Parse<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            var value = JsonSerializer.Deserialize(json, type);
            return new(value, value is null ? ProblemCatalog.Invalid(Root, RequestMessages.WrongType) : null);
        }
        catch (JsonException exception)
        {
            return new(null, ProblemOf(exception));
        }
    }

    private static async ValueTask<(ReadOnlyMemory<byte> Json, Problem? Problem)> ReadToEndAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var limit = (request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<BodyLimit>() ?? BodyLimit.Json).Bytes;
        if (request.ContentLength > limit)
            return (default, ProblemCatalog.BodyTooLarge);

        var body = new ArrayBufferWriter<byte>();
        int read;
        while ((read = await request.Body.ReadAsync(body.GetMemory(MinimumRead), cancellationToken)) > 0)
        {
            body.Advance(read);
            if (body.WrittenCount > limit)
                return (default, ProblemCatalog.BodyTooLarge);
        }

        var problem = body.WrittenCount == 0 ? null
            : !IsJson(request.ContentType) ? ProblemCatalog.UnsupportedMediaType
            : !Utf8.IsValid(body.WrittenSpan) ? ProblemCatalog.Invalid(Root, RequestMessages.NotUtf8)
            : null;
        return (body.WrittenMemory, problem);
    }

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || type.Encoding is UTF8Encoding);

    private static Problem ProblemOf(JsonException exception) => exception switch
    {
        PartNumberException => ProblemCatalog.InvalidPart(RequestMessages.PartNotWhole),
        // The reader's own exception inside says that it is no JSON at all; the path is then only where reading stopped.
        { InnerException: JsonException } or { Path: null or "" } => ProblemCatalog.Invalid(Root, RequestMessages.NotJson),
        _ => ProblemCatalog.Invalid(FieldOf(exception.Path!), RequestMessages.WrongType),
    };

    // "$.parts[3].etag" is the field "parts[3].etag".
    private static string FieldOf(string path)
    {
        var field = path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path;
        return field.Length <= 100 ? field : field[..100];
    }
}
