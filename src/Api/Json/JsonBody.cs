using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
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
        var result = await ReadToEndAsync(request, cancellationToken);
        if (result.Length == 0)
            return default;
        if (!IsJson(request.ContentType))
            return new(null, ProblemCatalog.UnsupportedMediaType);
        if (!Utf8.IsValid(result.Span))
            return new(null, ProblemCatalog.Invalid(Root, RequestMessages.NotUtf8));
        return Parse(result.Span, type);
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

    private static async ValueTask<ReadOnlyMemory<byte>> ReadToEndAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        // Bounded: the route's limit is on the request, and going over it throws.
        var buffer = new MemoryStream(request.ContentLength is { } length and > 0 and < int.MaxValue ? (int)Math.Min(length, 64 << 10) : 0);
        await using (buffer)
        {
            await request.Body.CopyToAsync(buffer, cancellationToken);
            return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
        }
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
