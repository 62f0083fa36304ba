using System.Collections.Concurrent;
using System.Text;
using Amazon.S3.Model;
using Media.DevStorage.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Media.DevStorage.Tests;

public sealed class BackgroundTests
{
    [Fact]
    public async Task Lifecycle_WithShortDays_ExpiresObjectsAndAbortsUploads()
    {
        await using var server = await StorageServer.StartAsync(o => o.Day = TimeSpan.FromMilliseconds(300));
        var bucket = await server.NewBucketAsync();
        var old = await server.BeginAsync(bucket, "tmp/upload");
        await server.PartAsync(bucket, "tmp/upload", old, 1, [1]);
        var kept = await server.BeginAsync(bucket, "keep/upload");
        await server.PutAsync(bucket, "tmp/object", [1]);
        await server.PutAsync(bucket, "keep/object", [1]);
        await LifecycleAsync(
            server,
            bucket,
            "<Rule><ID>a</ID><Status>Enabled</Status><Filter><Prefix>tmp/</Prefix></Filter><Expiration><Days>1</Days></Expiration><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>"
            + "<Rule><ID>b</ID><Status>Disabled</Status><Filter><Prefix>keep/</Prefix></Filter><Expiration><Days>1</Days></Expiration></Rule>");
        await Eventually.TrueAsync(
            async () => (await server.S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket })).S3Objects is [{ Key: "keep/object" }],
            "the expired object gone");
        await Eventually.TrueAsync(
            async () => (await server.S3.ListMultipartUploadsAsync(bucket)).MultipartUploads is [{ } left] && left.UploadId == kept,
            "the old upload aborted");
    }

    [Fact]
    public async Task Lifecycle_OfVersions_ExpiresNoncurrentOnesAndLoneMarkers()
    {
        await using var server = await StorageServer.StartAsync(o => o.Day = TimeSpan.FromMilliseconds(200));
        var bucket = await server.NewBucketAsync();
        await server.S3.PutBucketVersioningAsync(new PutBucketVersioningRequest
        {
            BucketName = bucket, VersioningConfig = new S3BucketVersioningConfig { Status = Amazon.S3.VersionStatus.Enabled },
        });
        for (var n = 0; n < 4; n++)
            await server.PutAsync(bucket, "k", [(byte)n]);
        await server.PutAsync(bucket, "deleted", [1]);
        await server.S3.DeleteObjectAsync(bucket, "deleted");
        await LifecycleAsync(
            server,
            bucket,
            "<Rule><Status>Enabled</Status><Filter/><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration><NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration></Rule>");
        await Eventually.TrueAsync(
            async () => (await server.S3.ListVersionsAsync(bucket)).Versions is [{ Key: "k", IsLatest: true }], "only the current version left");
        Assert.Equal([3], await server.GetAsync(bucket, "k"));
    }

    [Fact]
    public async Task Notifications_ForMatchingKeys_ArePostedToTheWebhook()
    {
        var received = new ConcurrentQueue<string>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var hook = builder.Build();
        var refusals = 1;
        hook.MapPost("/hook", async (HttpRequest request) =>
        {
            if (Interlocked.Decrement(ref refusals) >= 0)
                return Results.StatusCode(500);
            using var reader = new StreamReader(request.Body);
            received.Enqueue(await reader.ReadToEndAsync());
            return Results.Ok();
        });
        await hook.StartAsync();
        await using var server = await StorageServer.StartAsync(o => o.Webhooks["arn:aws:sqs:us-east-1:0:q"] = new Uri(hook.Urls.First() + "/hook"));
        var bucket = await server.NewBucketAsync();
        var put = await server.Raw.SendAsync("PUT", $"/{bucket}?notification", Encoding.UTF8.GetBytes(
            "<NotificationConfiguration><QueueConfiguration><Id>q</Id><Queue>arn:aws:sqs:us-east-1:0:q</Queue><Event>s3:ObjectCreated:*</Event><Event>s3:ObjectRemoved:Delete</Event>"
            + "<Filter><S3Key><FilterRule><Name>suffix</Name><Value>.mp4</Value></FilterRule></S3Key></Filter></QueueConfiguration></NotificationConfiguration>"));
        Assert.Equal(200, put.Status);
        await server.PutAsync(bucket, "ignored.txt", [1]);
        await server.PutAsync(bucket, "a b.mp4", [1]);
        var id = await server.BeginAsync(bucket, "m.mp4");
        await server.CompleteAsync(bucket, "m.mp4", id, await server.PartAsync(bucket, "m.mp4", id, 1, [1, 2]));
        await server.S3.DeleteObjectAsync(bucket, "m.mp4");
        await Eventually.TrueAsync(() => Task.FromResult(received.Count >= 4), "four events");
        var events = received.ToArray();
        Assert.Contains("s3:TestEvent", events[0], StringComparison.Ordinal);
        Assert.Contains("\"eventName\":\"ObjectCreated:Put\"", events[1], StringComparison.Ordinal);
        Assert.Contains("\"key\":\"a\\u002Bb.mp4\"", events[1], StringComparison.Ordinal);
        Assert.Contains("\"eventName\":\"ObjectCreated:CompleteMultipartUpload\"", events[2], StringComparison.Ordinal);
        Assert.Contains("\"size\":2", events[2], StringComparison.Ordinal);
        Assert.Contains("\"eventName\":\"ObjectRemoved:Delete\"", events[3], StringComparison.Ordinal);
        Assert.Equal(4, events.Length);
    }

    private static async Task LifecycleAsync(StorageServer server, string bucket, string rules)
    {
        var body = Encoding.UTF8.GetBytes($"<LifecycleConfiguration>{rules}</LifecycleConfiguration>");
        var answer = await server.Raw.SendAsync(
            "PUT", $"/{bucket}?lifecycle", body, [("content-md5", Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(body)))]);
        Assert.Equal((200, null), (answer.Status, answer.Code));
    }
}
