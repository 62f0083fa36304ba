using System.Globalization;
using System.Text.RegularExpressions;
using Media.Grains.Events;
using Media.Silo.Outbox;
using Media.Silo.Postgres;
using Media.Silo.Tests.Postgres;
using Media.Tests.Support;
using Microsoft.AspNetCore.Http;
using static Media.Silo.Tests.Outbox.EventsProcess;

namespace Media.Silo.Tests.Outbox;

public sealed class WebhookTests : IAsyncLifetime
{
    private PostgresDatabase _database = null!;
    private EventReceiver _receiver = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await Database.OpenMigratedAsync(await PostgresFixture.CreateDatabaseAsync(Token));
        _receiver = await EventReceiver.StartAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Send_Event_IsACloudEventSignedWithEverySecret()
    {
        const string previous = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        var options = To(_receiver.Url);
        options.Source = "https://media.example/eu";
        options.Webhooks[0].PreviousSecret = previous;
        await using var process = await StartAsync(_database, options);

        await AnnounceAsync(_database, Event("tag", EventTypes.UploadVerified));

        await Eventually.TrueAsync(() => _receiver.Accepted.Count == 1);
        var received = _receiver.Accepted[0];
        Assert.Equal("application/cloudevents+json; charset=utf-8", received.ContentType);
        Assert.Equal("tag.upload.verified", received.Id);
        Assert.Equal(("1.0", "tag.upload.verified", "https://media.example/eu"), (Text("specversion"), Text("id"), Text("source")));
        Assert.Equal(("upload.verified", "tag", "2030-01-02T03:04:05.678Z"), (Text("type"), Text("subject"), Text("time")));
        Assert.Equal("application/json", Text("datacontenttype"));
        Assert.Equal("""{"size": 12, "user": "ann", "fileName": "Füße.mov"}""", received.Json.GetProperty("data").GetRawText());
        var timestamp = long.Parse(received.Timestamp, CultureInfo.InvariantCulture);
        Assert.InRange(timestamp, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 30, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        Assert.Equal([WebhookSecret.Parse(Secret)!.Sign(received.Id, timestamp, received.Body), WebhookSecret.Parse(previous)!.Sign(received.Id, timestamp, received.Body)], received.Signatures);

        string? Text(string name) => received.Json.GetProperty(name).GetString();
    }

    [Fact]
    public async Task Send_Redirected_DoesNotFollow()
    {
        await using var elsewhere = await EventReceiver.StartAsync(Token);
        _receiver.Answer = (_, context) =>
        {
            context.Response.Redirect(elsewhere.Url.ToString(), permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        };
        await using var process = await StartAsync(_database, To(_receiver.Url));

        await AnnounceAsync(_database, Event("tag", EventTypes.UploadVerified));

        await Eventually.TrueAsync(() => _receiver.Asked.Count >= 2);
        Assert.Empty(elsewhere.Asked);
        await ErrorIsAsync("^Answered 307, and redirects are not followed");
    }

    [Fact]
    public async Task Send_NoAnswer_IsTriedAgainAfterTheTimeout()
    {
        var asked = 0;
        _receiver.Answer = (_, context) => Interlocked.Increment(ref asked) == 1
            ? Task.Delay(Timeout.Infinite, context.RequestAborted)
            : EventReceiver.AnswerAsync(context, StatusCodes.Status200OK);
        var options = To(_receiver.Url);
        options.Timeout = TimeSpan.FromSeconds(2);
        await using var process = await StartAsync(_database, options);

        await AnnounceAsync(_database, Event("tag", EventTypes.UploadVerified));

        await Eventually.TrueAsync(() => _receiver.Accepted.Count >= 1);
        Assert.InRange(asked, 2, int.MaxValue);
    }

    [Fact]
    public async Task Send_EndlessAnswer_IsReadOnlyAtItsStart()
    {
        _receiver.Answer = async (_, context) =>
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            var block = new byte[64 << 10];
            Array.Fill(block, (byte)'x');
            while (true) await context.Response.Body.WriteAsync(block, context.RequestAborted);
        };
        await using var process = await StartAsync(_database, To(_receiver.Url));

        await AnnounceAsync(_database, Event("tag", EventTypes.UploadVerified));

        await ErrorIsAsync("^Answered 500: x{200}$");
    }

    [Fact]
    public async Task Send_AnswerWithControlCharacters_IsRecordedWithoutThem()
    {
        _receiver.Answer = (_, context) => EventReceiver.AnswerAsync(context, StatusCodes.Status418ImATeapot, "no\0 \e[31mcoffee\nhere");
        await using var process = await StartAsync(_database, To(_receiver.Url));

        await AnnounceAsync(_database, Event("tag", EventTypes.UploadVerified));

        await ErrorIsAsync("^Answered 418: no   \\[31mcoffee here$");
    }

    [Fact]
    public async Task Send_NobodyListens_IsRecordedWithWhy()
    {
        var options = To(new Uri("http://127.0.0.1:1/"));
        await using var process = await StartAsync(_database, options);

        await AnnounceAsync(_database, Event("tag", EventTypes.UploadVerified));

        await ErrorIsAsync("refused");
    }

    [Theory]
    [InlineData("120", 110, 120)]
    [InlineData("7200", 1790, 1800)]
    [InlineData("Thu, 01 Jan 1970 00:00:00 GMT", 10, 72)]
    [InlineData("soon", 10, 72)]
    public async Task Send_RetryAfter_IsHonouredUpToTheLongestPause(string value, int least, int most)
    {
        _receiver.Answer = (_, context) =>
        {
            context.Response.Headers.RetryAfter = value;
            return EventReceiver.AnswerAsync(context, StatusCodes.Status503ServiceUnavailable);
        };
        var options = To(_receiver.Url);
        options.FirstPause = TimeSpan.FromMinutes(1);
        options.LongestPause = TimeSpan.FromMinutes(30);
        await using var process = await StartAsync(_database, options);

        await AnnounceAsync(_database, Event("tag", EventTypes.UploadVerified));

        await Eventually.TrueAsync(async () => await _database.QueryAsync<bool>("select count(*) > 0 from outbox_deliveries where last_error is not null"));
        var pause = await _database.QueryAsync<TimeSpan>("select due_at - now() from outbox_deliveries");
        Assert.InRange(pause.TotalSeconds, least, most);
    }

    private Task ErrorIsAsync(string pattern) => Eventually.TrueAsync(async () =>
    {
        var error = await _database.QueryAsync<object>("select last_error from outbox_deliveries");
        return error is string text && Regex.IsMatch(text, pattern) ? true : throw new InvalidOperationException($"{error}");
    });
}
