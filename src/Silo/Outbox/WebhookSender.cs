using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Media.Silo.Outbox;

/// <summary>
/// Posts events to a receiver: CloudEvents in structured mode, signed after the Standard Webhooks specification. Any 2xx is success. Redirects are not
/// followed, as they could lead where the settings did not mean to; of an answer no more is read than an error message needs.
/// </summary>
internal sealed class WebhookSender : IEventSender
{
    private const int LongestError = 200;

    private readonly Uri _url;
    private readonly WebhookSecret[] _secrets;
    private readonly string _source;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public WebhookSender(WebhookOptions webhook, EventsOptions options, TimeProvider time)
    {
        _url = new Uri(webhook.Url);
        _secrets = string.IsNullOrEmpty(webhook.PreviousSecret) ? [Parse(webhook.Secret)] : [Parse(webhook.Secret), Parse(webhook.PreviousSecret)];
        _source = options.Source;
        _timeout = options.Timeout;
        _time = time;
#pragma warning disable CA2000 // The client disposes of it.
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            // The receiver's address may change while this process runs.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            MaxResponseDrainSize = 4096,
            ResponseDrainTimeout = TimeSpan.FromMilliseconds(200),
            MaxResponseHeadersLength = 16,
            // What this process traces is not the receiver's business.
            ActivityHeadersPropagator = null,
        };
#pragma warning restore CA2000
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Media-Events", "1.0"));
    }

    public async Task<SendOutcome> SendAsync(OutgoingEvent outgoing, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var request = Create(outgoing);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return await JudgeAsync(response, either.Token);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or SocketException)
        {
            return SendOutcome.Failed(failure.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return SendOutcome.Failed(string.Create(CultureInfo.InvariantCulture, $"No answer within {_timeout.TotalSeconds:0.###} s."));
        }
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static WebhookSecret Parse(string secret) => WebhookSecret.Parse(secret) ?? throw new InvalidOperationException("A webhook's secret was not checked.");

    private HttpRequestMessage Create(OutgoingEvent outgoing)
    {
        var body = CloudEvent.Write(outgoing, _source);
        // Of the attempt, not of the event: receivers turn old ones down as replayed.
        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds();
        var signatures = new string[_secrets.Length];
        for (var i = 0; i < signatures.Length; i++) signatures[i] = _secrets[i].Sign(outgoing.Id, timestamp, body);
        var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(CloudEvent.ContentType);
        request.Headers.Add("webhook-id", outgoing.Id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", string.Join(' ', signatures));
        return request;
    }

    private async Task<SendOutcome> JudgeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode) return SendOutcome.Delivered;
        var status = (int)response.StatusCode;
        if (status is >= 300 and < 400) return SendOutcome.Failed($"Answered {status}, and redirects are not followed.");
        var text = await ReadStartAsync(response, cancellationToken);
        var error = text.Length == 0 ? $"Answered {status}." : $"Answered {status}: {text}";
        return response.StatusCode == HttpStatusCode.Gone ? SendOutcome.Refused(error) : SendOutcome.Failed(error, GetRetryAfter(response));
    }

    private TimeSpan? GetRetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > _time.GetUtcNow() => date - _time.GetUtcNow(),
        _ => null,
    };

    private static async Task<string> ReadStartAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(LongestError * 4);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var length = await body.ReadAtLeastAsync(buffer.AsMemory(0, LongestError * 4), LongestError * 4, throwOnEndOfStream: false, cancellationToken);
            var text = Encoding.UTF8.GetString(buffer, 0, length);
            return string.Create(Math.Min(text.Length, LongestError), text, static (span, whole) =>
            {
                for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(whole[i]) || char.IsSurrogate(whole[i]) ? ' ' : whole[i];
            }).Trim();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
