using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Media.Client;

/// <summary>One request, one answer: authorisation, JSON, and what is not a good answer turned into <see cref="MediaException"/>.</summary>
internal sealed class ApiTransport
{
    private readonly HttpClient _http;
    private readonly MediaClientOptions _options;
    private readonly TimeProvider _time;
    private readonly Uri _base;
    private long _clockAheadTicks;

    public ApiTransport(HttpClient http, MediaClientOptions options, TimeProvider time)
    {
        _http = http;
        _options = options;
        _time = time;
        _base = new Uri(new Uri(options.Server.AbsoluteUri.TrimEnd('/') + "/"), "v1/");
    }

    public DateTimeOffset ServerTime => _time.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _clockAheadTicks));

    public static HttpContent Body<T>(T value, JsonTypeInfo<T> type)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    public static string Query(params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var query = new StringBuilder();
        foreach (var (name, value) in parameters)
        {
            if (value is not null)
                query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return query.ToString();
    }

    public async Task SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var request = Request(method, path, null);
        using var limit = Limit(_options.AnswerTimeout, cancellationToken);
        using var response = await ExchangeAsync(request, HttpCompletionOption.ResponseContentRead, limit.Token, cancellationToken);
    }

    public async Task<T> SendAsync<T>(
        HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T> type, CancellationToken cancellationToken, bool slow = false, bool anonymous = false)
    {
        using var request = Request(method, path, body, anonymous);
        using var limit = Limit(slow ? _options.CompletionTimeout : _options.AnswerTimeout, cancellationToken);
        using var response = await ExchangeAsync(request, HttpCompletionOption.ResponseContentRead, limit.Token, cancellationToken);
        try
        {
            await using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync(content, type, cancellationToken) ?? throw new JsonException("The answer is null.");
        }
        catch (JsonException e)
        {
            throw Unexpected(response, e);
        }
    }

    public async Task<HttpResponseMessage> OpenEventsAsync(string path, long? lastSequence, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, path, null);
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastSequence is { } last)
            request.Headers.Add("Last-Event-ID", last.ToString(CultureInfo.InvariantCulture));
        // It bounds the wait for the headers alone: what follows comes when it comes.
        using var limit = Limit(_options.AnswerTimeout, cancellationToken);
        return await ExchangeAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token, cancellationToken);
    }

    private HttpRequestMessage Request(HttpMethod method, string path, HttpContent? body, bool anonymous = false)
    {
        // Not by resolving: a route such as uploads:batch would be taken for an address of its own.
        var request = new HttpRequestMessage(method, new Uri(_base.AbsoluteUri + path)) { Content = body };
        if (!anonymous && _options.Key is { Length: > 0 } key)
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        return request;
    }

    private CancellationTokenSource Limit(TimeSpan time, CancellationToken cancellationToken)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(time);
        return limit;
    }

    private async Task<HttpResponseMessage> ExchangeAsync(
        HttpRequestMessage request, HttpCompletionOption completion, CancellationToken limited, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, completion, limited);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e.InnerException?.Message ?? e.Message, e);
        }
        catch (SocketException e)
        {
            // HttpClient lets it through as it is where the server goes just as it is connected to.
            throw Unreachable(e.Message, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unreachable("no answer came in time", e);
        }

        if (response.Headers.Date is { } date)
            Interlocked.Exchange(ref _clockAheadTicks, (date - _time.GetUtcNow()).Ticks);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw await RefusalAsync(response, cancellationToken);
    }

    private async Task<MediaException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var wait = RetryAfterOf(response, _time);
        if (response.Content.Headers.ContentType?.MediaType is "application/problem+json" or "application/json")
        {
            try
            {
                var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
                if (JsonSerializer.Deserialize(bytes, MediaJson.Default.MediaProblem) is { Code: not null } problem)
                    return MediaException.From(problem, status, wait);
            }
            catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
            {
                return Unexpected(response, e);
            }
        }

        return Unexpected(response, null, wait);
    }

    internal static TimeSpan? RetryAfterOf(HttpResponseMessage response, TimeProvider time)
    {
        var wait = response.Headers.RetryAfter;
        var from = response.Headers.Date ?? time.GetUtcNow();
        return (wait?.Delta ?? wait?.Date - from) is { } span ? TimeSpan.FromTicks(Math.Max(0, span.Ticks)) : null;
    }

    private MediaException Unreachable(string why, Exception cause) =>
        new(MediaErrors.ServerUnreachable, $"The server at {_options.Server} does not answer: {why}", innerException: cause);

    private MediaException Unexpected(HttpResponseMessage response, Exception? cause, TimeSpan? wait = null)
    {
        var status = (int)response.StatusCode;
        var message = status is >= 300 and < 400 && response.Headers.Location is { } to
            ? $"{_options.Server} redirects to {to.GetLeftPart(UriPartial.Authority)}; name that server instead."
            : FormattableString.Invariant($"{_options.Server} answered {status} in a way that is not the media API's.");
        return new MediaException(MediaErrors.UnexpectedAnswer, message, status, cause) { RetryAfter = wait };
    }
}
