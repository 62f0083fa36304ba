using System.Text;
using System.Text.Json;
using Media.Grains.Events;
using Media.Silo.Outbox;
using Media.Silo.Postgres;
using Media.Silo.Tests.Postgres;
using Media.Tests.Support;
using RabbitMQ.Client;
using static Media.Silo.Tests.Outbox.EventsProcess;

namespace Media.Silo.Tests.Outbox;

public sealed class RabbitMqTests : IAsyncLifetime
{
    private static readonly string[] Life = [EventTypes.UploadCreated, EventTypes.UploadStored, EventTypes.UploadVerified];
    private PostgresDatabase _database = null!;
    private TestRabbitMq _broker = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(TestRabbitMq.SkipReason is not null, TestRabbitMq.SkipReason ?? "");
        _broker = await TestRabbitMq.StartAsync(Token);
        _database = await Database.OpenMigratedAsync(await PostgresFixture.CreateDatabaseAsync(Token));
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        if (_broker is not null) await _broker.DisposeAsync();
    }

    [Fact]
    public async Task Publish_Event_IsAPersistentCloudEventRoutedByItsType()
    {
        await BindAsync("uploads", "upload.*");
        await BindAsync("files", "file.#");
        await using var process = await StartAsync(_database, Options());

        await AnnounceAsync(_database, Event("tag", EventTypes.UploadVerified), Event("tag", EventTypes.FileDeleted), Event("tag", EventTypes.ThumbnailReady));

        var (id, message) = Assert.Single(await ReadAsync("uploads", 1));
        Assert.Equal("tag.upload.verified", id);
        Assert.Equal("application/cloudevents+json; charset=utf-8", message.BasicProperties.ContentType);
        Assert.Equal(DeliveryModes.Persistent, message.BasicProperties.DeliveryMode);
        Assert.Equal(("upload.verified", "upload.verified"), (message.BasicProperties.Type, message.RoutingKey));
        Assert.Equal("/media", Encoding.UTF8.GetString((byte[])message.BasicProperties.Headers!["cloudEvents_source"]!));
        var json = JsonDocument.Parse(message.Body).RootElement;
        Assert.Equal(("1.0", "upload.verified", "tag"), (json.GetProperty("specversion").GetString(), json.GetProperty("type").GetString(), json.GetProperty("subject").GetString()));
        Assert.Equal("ann", json.GetProperty("data").GetProperty("user").GetString());
        Assert.Equal("tag.file.deleted", Assert.Single(await ReadAsync("files", 1)).Key);
        // What nobody has bound a queue for is published nevertheless, and is nobody's.
        await NothingWaitsAsync();
    }

    [Fact]
    public async Task Publish_BrokerKilledInTheMiddle_TellsEverythingInOrderOnceItIsBack()
    {
        await BindAsync("all", "#");
        await using var first = await StartAsync(_database, Options());
        await using var second = await StartAsync(_database, Options());
        var subjects = Enumerable.Range(0, 40).Select(number => $"subject{number}").ToArray();

        foreach (var type in Life)
        {
            foreach (var subject in subjects) await AnnounceAsync(_database, Event(subject, type));
            if (type == EventTypes.UploadCreated)
            {
                await Eventually.TrueAsync(async () => await _database.QueryAsync<long>("select count(*) from outbox_deliveries where delivered_at is not null") > 5);
                await _broker.KillAsync();
            }
        }

        await Eventually.TrueAsync(async () => await _database.QueryAsync<long>("select count(*) from outbox_deliveries where last_error is not null") > 0);
        await _broker.RestartAsync(Token);

        await NothingWaitsAsync();
        Assert.Equal(0L, await _database.QueryAsync<long>("select count(*) from outbox_deliveries where dead_at is not null"));
        var told = await ReadAsync("all", 120);
        foreach (var subject in subjects)
            Assert.Equal(Life.Select(type => $"{subject}.{type}"), told.Select(message => message.Key).Where(id => id.StartsWith(subject + ".", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Publish_ExchangeIsAnotherKind_SaysSo()
    {
        await using (var connection = await ConnectAsync())
        await using (var channel = await connection.CreateChannelAsync(cancellationToken: Token))
            await channel.ExchangeDeclareAsync("media.events", ExchangeType.Fanout, durable: true, cancellationToken: Token);
        await using var process = await StartAsync(_database, Options());

        await AnnounceAsync(_database, Event("tag", EventTypes.UploadVerified));

        await Eventually.TrueAsync(async () =>
            await _database.QueryAsync<object>("select last_error from outbox_deliveries") is string error && error.Contains("PRECONDITION_FAILED", StringComparison.Ordinal));
    }

    private EventsOptions Options()
    {
        var options = To();
        options.RabbitMq.Uri = _broker.Uri;
        return options;
    }

    private Task<IConnection> ConnectAsync() => new ConnectionFactory { Uri = new Uri(_broker.Uri) }.CreateConnectionAsync(Token);

    private async Task BindAsync(string queue, string key)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
        await channel.ExchangeDeclareAsync("media.events", ExchangeType.Topic, durable: true, cancellationToken: Token);
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: Token);
        await channel.QueueBindAsync(queue, "media.events", key, cancellationToken: Token);
    }

    /// <summary>Takes messages until there are that many different ones, in order, each at its first time.</summary>
    private async Task<List<KeyValuePair<string, BasicGetResult>>> ReadAsync(string queue, int count)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var messages = new List<KeyValuePair<string, BasicGetResult>>();
        await Eventually.TrueAsync(async () =>
        {
            while (await channel.BasicGetAsync(queue, autoAck: true, Token) is { } message)
            {
                if (seen.Add(message.BasicProperties.MessageId!)) messages.Add(new(message.BasicProperties.MessageId!, message));
            }

            return messages.Count == count;
        });
        return messages;
    }

    private Task NothingWaitsAsync() => Eventually.TrueAsync(
        async () => await _database.QueryAsync<long>("select count(*) from outbox_deliveries where delivered_at is null and dead_at is null") == 0
            && await _database.QueryAsync<long>("select count(*) from outbox where dispatched_at is null") == 0,
        TimeSpan.FromSeconds(60));
}
