using Amazon.S3;
using Amazon.S3.Model;
using Media.Grains;
using Media.Grains.Uploads;
using Media.Silo.Postgres;
using Media.Silo.Tests.Postgres;
using Media.Silo.Tests.S3;
using Media.Silo.Workers;
using Media.Tests.Support;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans;

namespace Media.Silo.Tests.Workers;

/// <summary>The whole silo, on a real database and a real store, cleaning up.</summary>
[Trait("Category", "S3")]
public sealed class SweepTests(PostgresFixture postgres, StorageFixture storage) : IClassFixture<PostgresFixture>, IClassFixture<StorageFixture>
{
    private static readonly DateTimeOffset LongAgo = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sweep_OverdueSessions_EndThoughOneOfThemIsBroken()
    {
        await using var database = await Database.OpenMigratedAsync(postgres.ConnectionString);
        var overdue = new List<string>();
        for (var number = 0; number < 120; number++) overdue.Add(await AddAsync(database, await StartUploadAsync(NewTag()), LongAgo.AddMinutes(number)));
        var young = await AddAsync(database, await StartUploadAsync(NewTag()), LongAgo.AddYears(100));
        var broken = await AddAsync(database, await StartUploadAsync(NewTag()), LongAgo.AddMinutes(-1));
        await database.ExecuteAsync($"update grain_state set state = jsonb_set(state, '{{plan}}', '\"broken\"') where id = '{broken}'");
        using var host = await StartAsync(("Media:Uploads:OrphanAge", "1.00:00:00"));

        await Eventually.TrueAsync(async () => await database.QueryAsync<long>("select count(*) from grain_state where state->>'state' = 'Expired' and state->>'user' = 'ann'") == overdue.Count);

        Assert.Equal(overdue.Count, await database.QueryAsync<long>($"select count(*) from outbox where type = 'upload.expired' and subject in ('{string.Join("', '", overdue)}')"));
        Assert.Equal(0, await database.QueryAsync<long>($"select count(*) from outbox where type = 'upload.expired' and subject in ('{young}', '{broken}')"));
        Assert.Equal("Uploading", await database.QueryAsync<string>($"select state->>'state' from grain_state where id = '{young}'"));
        // A session is over before the store has heard of it.
        await Eventually.TrueAsync(async () => !(await ListUploadsAsync()).Exists(upload => overdue.Contains(upload.Key[Tags.KeyPrefix.Length..])));
        Assert.Contains(await ListUploadsAsync(), upload => upload.Key == Tags.ToKey(young));
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Sweep_MultipartUploadsWithoutASession_AreAborted()
    {
        await using var database = await Database.OpenMigratedAsync(postgres.ConnectionString);
        var known = await StartUploadAsync(NewTag());
        await AddAsync(database, known, LongAgo.AddYears(100));
        var orphan = await StartUploadAsync(NewTag());
        // The session goes on with another upload id.
        var stray = await StartUploadAsync(known.Tag);
        var foreign = (Key: "upload/not-a-tag", Id: (await storage.Client.InitiateMultipartUploadAsync(storage.Bucket, "upload/not-a-tag", Token)).UploadId);
        using var host = await StartAsync(("Media:Uploads:OrphanAge", "00:00:00"));

        await Eventually.TrueAsync(async () =>
        {
            var left = await ListUploadsAsync();
            return left.TrueForAll(upload => upload.UploadId != orphan.UploadId && upload.UploadId != stray.UploadId);
        });

        var kept = await ListUploadsAsync();
        Assert.Contains(kept, upload => upload.UploadId == known.UploadId);
        Assert.Contains(kept, upload => upload.UploadId == foreign.Id);
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Sweep_CopiesOlderThanADay_AreAborted()
    {
        await using var database = await Database.OpenMigratedAsync(postgres.ConnectionString);
        var bucket = await storage.CreateBucketAsync(Token);
        using var real = new RealStore(storage, bucket);
        foreach (var key in new[] { "hash/a", "quarantine/b", "elsewhere/c" }) await storage.Client.InitiateMultipartUploadAsync(bucket, key, Token);
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow().AddHours(23));
        var job = new SweepOrphansJob(
            real.Store, new PostgresUploadIndex(database, time), Options.Create(new UploadOptions()), time, NullLogger<SweepOrphansJob>.Instance);

        await job.RunAsync(null!, Token);
        Assert.Equal(3, (await real.GetPendingAsync("")).Count);

        time.Advance(TimeSpan.FromHours(2));
        await job.RunAsync(null!, Token);
        Assert.Single(await real.GetPendingAsync("elsewhere/c"));
        Assert.Single(await real.GetPendingAsync(""));
    }

    [Fact]
    public async Task Sweep_ObjectsThatNoSessionNeeds_AreDeletedAndNoOthers()
    {
        await using var database = await Database.OpenMigratedAsync(postgres.ConnectionString);
        var bucket = await storage.CreateBucketAsync(Token);
        using var real = new RealStore(storage, bucket);
        var (needed, left) = (new List<string> { "upload/not-a-tag", "hash/" + NewTag() }, new List<string> { Tags.ToKey(NewTag()) });
        foreach (var state in Enum.GetValues<UploadState>())
        {
            foreach (var size in new long?[] { 1_000, 0, null })
            {
                var isLeft = state is UploadState.Aborted or UploadState.Expired or UploadState.Failed or UploadState.Mismatched
                    || (state is UploadState.Verified or UploadState.Duplicate && size > 0);
                (isLeft ? left : needed).Add(Tags.ToKey(await AddAsync(database, state, size)));
            }
        }

        var unknown = await AddAsync(database, UploadState.Verified, 1_000);
        await database.ExecuteAsync($"update grain_state set state = jsonb_set(state, '{{state}}', '\"Archived\"') where id = '{unknown}'");
        needed.Add(Tags.ToKey(unknown));
        // More than are looked up at once.
        for (var number = 0; number < 520; number++) left.Add(Tags.ToKey(NewTag()));
        await Parallel.ForEachAsync(needed.Concat(left), Token, async (key, _) => await real.PutAsync(key, []));
        // Put there by a URL that was still good, after an empty file had been verified.
        var replaced = Tags.ToKey(await AddAsync(database, UploadState.Verified, 0));
        await real.PutAsync(replaced, [1]);
        using var host = await StartAsync(("Media:Uploads:OrphanAge", "00:00:00"), ("Media:S3:Bucket", bucket));

        await Eventually.TrueAsync(async () => (await ListAsync(real)).Count <= needed.Count, TimeSpan.FromMinutes(1));

        Assert.Equal(needed.Order(StringComparer.Ordinal), (await ListAsync(real)).Order(StringComparer.Ordinal));
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Sweep_YoungObjectsThatNoSessionNeeds_AreLeftToAge()
    {
        await using var database = await Database.OpenMigratedAsync(postgres.ConnectionString);
        var bucket = await storage.CreateBucketAsync(Token);
        using var real = new RealStore(storage, bucket);
        var key = Tags.ToKey(NewTag());
        await real.PutAsync(key, [1]);
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow().AddMinutes(59));
        var job = new SweepObjectsJob(
            real.Store, new PostgresUploadIndex(database, time), Options.Create(new UploadOptions()), time, NullLogger<SweepObjectsJob>.Instance);

        await job.RunAsync(null!, Token);
        Assert.NotNull(await real.Store.HeadAsync(key, Token));

        time.Advance(TimeSpan.FromMinutes(2));
        await job.RunAsync(null!, Token);
        Assert.Null(await real.Store.HeadAsync(key, Token));
    }

    [Fact]
    public async Task Sweep_ObjectsInAVersionedBucket_LeaveNoVersionBehind()
    {
        await using var database = await Database.OpenMigratedAsync(postgres.ConnectionString);
        var bucket = await storage.CreateBucketAsync(Token);
        var versioning = new S3BucketVersioningConfig { Status = VersionStatus.Enabled };
        await storage.Client.PutBucketVersioningAsync(new PutBucketVersioningRequest { BucketName = bucket, VersioningConfig = versioning }, Token);
        using var real = new RealStore(storage, bucket);
        var key = Tags.ToKey(NewTag());
        await real.PutAsync(key, [1]);
        await real.PutAsync(key, [1, 2]);
        using var host = await StartAsync(("Media:Uploads:OrphanAge", "00:00:00"), ("Media:S3:Bucket", bucket));

        await Eventually.TrueAsync(async () => (await storage.Client.ListVersionsAsync(bucket, Token)).Versions is null or []);

        await host.StopAsync(Token);
    }

    private static async Task<string> AddAsync(PostgresDatabase database, UploadState state, long? size)
    {
        var tag = NewTag();
        await new PostgresGrainStorage(database).WriteStateAsync(
            StorageNames.UploadSession, Database.Id(tag), new GrainState<UploadSessionState>(Sessions.Create("bob", state, size)));
        return tag;
    }

    private static async Task<List<string>> ListAsync(RealStore real)
    {
        var keys = new List<string>();
        await foreach (var stored in real.Store.ListObjectsAsync("", Token)) keys.Add(stored.Key);
        return keys;
    }

    private async Task<List<MultipartUpload>> ListUploadsAsync() =>
        (await storage.Client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = storage.Bucket }, Token)).MultipartUploads ?? [];

    private static string NewTag() => new RandomTagSource().Next();

    private static async Task<string> AddAsync(PostgresDatabase database, (string Tag, string UploadId) upload, DateTimeOffset expiresAt)
    {
        var state = Sessions.Create();
        state.Key = Tags.ToKey(upload.Tag);
        state.UploadId = upload.UploadId;
        state.ExpiresAt = expiresAt;
        await new PostgresGrainStorage(database).WriteStateAsync(StorageNames.UploadSession, Database.Id(upload.Tag), new GrainState<UploadSessionState>(state));
        return upload.Tag;
    }

    private async Task<(string Tag, string UploadId)> StartUploadAsync(string tag) =>
        (tag, (await storage.Client.InitiateMultipartUploadAsync(storage.Bucket, Tags.ToKey(tag), Token)).UploadId);

    private Task<IHost> StartAsync(params (string Name, string Value)[] settings) => SiloHost.StartAsync(postgres, storage, settings);
}
