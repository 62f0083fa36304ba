using System.Text;
using Media.AppHost.Processes;
using Media.Grains.Contents;
using Media.Grains.Files;
using Media.Grains.Ports;
using Media.Silo.Tests.Postgres;
using Media.Silo.Thumbnails;
using Media.Tests.Support;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Media.Silo.Tests.Thumbnails;

/// <summary>The job, from its row in the database to the thumbnails in the bucket.</summary>
[Trait("Category", "S3")]
public sealed class MakeThumbnailsJobTests(PostgresFixture postgres, StorageFixture storage) : IClassFixture<PostgresFixture>, IClassFixture<StorageFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_Image_PutsThumbnailsAndTellsOfEachFile()
    {
        await using var host = await ThumbnailHost.StartAsync(postgres, storage);
        var (first, second) = (NewId(), NewId());

        var hash = await host.AddAsync(Pictures.Quarters(800, 400), "image/png", first, second);
        await host.DoneAsync(hash);

        Assert.Equal("128,512", await host.WidthsAsync(hash));
        Assert.Equal("none", await host.FailureAsync(hash));
        foreach (var width in (int[])[128, 512])
        {
            var key = ContentKeys.Thumbnail(hash, width);
            var thumbnail = (await host.ReadAsync(key))!;
            Assert.Equal("image/webp", (await storage.Client.GetObjectMetadataAsync(storage.Bucket, key, Token)).Headers.ContentType);
            Assert.Equal(width, (await Pictures.DecodeAsync(thumbnail)).Width);
            Assert.Equal(key, await host.Database.QueryAsync<string>($"select key from thumbnails where piece_hash = '{hash}' and width = {width} and size = {thumbnail.Length}"));
        }

        Assert.Equal(
            2,
            await host.Database.QueryAsync<long>($"""
                select count(*) from outbox where type = 'thumbnail.ready' and event_id in ('{first}.thumbnail.ready', '{second}.thumbnail.ready')
                and data->'thumbnails' = '[128, 512]' and data->>'pieceHash' = '{hash}' and data->>'user' = 'ann'
                """));
        Assert.Empty(host.WorkFolders);
    }

    [Fact]
    public async Task Run_AgainAfterEachPlaceWhereItMayDie_EndsTheSame()
    {
        await using var host = await ThumbnailHost.StartAsync(postgres, storage);
        var id = NewId();
        var hash = await host.AddAsync(Pictures.Quarters(800, 400), "image/png", id);
        await host.DoneAsync(hash);
        var made = await host.ReadAsync(ContentKeys.Thumbnail(hash, 128));

        // Done, but the job's row is still there.
        await host.PlanAsync(hash);
        await host.DoneAsync(hash);
        // The objects are there, and nothing is recorded.
        await host.Database.ExecuteAsync($"delete from thumbnails where piece_hash = '{hash}'; delete from outbox where subject = '{id}'");
        await host.PlanAsync(hash);
        await host.DoneAsync(hash);

        Assert.Equal("128,512", await host.WidthsAsync(hash));
        Assert.Equal(made, await host.ReadAsync(ContentKeys.Thumbnail(hash, 128)));
        Assert.Equal(1, await EventsAsync(host, id));
    }

    [Fact]
    public async Task Run_FilesThatNothingCanBeMadeOf_AreRecordedOnceAndLeftAlone()
    {
        await using var host = await ThumbnailHost.StartAsync(postgres, storage, ("Media:Thumbnails:MaxImageBytes", "2000000"));
        var png = Pictures.Noise(300, 200);
        (byte[] Content, string Type, string Reason)[] files =
        [
            (Encoding.UTF8.GetBytes("This is no picture."), "image/jpeg", "type_mismatch: Said to be image/jpeg, and begins as nothing known."),
            (Encoding.UTF8.GetBytes("<!doctype html><script>alert(1)</script>"), "image/png", "type_mismatch: Said to be image/png, and begins as text/html."),
            (await Pictures.ConvertAsync(png, "tif"), "image/tiff", "unsupported_type: No thumbnails are made of image/tiff."),
            (png[..(png.Length / 2)], "image/png", "unreadable: Reading the image failed: "),
            (Pictures.Bomb(50_000), "image/png", "too_many_pixels: The image has 50000 x 50000 pixels; the limit is 100000000."),
            (Pictures.Noise(900, 900), "image/png", "too_large: The image has "),
            ([0xFF, 0xD8, 0xFF, 0xE0], "image/jpeg", "unreadable: "),
        ];

        foreach (var (content, type, reason) in files)
        {
            var id = NewId();
            var hash = await host.AddAsync(content, type, id);
            await host.DoneAsync(hash);

            Assert.StartsWith(reason, await host.FailureAsync(hash), StringComparison.Ordinal);
            Assert.Equal("", await host.WidthsAsync(hash));
            Assert.Equal(0, await EventsAsync(host, id));
            Assert.Equal(content, await host.ReadAsync(ContentKeys.Of(hash)));
            Assert.Null(await host.ReadAsync(ContentKeys.Thumbnail(hash, 128)));
            Assert.Single(host.Log.Lines, line => line.Contains(hash, StringComparison.Ordinal));
        }

        Assert.Empty(host.WorkFolders);
    }

    [Fact]
    public async Task Run_WhatWasSaidOfItIsWrong_GoesByWhatItIs()
    {
        await using var host = await ThumbnailHost.StartAsync(postgres, storage);

        var hash = await host.AddAsync(Pictures.Quarters(300, 200), "application/pdf", NewId());
        await host.DoneAsync(hash);

        Assert.Equal("128,512", await host.WidthsAsync(hash));
    }

    [Fact]
    public async Task Run_ObjectCannotBeRead_IsTriedAgain()
    {
        await using var host = await ThumbnailHost.StartAsync(postgres, storage);
        var picture = Pictures.Quarters(300, 200);
        var hash = await host.AddContentAsync(picture, "image/png", NewId());
        await host.PlanAsync(hash);
        await Eventually.TrueAsync(async () => await host.Database.QueryAsync<bool>($"select attempts > 0 and last_error is not null from jobs where key = '{hash}'"));
        Assert.Equal("none", await host.FailureAsync(hash));

        await host.PutObjectAsync(hash, picture);
        await host.DoneAsync(hash);

        Assert.Equal("128,512", await host.WidthsAsync(hash));
    }

    [Theory]
    [InlineData("Promoting")]
    [InlineData("Deleting")]
    public async Task Run_ContentIsNotThereNow_WaitsForIt(string state)
    {
        await using var host = await ThumbnailHost.StartAsync(postgres, storage);
        var picture = Pictures.Quarters(300, 200);
        var hash = await host.AddContentAsync(picture, "image/png");
        await host.PutObjectAsync(hash, picture);
        await host.Database.ExecuteAsync($"update contents set state = '{state}' where piece_hash = '{hash}'");
        await host.PlanAsync(hash);
        await Eventually.TrueAsync(async () => await host.Database.QueryAsync<bool>($"select due_at > now() and lease is null and attempts = 0 and updated_at > created_at from jobs where key = '{hash}'"));
        Assert.Equal("", await host.WidthsAsync(hash));

        await host.Database.ExecuteAsync($"update contents set state = 'Stored' where piece_hash = '{hash}'");
        await host.Database.ExecuteAsync($"update jobs set due_at = now() where key = '{hash}'; select pg_notify('media_jobs', '')");
        await host.DoneAsync(hash);

        Assert.Equal("128,512", await host.WidthsAsync(hash));
    }

    [Fact]
    public async Task Run_ContentWentMeanwhile_TakesBackWhatWasPut()
    {
        await using var host = await ThumbnailHost.StartAsync(postgres, storage);
        var hash = Guid.NewGuid().ToString("N");
        await storage.Client.PutObjectAsync(new() { BucketName = storage.Bucket, Key = ContentKeys.Thumbnail(hash, 512), ContentBody = "left" }, Token);

        await host.PlanAsync(hash);
        await host.DoneAsync(hash);

        Assert.Null(await host.ReadAsync(ContentKeys.Thumbnail(hash, 512)));
    }

    [Fact]
    public async Task Delete_Content_RowsGoWithIt()
    {
        await using var host = await ThumbnailHost.StartAsync(postgres, storage);
        var hash = await host.AddAsync(Pictures.Quarters(300, 200), "image/png");
        await host.DoneAsync(hash);

        await host.Database.ExecuteAsync($"delete from contents where piece_hash = '{hash}'");

        Assert.Equal("", await host.WidthsAsync(hash));
    }

    [Fact]
    public async Task AddFile_ThumbnailsAreThere_TellsOfThemAtOnce()
    {
        await using var host = await ThumbnailHost.StartAsync(postgres, storage);
        var picture = Pictures.Quarters(300, 200);
        var hash = await host.AddAsync(picture, "image/png", NewId());
        await host.DoneAsync(hash);
        var id = NewId();
        var content = (await host.Catalog.FindContentAsync(hash, Token))!;
        var now = new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

        var file = await host.Catalog.AddFileAsync(
            new NewFile(id, "ben", "a.png", "a.png", "image/png", "image/png", picture.Length, "tip", hash, content.Key, now, now), content.Generation, null, Token);

        Assert.True(file!.Duplicate);
        Assert.Equal(
            "ben",
            await host.Database.QueryAsync<string>($"select data->>'user' from outbox where event_id = '{id}.thumbnail.ready' and data->'thumbnails' = '[128, 512]'"));
    }

    [Theory]
    [InlineData("image/jpeg", "<!doctype html><script>alert(1)</script>", "text/html", "type_mismatch: Said to be image/jpeg, and begins as text/html.")]
    [InlineData("IMAGE/PNG", "This is no picture.", null, "type_mismatch: Said to be IMAGE/PNG, and begins as nothing known.")]
    [InlineData("text/html", "<!doctype html>A page.", "text/html", "none")]
    public async Task AddFile_OnlySaidToBeAPicture_IsRecordedAsThat(string said, string text, string? found, string failure)
    {
        await using var host = await ThumbnailHost.StartAsync(postgres, storage);
        var bytes = Encoding.UTF8.GetBytes(text + NewId());
        var (id, hash, now) = (NewId(), ThumbnailHost.NewHash(bytes), new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));
        await host.PutObjectAsync(hash, bytes);
        var content = await host.Catalog.BeginPromotionAsync(new NewContent(hash, "tip", bytes.Length, found ?? "application/octet-stream", found), Token);

        var file = await host.Catalog.AddFileAsync(
            new NewFile(id, "ben", "a.jpg", "a.jpg", said, found, bytes.Length, "tip", hash, content.Key, now, now),
            content.Generation,
            new StoredObject(bytes.Length, "\"etag\"", null, content.ContentType, now),
            Token);
        await host.DoneAsync(hash);

        Assert.False(file!.Duplicate);
        Assert.Equal(failure, await host.FailureAsync(hash));
        Assert.Equal(bytes, await host.ReadAsync(content.Key));
    }

    [Theory]
    [InlineData(0, "128,512")]
    [InlineData(1, "")]
    public async Task Run_ImageOfTheMostBytes_IsTheLastOneThatGetsThumbnails(int beyond, string widths)
    {
        var image = Pictures.Noise(300, 200);
        await using var host = await ThumbnailHost.StartAsync(postgres, storage, ("Media:Thumbnails:MaxImageBytes", $"{image.Length - beyond}"));

        var hash = await host.AddAsync(image, "image/png", NewId());
        await host.DoneAsync(hash);

        Assert.Equal(widths, await host.WidthsAsync(hash));
        Assert.StartsWith(beyond == 0 ? "none" : "too_large: ", await host.FailureAsync(hash), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mp4", "-movflags +faststart")]
    [InlineData("mp4", "-movflags -faststart")]
    [InlineData("webm", "-b:v 20M")]
    public async Task Run_VideoLargerThanWhatIsRead_GetsItsPoster(string extension, string options)
    {
        // Noise compresses badly; the index of the second one is at its end, behind what is read of the beginning.
        var video = await Pictures.VideoAsync(
            extension, ["-f", "lavfi", "-i", "color=red:size=320x240:duration=5:rate=25,noise=alls=40:allf=t+u", "-pix_fmt", "yuv420p", "-g", "10", .. options.Split(' ')]);
        Assert.True(video.Length > 1_500_000, $"{video.Length}");
        await using var host = await ThumbnailHost.StartAsync(postgres, storage, ("Media:Thumbnails:VideoBytes", "1000000"));

        var hash = await host.AddAsync(video, $"video/{extension}", NewId());
        await host.DoneAsync(hash);

        Assert.Equal("none", await host.FailureAsync(hash));
        Assert.Equal("128,512", await host.WidthsAsync(hash));
        var poster = await Pictures.DecodeAsync((await host.ReadAsync(ContentKeys.Thumbnail(hash, 512)))!);
        Assert.Equal((320, 240), (poster.Width, poster.Height));
        Assert.True(poster.At(160, 120)[0] > 150 && poster.At(160, 120)[2] < 100);
    }

    [Fact]
    public async Task Run_VideoCutOff_IsUnreadable()
    {
        var video = await Pictures.VideoAsync("mp4", "-f", "lavfi", "-i", "testsrc=size=320x240:duration=2:rate=25", "-pix_fmt", "yuv420p");
        await using var host = await ThumbnailHost.StartAsync(postgres, storage);

        var hash = await host.AddAsync(video[..(video.Length / 2)], "video/mp4", NewId());
        await host.DoneAsync(hash);

        Assert.StartsWith("unreadable: Taking a frame failed: ", await host.FailureAsync(hash), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ProgramAbsent_IsSaidOnceAndTakenUpLater()
    {
        string image, video;
        await using (var without = await ThumbnailHost.StartAsync(
            postgres, storage, ("Media:Thumbnails:VipsHeader", "/nonexistent/vipsheader"), ("Media:Thumbnails:Ffmpeg", "no-such-ffmpeg")))
        {
            image = await without.AddAsync(Pictures.Quarters(300, 200), "image/png", NewId());
            video = await without.AddAsync(await Pictures.VideoAsync("mp4", "-f", "lavfi", "-i", "testsrc=duration=2:rate=5"), "video/mp4", NewId());
            await without.DoneAsync(image);
            await without.DoneAsync(video);

            Assert.Equal("no_image_tool: vipsheader is not installed.", await without.FailureAsync(image));
            Assert.Equal("no_video_tool: vipsheader and ffmpeg are not installed.", await without.FailureAsync(video));
            Assert.Single(without.Log.Lines, line => line.StartsWith("Warning: No thumbnails are made, neither of images nor of videos: vipsheader and ffmpeg are not installed.", StringComparison.Ordinal));
            // A check that takes longer than two seconds counts as failed.
            HealthReport health = null!;
            await Eventually.TrueAsync(async () => (health = await without.CheckHealthAsync()).Status == HealthStatus.Degraded);
            Assert.Equal("vipsheader is not installed.", health.Entries["thumbnails"].Description);
            Assert.Equal("vipsheader and ffmpeg are not installed.", health.Entries["videoPosters"].Description);
        }

        await using (var withoutVideo = await ThumbnailHost.StartAsync(postgres, storage, ("Media:Thumbnails:Ffmpeg", "no-such-ffmpeg")))
        {
            await withoutVideo.DoneAsync(image);
            Assert.Equal("128,512", await withoutVideo.WidthsAsync(image));
            Assert.Equal("none", await withoutVideo.FailureAsync(image));
            Assert.StartsWith("no_video_tool", await withoutVideo.FailureAsync(video), StringComparison.Ordinal);
            Assert.Single(withoutVideo.Log.Lines, line => line.StartsWith("Warning: No posters of videos are made: ffmpeg is not installed.", StringComparison.Ordinal));
            var health = await withoutVideo.CheckHealthAsync();
            Assert.Equal(HealthStatus.Healthy, health.Entries["thumbnails"].Status);
            Assert.Equal("ffmpeg is not installed.", health.Entries["videoPosters"].Description);
        }

        await using var with = await ThumbnailHost.StartAsync(postgres, storage);
        await Eventually.TrueAsync(async () => await with.WidthsAsync(video) == "128,512", TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(async () => (await with.CheckHealthAsync()).Status == HealthStatus.Healthy);
    }

    [Fact]
    public async Task Start_NoJobsInThisProcess_SaysNothing()
    {
        await using var host = await ThumbnailHost.StartAsync(postgres, storage, ("Media:Jobs:Concurrency", "0"), ("Media:Thumbnails:Vips", "no-such-vips"));

        // Whoever comes to a new database first has other things to say.
        Assert.DoesNotContain(host.Log.Lines, line => line.Contains("docs/thumbnails.md", StringComparison.Ordinal));
        await Eventually.TrueAsync(async () => (await host.CheckHealthAsync()).Status == HealthStatus.Healthy);
    }

    [Fact]
    public async Task Run_ProgramNeverEnds_IsKilledWithWhatItStarted()
    {
        using var programs = new Programs();
        await using var host = await ThumbnailHost.StartAsync(
            postgres, storage, ("Media:Thumbnails:VipsThumbnail", programs.Hanging()), ("Media:Thumbnails:TimeLimit", "00:00:10"));

        var hash = await host.AddAsync(Pictures.Quarters(300, 200), "image/png", NewId());
        await host.DoneAsync(hash);

        Assert.Equal("timeout: Making a thumbnail took longer than 10 s.", await host.FailureAsync(hash));
        await programs.AssertAllEndedAsync();
        Assert.Empty(host.WorkFolders);
    }

    [Fact]
    public async Task Stop_InTheMiddle_EndsTheProgramAndGivesTheJobBack()
    {
        using var programs = new Programs();
        string hash;
        await using (var host = await ThumbnailHost.StartAsync(postgres, storage, ("Media:Thumbnails:VipsThumbnail", programs.Hanging())))
        {
            hash = await host.AddAsync(Pictures.Quarters(300, 200), "image/png", NewId());
            await programs.StartedAsync();

            await host.StopAsync();

            await programs.AssertAllEndedAsync();
            Assert.Empty(host.WorkFolders);
        }

        await using var next = await ThumbnailHost.StartAsync(postgres, storage);
        await next.DoneAsync(hash);
        Assert.Equal("128,512", await next.WidthsAsync(hash));
    }

    [Fact]
    public async Task Kill_InTheMiddle_TheNextProcessEndsIt()
    {
        using var programs = new Programs();
        using var temporary = new TemporaryFolder();
        await using var host = await ThumbnailHost.StartAsync(
            postgres, storage, ("Media:Jobs:Concurrency", "0"), ("Media:Thumbnails:TemporaryFolder", temporary.FullName));
        var id = NewId();
        var hash = await host.AddAsync(Pictures.Quarters(300, 200), "image/png", id);
        await using (var process = await StartProcessAsync(temporary, programs.Hanging()))
        {
            await programs.StartedAsync();
            await process.KillAsync();
        }

        programs.KillAll();
        Assert.NotEmpty(Directory.EnumerateFiles(temporary.FullName, "source", SearchOption.AllDirectories));

        await using var next = await ThumbnailHost.StartAsync(postgres, storage, ("Media:Thumbnails:TemporaryFolder", temporary.FullName));
        await next.DoneAsync(hash);

        Assert.Equal("128,512", await next.WidthsAsync(hash));
        Assert.Equal(1, await EventsAsync(next, id));
        Assert.Empty(Directory.EnumerateFiles(temporary.FullName, "source", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Run_ProgramDoesNotEvenStart_IsNoFaultOfTheFile()
    {
        using var programs = new Programs();
        await using var host = await ThumbnailHost.StartAsync(postgres, storage, ("Media:Thumbnails:VipsThumbnail", programs.Script("echo broken >&2; exit 3")));

        var hash = await host.AddAsync(Pictures.Quarters(300, 200), "image/png", NewId());

        await Eventually.TrueAsync(async () =>
            (await host.Database.QueryAsync<string>($"select coalesce(last_error, '') from jobs where key = '{hash}'")).EndsWith("it ended with code 3. broken", StringComparison.Ordinal));
        Assert.Equal("none", await host.FailureAsync(hash));
        await host.Database.ExecuteAsync($"delete from jobs where key = '{hash}'");
    }

    private Task<ChildProcess> StartProcessAsync(TemporaryFolder temporary, string program) => ChildProcess.StartAsync(
        ChildProcessOptions.Dotnet("silo", typeof(ThumbnailMaker).Assembly.Location) with
        {
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Media__Postgres__ConnectionString"] = postgres.ConnectionString,
                ["Media__S3__Endpoint"] = storage.Endpoint.ToString(),
                ["Media__S3__ForcePathStyle"] = "true",
                ["Media__S3__AccessKey"] = storage.AccessKey,
                ["Media__S3__SecretKey"] = storage.SecretKey,
                ["Media__S3__Bucket"] = storage.Bucket,
                ["Media__Jobs__LeaseDuration"] = "00:00:02",
                ["Media__Thumbnails__VipsThumbnail"] = program,
                ["Media__Thumbnails__TemporaryFolder"] = temporary.FullName,
            },
        },
        Token);

    private static string NewId() => Guid.NewGuid().ToString("N")[..21];

    private static Task<long> EventsAsync(ThumbnailHost host, string id) => host.Database.QueryAsync<long>($"select count(*) from outbox where event_id = '{id}.thumbnail.ready'");
}
