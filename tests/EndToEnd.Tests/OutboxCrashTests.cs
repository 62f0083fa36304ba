using System.Net.Http.Json;
using System.Text.Json;
using Media.EndToEnd.Tests.Support;
using Media.Tests.Support;
using Npgsql;
using RabbitMQ.Client;

namespace Media.EndToEnd.Tests;

/// <summary>A process that is killed while it tells events loses none, and those of one upload arrive in the order in which they happened.</summary>
public sealed class OutboxCrashTests : IAsyncLifetime
{
    private const int Uploads = 30;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private TestPostgres postgres = null!;
    private TestStorage storage = null!;
    private string connectionString = "";

    public async ValueTask InitializeAsync()
    {
        postgres = await TestPostgres.StartAsync(cancel);
        storage = await TestStorage.StartAsync(cancel);
        using (var client = storage.CreateClient())
            await client.PutBucketAsync("media", cancel);
        connectionString = await postgres.CreateDatabaseAsync(cancellationToken: cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        await postgres.DisposeAsync();
    }

    [Fact]
    public async Task Events_ProcessKilledWhileAReceiverIsTold_AllArriveInOrder()
    {
        await using var receiver = await EventReceiver.StartAsync(cancel);
        await using var api = await StartAsync(
            ("Media__Events__Webhooks__0__Name", "receiver"),
            ("Media__Events__Webhooks__0__Url", receiver.Url.ToString()),
            ("Media__Events__Webhooks__0__Secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        // Each time the process dies with requests on the way: one that the receiver has taken in without the process knowing, others that it has not.
        foreach (var events in new[] { 4, 20 })
        {
            var (reached, release) = (new TaskCompletionSource(), new TaskCompletionSource());
            receiver.Answer = async (_, context) =>
            {
                if (receiver.Asked.Count > events)
                {
                    reached.TrySetResult();
                    await release.Task;
                }

                await EventReceiver.AnswerAsync(context, 200);
            };
            var making = MakeEventsAsync(api);
            await reached.Task.WaitAsync(Patience, cancel);
            await making;

            await api.KillAsync();
            release.SetResult();
            await api.RestartAsync(cancel);
        }

        await AllDeliveredAsync();
        var happened = await HappenedAsync();
        Assert.Equal(2 * Uploads, happened.Count);
        Assert.All(happened, subject => Assert.Equal([$"{subject.Key}.upload.created", $"{subject.Key}.upload.aborted"], subject.Value));
        Assert.All(happened, subject => Assert.Equal(subject.Value, receiver.FirstAcceptedOf(subject.Key)));
    }

    [Fact]
    public async Task Events_ProcessKilledWhileTheBrokerIsTold_AllArriveInOrder()
    {
        Assert.SkipWhen(TestRabbitMq.SkipReason is not null, TestRabbitMq.SkipReason ?? "");
        await using var broker = await TestRabbitMq.StartAsync(cancel);
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker.Uri) }.CreateConnectionAsync(cancel);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancel);
        await channel.ExchangeDeclareAsync("media.events", ExchangeType.Topic, durable: true, cancellationToken: cancel);
        await channel.QueueDeclareAsync("all", durable: true, exclusive: false, autoDelete: false, cancellationToken: cancel);
        await channel.QueueBindAsync("all", "media.events", "#", cancellationToken: cancel);
        await using var api = await StartAsync(("Media__Events__RabbitMq__Uri", broker.Uri));
        foreach (var round in new[] { 1, 2 })
        {
            var making = MakeEventsAsync(api);
            await Eventually.TrueAsync(async () => await CountAsync("select count(*) from outbox_deliveries where delivered_at is not null") > (round - 1) * Uploads * 2, Patience, cancel);
            await api.KillAsync();
            // Requests that the process was at fail with it; what they had made true by then has been written.
            await making;
            await api.RestartAsync(cancel);
        }

        await AllDeliveredAsync();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var told = new List<string>();
        while (await channel.BasicGetAsync("all", autoAck: true, cancel) is { } message)
        {
            if (seen.Add(message.BasicProperties.MessageId!))
                told.Add(message.BasicProperties.MessageId!);
        }

        var happened = await HappenedAsync();
        Assert.NotEmpty(happened);
        Assert.Equal(happened.Sum(subject => subject.Value.Count), told.Count);
        Assert.All(happened, subject => Assert.Equal(subject.Value, told.Where(id => id.StartsWith(subject.Key + ".", StringComparison.Ordinal))));
    }

    private Task<ApiProcess> StartAsync(params (string Name, string Value)[] settings) =>
        ApiProcess.StartAsync(connectionString, storage.Endpoint, "media", cancel, [.. settings, ("Media__Events__FirstPause", "00:00:00.050"), ("Media__Events__Timeout", "00:00:05")]);

    /// <summary>Creates uploads and gives them up: two events each.</summary>
    private async Task MakeEventsAsync(ApiProcess api)
    {
        using var client = api.CreateClient();
        await Parallel.ForEachAsync(Enumerable.Range(0, Uploads), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancel }, async (_, token) =>
        {
            var clientId = $"client-{Guid.NewGuid():N}";
            try
            {
                using var created = await client.PostAsJsonAsync("/v1/uploads", new { fileName = "a.bin", contentType = "application/octet-stream", size = 20 << 20, clientId }, token);
                var upload = await created.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(token);
                using var aborted = await client.DeleteAsync($"/v1/uploads/{upload.GetProperty("tag").GetString()}?clientId={clientId}", token);
                aborted.EnsureSuccessStatusCode();
            }
            catch (Exception failure) when (failure is HttpRequestException { StatusCode: null } or IOException or System.Net.Sockets.SocketException)
            {
                // It was killed.
            }
        });
    }

    private Task AllDeliveredAsync() => Eventually.TrueAsync(
        async () => await CountAsync("select count(*) from outbox where dispatched_at is null") == 0
            && await CountAsync("select count(*) from outbox_deliveries where delivered_at is null") == 0,
        Patience,
        cancel);

    /// <summary>Ids of all events by subject, in the order in which they were written.</summary>
    private async Task<Dictionary<string, List<string>>> HappenedAsync()
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand("select subject, event_id from outbox order by id");
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var events = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancel))
        {
            if (!events.TryGetValue(reader.GetString(0), out var ids))
                events[reader.GetString(0)] = ids = [];
            ids.Add(reader.GetString(1));
        }

        return events;
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }
}
