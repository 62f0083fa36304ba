using Amazon.S3.Model;
using Media.Grains;
using Media.Grains.Uploads;
using Media.Silo.Hosting;
using Media.Silo.Postgres;
using Media.Silo.Tests.Postgres;
using Media.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
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

        await Eventually.TrueAsync(async () => await database.QueryAsync<long>("select count(*) from grain_state where state->>'state' = 'Expired'") == overdue.Count);

        Assert.Equal("Uploading", await database.QueryAsync<string>($"select state->>'state' from grain_state where id = '{young}'"));
        var left = await storage.Client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = storage.Bucket }, Token);
        Assert.DoesNotContain(left.MultipartUploads ?? [], upload => overdue.Contains(upload.Key[Tags.KeyPrefix.Length..]));
        Assert.Contains(left.MultipartUploads!, upload => upload.Key == Tags.ToKey(young));
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
            var left = (await storage.Client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = storage.Bucket }, Token)).MultipartUploads ?? [];
            return left.TrueForAll(upload => upload.UploadId != orphan.UploadId && upload.UploadId != stray.UploadId);
        });

        var kept = (await storage.Client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = storage.Bucket }, Token)).MultipartUploads!;
        Assert.Contains(kept, upload => upload.UploadId == known.UploadId);
        Assert.Contains(kept, upload => upload.UploadId == foreign.Id);
        await host.StopAsync(Token);
    }

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

    private async Task<IHost> StartAsync(params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var values = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Media:Postgres:ConnectionString"] = postgres.ConnectionString,
            ["Media:S3:Endpoint"] = storage.Endpoint.ToString(),
            ["Media:S3:ForcePathStyle"] = "true",
            ["Media:S3:AccessKey"] = storage.AccessKey,
            ["Media:S3:SecretKey"] = storage.SecretKey,
            ["Media:S3:Bucket"] = storage.Bucket,
            ["Media:Uploads:SweepInterval"] = "00:00:00.2",
        };
        foreach (var (name, value) in settings) values[name] = value;
        builder.Configuration.AddInMemoryCollection(values);
        builder.Logging.ClearProviders();
        builder.AddMediaSilo();
        var host = builder.Build();
        await host.StartAsync(Token);
        return host;
    }
}
