using System.Collections.Concurrent;
using Media.Grains.Events;
using Media.Grains.Ports;
using Media.Silo.Jobs;
using Media.Silo.Outbox;
using Media.Silo.Postgres;
using Media.Silo.Tests.Postgres;
using Media.Tests.Support;
using Microsoft.AspNetCore.Http;
using static Media.Silo.Tests.Outbox.EventsProcess;

namespace Media.Silo.Tests.Outbox;

public sealed class DeliveryTests : IAsyncLifetime
{
    private static readonly string[] Life = [EventTypes.UploadCreated, EventTypes.UploadStored, EventTypes.UploadVerified, EventTypes.FileDeleted];
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
    public async Task Deliver_EarlierOfItsSubjectFails_WaitsWhileOtherSubjectsGoOn()
    {
        _receiver.Answer = (received, context) => EventReceiver.AnswerAsync(
            context, received.Type == EventTypes.UploadCreated && received.Subject == "bad" && _receiver.FirstAcceptedOf("good").Count < 4 ? 500 : 200);
        await using var process = await StartAsync(_database, To(_receiver.Url));

        await AnnounceAsync(_database, [.. Life.Select(type => Event("bad", type))]);
        await AnnounceAsync(_database, [.. Life.Select(type => Event("good", type))]);

        await Eventually.TrueAsync(() => _receiver.Accepted.Count == 8);
        Assert.Equal(Life.Select(type => $"good.{type}"), _receiver.Accepted.Take(4).Select(received => received.Id));
        Assert.Equal(Life.Select(type => $"bad.{type}"), _receiver.Accepted.Skip(4).Select(received => received.Id));
        Assert.DoesNotContain(_receiver.Asked.TakeWhile(received => received.Id != "bad.upload.stored"), received => received.Subject == "bad" && received.Type != EventTypes.UploadCreated);
    }

    [Fact]
    public async Task Deliver_ManySubjectsSeveralProcessesAndFailures_EachSubjectIsInOrder()
    {
        var tries = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var held = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var together = 0;
        _receiver.Answer = async (received, context) =>
        {
            if (held.AddOrUpdate(received.Subject, 1, (_, count) => count + 1) > 1) Interlocked.Increment(ref together);
            await Task.Yield();
            held.AddOrUpdate(received.Subject, 0, (_, count) => count - 1);
            // Every third event fails once, every ninth twice.
            var number = received.Body.Sum(b => b);
            var failures = number % 9 == 0 ? 2 : number % 3 == 0 ? 1 : 0;
            await EventReceiver.AnswerAsync(context, tries.AddOrUpdate(received.Id, 1, (_, count) => count + 1) <= failures ? 503 : 200);
        };
        await using var first = await StartAsync(_database, To(_receiver.Url));
        await using var second = await StartAsync(_database, To(_receiver.Url));
        var subjects = Enumerable.Range(0, 60).Select(number => $"subject{number}").ToArray();

        foreach (var type in Life)
        {
            foreach (var subject in subjects) await AnnounceAsync(_database, Event(subject, type));
        }

        await Eventually.TrueAsync(() => _receiver.Accepted.Count >= 240, TimeSpan.FromSeconds(60));
        await NothingWaitsAsync();
        Assert.All(subjects, subject => Assert.Equal(Life.Select(type => $"{subject}.{type}"), _receiver.FirstAcceptedOf(subject)));
        Assert.Equal(240, _receiver.Accepted.Count);
        Assert.Equal(0, together);
    }

    [Fact]
    public async Task Deliver_OneDestinationIsDown_TheOtherIsTold()
    {
        await using var process = await StartAsync(_database, To(new Uri("http://127.0.0.1:1/"), _receiver.Url));

        await AnnounceAsync(_database, [.. Life.Select(type => Event("tag", type))]);

        await Eventually.TrueAsync(() => _receiver.Accepted.Count == 4);
        await Eventually.TrueAsync(async () => (await process.Deliveries.ListDestinationsAsync(Token)) is [{ Waiting: 4, LastError: not null }, { Waiting: 0 }]);
        var down = (await process.Deliveries.ListDestinationsAsync(Token))[0];
        Assert.Equal(("a", 0, true), (down.Name, down.Dead, down.IsConfigured));
        Assert.Equal(Event("tag", Life[0]).Time, down.OldestWaiting);
        Assert.Contains("refused", down.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deliver_Gone_IsADeadLetterAtOnceAndTheNextGoesOn()
    {
        _receiver.Answer = (received, context) => EventReceiver.AnswerAsync(context, received.Type == EventTypes.UploadCreated ? 410 : 200, "no more");
        await using var process = await StartAsync(_database, To(_receiver.Url));

        await AnnounceAsync(_database, Event("tag", EventTypes.UploadCreated), Event("tag", EventTypes.UploadStored));

        await Eventually.TrueAsync(() => _receiver.Accepted.Count == 1);
        var letter = Assert.Single(await process.Deliveries.ListDeadLettersAsync(null, 10, Token));
        Assert.Equal(("a", "tag.upload.created", "upload.created", "tag", 1, "Answered 410: no more"), (letter.Destination, letter.EventId, letter.Type, letter.Subject, letter.Attempts, letter.LastError));
        Assert.Equal(1, _receiver.Asked.Count(received => received.Type == EventTypes.UploadCreated));
    }

    [Fact]
    public async Task Deliver_FailsForAsLongAsThereIs_IsADeadLetterAndTheNextGoesOn()
    {
        _receiver.Answer = (received, context) => EventReceiver.AnswerAsync(context, received.Type == EventTypes.UploadCreated ? 500 : 200);
        var options = To(_receiver.Url);
        options.GiveUpAfter = TimeSpan.FromSeconds(5);
        options.LongestPause = TimeSpan.FromSeconds(10);
        options.Timeout = TimeSpan.FromSeconds(4);
        await using var process = await StartAsync(_database, options);

        await AnnounceAsync(_database, Event("tag", EventTypes.UploadCreated), Event("tag", EventTypes.UploadStored));

        await Eventually.TrueAsync(() => _receiver.Accepted.Count == 1);
        var letter = Assert.Single(await process.Deliveries.ListDeadLettersAsync(null, 10, Token));
        // 20, 40, 80 ms and so on to 2.56 s, and the end, give or take a fifth; fewer where an attempt takes its time.
        Assert.InRange(letter.Attempts, 2, 11);
        Assert.True(await _database.QueryAsync<bool>("select dead_at - first_tried_at >= interval '5 s' from outbox_deliveries where dead_at is not null"));
    }

    [Fact]
    public async Task Retry_DeadLetter_IsDeliveredWithAllTheTimeOfANewOne()
    {
        var isDown = true;
        _receiver.Answer = (_, context) => EventReceiver.AnswerAsync(context, isDown ? 410 : 200);
        await using var process = await StartAsync(_database, To(_receiver.Url));
        await AnnounceAsync(_database, Event("tag", EventTypes.UploadCreated));
        await Eventually.TrueAsync(async () => !(await process.Deliveries.ListDeadLettersAsync(null, 10, Token)).IsEmpty);
        var letter = (await process.Deliveries.ListDeadLettersAsync(null, 10, Token))[0];
        isDown = false;

        Assert.Equal(DeadLetterRetry.Waiting, await process.Deliveries.RetryAsync(letter.Id, Token));

        await Eventually.TrueAsync(() => _receiver.Accepted.Count == 1);
        await NothingWaitsAsync();
        Assert.Equal(1, await _database.QueryAsync<int>("select attempts from outbox_deliveries where delivered_at is not null"));
        Assert.Empty(await process.Deliveries.ListDeadLettersAsync(null, 10, Token));
        Assert.Equal(DeadLetterRetry.NotFound, await process.Deliveries.RetryAsync(letter.Id, Token));
        Assert.False(await process.Deliveries.DismissAsync(letter.Id, Token));
    }

    [Fact]
    public async Task Deliver_ProcessDied_AnotherGoesOnWhenTheLeaseIsOver()
    {
        var options = To(_receiver.Url);
        options.Concurrency = 0;
        await using (await StartAsync(_database, options))
        {
            await AnnounceAsync(_database, [.. Life.Select(type => Event("tag", type))]);
            await Eventually.TrueAsync(async () => await _database.QueryAsync<long>("select count(*) from outbox_deliveries") == 4);
        }

        // Taken, and never heard of again.
        var claim = await new DeliveryStore(_database).ClaimAsync("a", 8, TimeSpan.FromMilliseconds(500), Token);
        Assert.Equal("tag.upload.created", Assert.Single(claim.Taken).Event.Id);
        await using var process = await StartAsync(_database, To(_receiver.Url));

        await Eventually.TrueAsync(() => _receiver.Accepted.Count == 4);
        Assert.Equal(Life.Select(type => $"tag.{type}"), _receiver.FirstAcceptedOf("tag"));
        await NothingWaitsAsync();
        Assert.Equal(2, await _database.QueryAsync<int>("select max(attempts) from outbox_deliveries"));
        // Whoever had it before can change nothing any more.
        await new DeliveryStore(_database).DeadAsync(claim.Taken[0], "late", Token);
        Assert.Equal(0L, await _database.QueryAsync<long>("select count(*) from outbox_deliveries where dead_at is not null"));
    }

    [Fact]
    public async Task Claim_LongBacklogOfOneSubject_TakesOneAndPutsTheOthersOff()
    {
        var options = To(_receiver.Url);
        options.Concurrency = 0;
        await using var process = await StartAsync(_database, options);
        await AnnounceAsync(_database, [.. Enumerable.Range(0, 100).Select(number => Event("one", $"type.{number}")), Event("other", "type.0")]);
        await Eventually.TrueAsync(async () => await _database.QueryAsync<long>("select count(*) from outbox_deliveries") == 101);
        var store = new DeliveryStore(_database);

        var first = await store.ClaimAsync("a", 8, TimeSpan.FromSeconds(30), Token);
        var second = await store.ClaimAsync("a", 8, TimeSpan.FromSeconds(30), Token);
        var third = await store.ClaimAsync("a", 8, TimeSpan.FromSeconds(30), Token);

        Assert.Equal(["one.type.0"], first.Taken.Select(delivery => delivery.Event.Id));
        Assert.True(first.More);
        Assert.Equal(["other.type.0"], second.Taken.Select(delivery => delivery.Event.Id));
        Assert.Empty(third.Taken);
        Assert.True(await store.FindNextDueAsync("a", Token) > TimeSpan.FromSeconds(10));

        await store.DeliveredAsync(first.Taken[0], Token);
        Assert.Equal(["one.type.1"], (await store.ClaimAsync("a", 8, TimeSpan.FromSeconds(30), Token)).Taken.Select(delivery => delivery.Event.Id));
    }

    [Fact]
    public async Task Stop_TryInProgress_IsLetToItsEnd()
    {
        var asked = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        _receiver.Answer = async (_, context) =>
        {
            asked.TrySetResult();
            await release.Task;
            await EventReceiver.AnswerAsync(context, 200);
        };
        var process = await StartAsync(_database, To(_receiver.Url));
        await AnnounceAsync(_database, Event("tag", EventTypes.UploadCreated));
        await asked.Task.WaitAsync(Eventually.DefaultTimeout, Token);

        var stopping = process.DisposeAsync();
        release.SetResult();
        await stopping;

        Assert.Equal(1L, await _database.QueryAsync<long>("select count(*) from outbox_deliveries where delivered_at is not null"));
    }

    [Fact]
    public async Task Stop_ReceiverHangs_GivesTheEventBack()
    {
        var asked = new TaskCompletionSource();
        _receiver.Answer = (_, context) =>
        {
            asked.TrySetResult();
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        var options = To(_receiver.Url);
        options.Timeout = TimeSpan.FromMinutes(1);
        var process = await StartAsync(_database, options);
        await AnnounceAsync(_database, Event("tag", EventTypes.UploadCreated));
        await asked.Task.WaitAsync(Eventually.DefaultTimeout, Token);

        await process.DisposeAsync();

        Assert.Equal(1, Assert.Single((await new DeliveryStore(_database).ClaimAsync("a", 1, TimeSpan.FromSeconds(30), Token)).Taken).Attempts);
    }

    [Fact]
    public async Task Tend_DestinationIsGoneFromTheSettings_ItsDeliveriesAreDeadLetters()
    {
        var before = To(_receiver.Url, new Uri("http://127.0.0.1:1/"));
        await using (var old = await StartAsync(_database, before))
        {
            await AnnounceAsync(_database, Event("tag", EventTypes.UploadCreated), Event("tag", EventTypes.UploadStored));
            await Eventually.TrueAsync(() => _receiver.Accepted.Count == 2);
        }

        var after = To(_receiver.Url);
        await using var process = await StartAsync(_database, after);
        await RunAsync(process.Tending);
        Assert.Empty(await process.Deliveries.ListDeadLettersAsync(null, 10, Token));

        await _database.ExecuteAsync("update outbox_destinations set seen_at = now() - interval '11 min'");
        await RunAsync(process.Tending);

        var letters = await process.Deliveries.ListDeadLettersAsync(null, 10, Token);
        Assert.Equal([("b", "upload.stored"), ("b", "upload.created")], letters.Select(letter => (letter.Destination, letter.Type)));
        Assert.All(letters, letter => Assert.Equal("The destination is no longer in the settings.", letter.LastError));
        Assert.Equal(DeadLetterRetry.DestinationGone, await process.Deliveries.RetryAsync(letters[0].Id, Token));
        Assert.Equal(
            [("a", 0, 0, true), ("b", 0, 2, false)],
            (await process.Deliveries.ListDestinationsAsync(Token)).Select(destination => (destination.Name, destination.Waiting, destination.Dead, destination.IsConfigured)));
        Assert.True(await process.Deliveries.DismissAsync(letters[0].Id, Token));
        Assert.Equal(letters[1].Id, Assert.Single(await process.Deliveries.ListDeadLettersAsync(null, 10, Token)).Id);
    }

    [Fact]
    public async Task Tend_LongAfter_DeletesWhatIsDoneAndKeepsDeadLetters()
    {
        _receiver.Answer = (received, context) => EventReceiver.AnswerAsync(context, received.Subject == "dead" ? 410 : 200);
        await using var process = await StartAsync(_database, To(_receiver.Url));
        await AnnounceAsync(_database, Event("old", EventTypes.UploadCreated), Event("dead", EventTypes.UploadCreated));
        await Eventually.TrueAsync(async () => !(await process.Deliveries.ListDeadLettersAsync(null, 10, Token)).IsEmpty && _receiver.Accepted.Count == 1);
        await NothingWaitsAsync();
        await _database.ExecuteAsync("update outbox set dispatched_at = now() - interval '8 days'; update outbox_deliveries set delivered_at = delivered_at - interval '8 days', dead_at = dead_at - interval '8 days'");
        await AnnounceAsync(_database, Event("new", EventTypes.UploadCreated));
        await Eventually.TrueAsync(() => _receiver.Accepted.Count == 2);
        await NothingWaitsAsync();

        await RunAsync(process.Tending);

        Assert.Equal("dead new", await _database.QueryAsync<string>("select string_agg(subject, ' ' order by subject) from outbox"));
        Assert.Single(await process.Deliveries.ListDeadLettersAsync(null, 10, Token));
    }

    [Fact]
    public async Task ListDeadLetters_ByPages_GivesEachOnce()
    {
        _receiver.Answer = (_, context) => EventReceiver.AnswerAsync(context, 410);
        await using var process = await StartAsync(_database, To(_receiver.Url));
        await AnnounceAsync(_database, [.. Enumerable.Range(0, 5).Select(number => Event($"tag{number}", EventTypes.UploadCreated))]);
        await Eventually.TrueAsync(async () => (await process.Deliveries.ListDeadLettersAsync(null, 10, Token)).Length == 5);

        var first = await process.Deliveries.ListDeadLettersAsync(null, 3, Token);
        var second = await process.Deliveries.ListDeadLettersAsync(first[^1].Id, 3, Token);

        Assert.Equal((3, 2), (first.Length, second.Length));
        Assert.Equal(5, first.Concat(second).Select(letter => letter.Id).Distinct().Count());
    }

    private Task RunAsync(TendEventsJob job) =>
        job.RunAsync(new JobContext(new JobStore(_database), new ClaimedJob(1, job.Kind, "", [], null, 1, Guid.Empty)), Token);

    // What a receiver has answered is recorded a moment later.
    private Task NothingWaitsAsync() => Eventually.TrueAsync(
        async () => await _database.QueryAsync<long>("select count(*) from outbox_deliveries where delivered_at is null and dead_at is null") == 0);
}
