using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Media.Tests.Support;

/// <summary>An event as a receiver got it.</summary>
/// <param name="Id">The <c>webhook-id</c>.</param>
/// <param name="Timestamp">The <c>webhook-timestamp</c>.</param>
/// <param name="Signatures">The <c>webhook-signature</c>, one by one.</param>
/// <param name="ContentType">Of the body.</param>
/// <param name="Body">As it came.</param>
public sealed record ReceivedEvent(string Id, string Timestamp, IReadOnlyList<string> Signatures, string? ContentType, byte[] Body)
{
    private readonly Lazy<JsonElement> _json = new(() => JsonDocument.Parse(Body).RootElement);

    /// <summary>The body as JSON.</summary>
    public JsonElement Json => _json.Value;

    /// <summary>The event's type.</summary>
    public string Type => Json.GetProperty("type").GetString()!;

    /// <summary>The event's subject.</summary>
    public string Subject => Json.GetProperty("subject").GetString()!;
}

/// <summary>A receiver of webhooks that answers as a test says, and remembers what it took in.</summary>
public sealed class EventReceiver : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly List<ReceivedEvent> _asked = [];
    private readonly List<ReceivedEvent> _accepted = [];
    private readonly Lock _gate = new();

    private EventReceiver(WebApplication application) => _application = application;

    /// <summary>Answers an event; what leaves a 2xx behind has taken it in. 204 unless told.</summary>
    public Func<ReceivedEvent, HttpContext, Task> Answer { get; set; } = (_, context) =>
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    };

    /// <summary>Where it listens.</summary>
    public Uri Url => new(_application.Urls.First() + "/hook");

    /// <summary>Every event that came, however it was answered, in order.</summary>
    public IReadOnlyList<ReceivedEvent> Asked
    {
        get
        {
            lock (_gate)
                return [.. _asked];
        }
    }

    /// <summary>Events that were answered with 2xx, in order.</summary>
    public IReadOnlyList<ReceivedEvent> Accepted
    {
        get
        {
            lock (_gate)
                return [.. _accepted];
        }
    }

    /// <summary>Starts one on a free port.</summary>
    public static async Task<EventReceiver> StartAsync(CancellationToken cancellationToken = default)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var receiver = new EventReceiver(builder.Build());
        receiver._application.Run(receiver.ReceiveAsync);
        await receiver._application.StartAsync(cancellationToken);
        return receiver;
    }

    /// <summary>Ids of the events of a subject that were taken in, in order, each at its first time.</summary>
    public IReadOnlyList<string> FirstAcceptedOf(string subject) =>
        [.. Accepted.Where(received => received.Subject == subject).Select(received => received.Id).Distinct(StringComparer.Ordinal)];

    /// <summary>Answers with a status and a text.</summary>
    public static Task AnswerAsync(HttpContext context, int status, string text = "")
    {
        context.Response.StatusCode = status;
        // Some statuses allow no body, not even an empty one.
        return text.Length == 0 ? Task.CompletedTask : context.Response.WriteAsync(text, CancellationToken.None);
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, CancellationToken.None);
        var headers = context.Request.Headers;
        var received = new ReceivedEvent(
            headers["webhook-id"].ToString(),
            headers["webhook-timestamp"].ToString(),
            headers["webhook-signature"].ToString().Split(' '),
            context.Request.ContentType,
            body.ToArray());
        lock (_gate)
            _asked.Add(received);
        try
        {
            await Answer(received, context);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            context.Abort();
            return;
        }

        if (context.Response.StatusCode is >= 200 and < 300)
        {
            lock (_gate)
                _accepted.Add(received);
        }
    }
}
