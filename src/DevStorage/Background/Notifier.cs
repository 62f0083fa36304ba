using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;

namespace Media.DevStorage.Background;

/// <summary>
/// Posts event notifications to webhooks as S3 sends them to queues: a JSON document with <c>Records</c>. In order, from a bounded queue,
/// each tried a few times; what is undelivered when the process ends is lost.
/// </summary>
internal sealed partial class Notifier : IAsyncDisposable
{
    private const int Attempts = 5;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);

    private readonly Store _store;
    private readonly ILogger _log;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<(Uri Target, byte[] Body)> _queue =
        Channel.CreateBounded<(Uri, byte[])>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropOldest });

    private readonly Task _sending;
    private long _sequence;

    public Notifier(Store store, ILogger<Notifier> log)
    {
        _store = store;
        _log = log;
        _sending = SendQueuedAsync();
    }

    /// <summary>Tells whoever the bucket's configuration names. <paramref name="eventName"/> is without the leading <c>s3:</c>.</summary>
    public void Raise(S3Request request, string eventName, ObjectVersion version) => Raise(
        request.Bucket,
        eventName,
        version,
        request.Authentication.AccessKey,
        request.RequestId,
        request.Http.Connection.RemoteIpAddress?.ToString() ?? "");

    public void Raise(string bucketName, string eventName, ObjectVersion version, string principal, string requestId, string address)
    {
        var (owner, rules) = _store.Catalog.Read(view =>
            view.Find(bucketName) is { } bucket ? (bucket.Owner, bucket.Notifications) : ("", []));
        foreach (var rule in rules)
        {
            if (rule.Wants(eventName, version.Key) && TargetOf(rule) is { } target)
                _queue.Writer.TryWrite((target, Compose(bucketName, owner, rule.Id, eventName, version, principal, requestId, address)));
        }
    }

    /// <summary>Sends the test event with which S3 greets every destination of a new configuration.</summary>
    public void Test(S3Request request, IReadOnlyList<NotificationRule> rules)
    {
        foreach (var rule in rules)
        {
            if (TargetOf(rule) is not { } target)
                continue;
            _queue.Writer.TryWrite((target, Json(json =>
            {
                json.WriteString("Service", "Amazon S3");
                json.WriteString("Event", "s3:TestEvent");
                json.WriteString("Time", S3Xml.Time(_store.Now()));
                json.WriteString("Bucket", request.Bucket);
                json.WriteString("RequestId", request.RequestId);
            })));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _sending;
        _stopping.Dispose();
        _http.Dispose();
    }

    private Uri? TargetOf(NotificationRule rule) =>
        _store.Options.Webhooks.TryGetValue(rule.Arn, out var target) ? target : _store.Options.Webhook;

    private byte[] Compose(
        string bucket, string owner, string ruleId, string eventName, ObjectVersion version, string principal, string requestId, string address) => Json(json =>
    {
        json.WriteStartArray("Records");
        json.WriteStartObject();
        json.WriteString("eventVersion", "2.1");
        json.WriteString("eventSource", "aws:s3");
        json.WriteString("awsRegion", _store.Options.Region);
        json.WriteString("eventTime", S3Xml.Time(version.Modified));
        json.WriteString("eventName", eventName);
        json.WriteStartObject("userIdentity");
        json.WriteString("principalId", principal);
        json.WriteEndObject();
        json.WriteStartObject("requestParameters");
        json.WriteString("sourceIPAddress", address);
        json.WriteEndObject();
        json.WriteStartObject("responseElements");
        json.WriteString("x-amz-request-id", requestId);
        json.WriteEndObject();
        json.WriteStartObject("s3");
        json.WriteString("s3SchemaVersion", "1.0");
        json.WriteString("configurationId", ruleId);
        json.WriteStartObject("bucket");
        json.WriteString("name", bucket);
        json.WriteStartObject("ownerIdentity");
        json.WriteString("principalId", owner);
        json.WriteEndObject();
        json.WriteString("arn", "arn:aws:s3:::" + bucket);
        json.WriteEndObject();
        json.WriteStartObject("object");
        // Keys are form-encoded here, as S3 does.
        json.WriteString("key", UriEncoding.Encode(version.Key, keepSlash: true).Replace("%20", "+", StringComparison.Ordinal));
        if (eventName.StartsWith("ObjectCreated", StringComparison.Ordinal))
        {
            json.WriteNumber("size", version.Size);
            json.WriteString("eTag", version.ETag);
        }

        if (!string.Equals(version.VersionId, ObjectVersion.NullId, StringComparison.Ordinal))
            json.WriteString("versionId", version.VersionId);
        json.WriteString("sequencer", Interlocked.Increment(ref _sequence).ToString("X16", CultureInfo.InvariantCulture));
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    });

    private static byte[] Json(Action<Utf8JsonWriter> content)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            content(json);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private async Task SendQueuedAsync()
    {
        try
        {
            await foreach (var (target, body) in _queue.Reader.ReadAllAsync(_stopping.Token))
                await SendAsync(target, body);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task SendAsync(Uri target, byte[] body)
    {
        var delay = FirstDelay;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var content = new ByteArrayContent(body);
                content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue("application/json");
                using var answer = await _http.PostAsync(target, content, _stopping.Token);
                if (answer.IsSuccessStatusCode)
                    return;
                Refused(target, (int)answer.StatusCode, attempt);
            }
            catch (Exception e) when (e is HttpRequestException or System.Net.Sockets.SocketException or TaskCanceledException && !_stopping.IsCancellationRequested)
            {
                Unreachable(target, attempt, e);
            }

            if (attempt == Attempts)
                return;
            await Task.Delay(delay, _store.Options.Time, _stopping.Token);
            delay *= 2;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {Target} answered {Status} to an event (attempt {Attempt})")]
    private partial void Refused(Uri target, int status, int attempt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {Target} could not be reached (attempt {Attempt})")]
    private partial void Unreachable(Uri target, int attempt, Exception exception);
}
