using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Media.DevStorage.Tests.Support;

namespace Media.DevStorage.Tests;

public sealed class VersioningTests(StorageServer server) : IClassFixture<StorageServer>
{
    [Fact]
    public async Task Enabled_PutsAndDeletes_KeepEveryVersion()
    {
        var bucket = await VersionedAsync();
        var first = (await server.PutAsync(bucket, "k", [1])).VersionId;
        var second = (await server.PutAsync(bucket, "k", [2])).VersionId;
        Assert.NotEqual(first, second);
        var marker = await server.S3.DeleteObjectAsync(bucket, "k");
        Assert.Equal("true", marker.DeleteMarker);
        await StorageServer.RefusedAsync(() => server.GetAsync(bucket, "k"), "NoSuchKey", HttpStatusCode.NotFound);
        Assert.Equal([1], await server.GetAsync(bucket, "k", r => r.VersionId = first));
        Assert.Equal([2], await server.GetAsync(bucket, "k", r => r.VersionId = second));
        Assert.Equal((405, "MethodNotAllowed"), await CodeAsync($"/{bucket}/k?versionId={marker.VersionId}"));
        Assert.Equal((404, "NoSuchVersion"), await CodeAsync($"/{bucket}/k?versionId=unknown"));

        // The marker's deletion brings the object back.
        await server.S3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = bucket, Key = "k", VersionId = marker.VersionId });
        Assert.Equal([2], await server.GetAsync(bucket, "k"));
        await server.S3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = bucket, Key = "k", VersionId = second });
        Assert.Equal([1], await server.GetAsync(bucket, "k"));
    }

    [Fact]
    public async Task Suspended_PutsAndDeletes_ReplaceTheNullVersionAlone()
    {
        var bucket = await server.NewBucketAsync();
        await server.PutAsync(bucket, "k", [0]);
        await SetAsync(bucket, VersionStatus.Enabled);
        var kept = (await server.PutAsync(bucket, "k", [1])).VersionId;
        Assert.Equal([0], await server.GetAsync(bucket, "k", r => r.VersionId = "null"));
        await SetAsync(bucket, VersionStatus.Suspended);
        await server.PutAsync(bucket, "k", [2]);
        await server.PutAsync(bucket, "k", [3]);
        Assert.Equal([3], await server.GetAsync(bucket, "k"));
        Assert.Equal([1], await server.GetAsync(bucket, "k", r => r.VersionId = kept));
        await server.S3.DeleteObjectAsync(bucket, "k");
        var versions = (await server.S3.ListVersionsAsync(bucket)).Versions;
        Assert.Equal(["null", kept], versions.Select(v => v.VersionId));
        Assert.True(versions[0].IsDeleteMarker);
    }

    [Fact]
    public async Task ListVersions_InPages_GivesEveryVersionNewestFirst()
    {
        var bucket = await VersionedAsync();
        var expected = new List<string>();
        foreach (var key in (string[])["a", "b", "c"])
        {
            var ids = new List<string>();
            for (var n = 0; n < 3; n++)
                ids.Insert(0, (await server.PutAsync(bucket, key, [1])).VersionId);
            expected.AddRange(ids.Select(id => $"{key} {id}"));
        }

        var seen = new List<string>();
        var request = new ListVersionsRequest { BucketName = bucket, MaxKeys = 2 };
        ListVersionsResponse page;
        do
        {
            page = await server.S3.ListVersionsAsync(request);
            seen.AddRange(page.Versions.Select(v => $"{v.Key} {v.VersionId}"));
            (request.KeyMarker, request.VersionIdMarker) = (page.NextKeyMarker, page.NextVersionIdMarker);
        }
        while (page.IsTruncated == true);
        Assert.Equal(expected, seen);
    }

    [Fact]
    public async Task Complete_OnAVersionedBucket_HasAVersionId()
    {
        var bucket = await VersionedAsync();
        var id = await server.BeginAsync(bucket, "k");
        var done = await server.CompleteAsync(bucket, "k", id, await server.PartAsync(bucket, "k", id, 1, [9]));
        Assert.Equal([9], await server.GetAsync(bucket, "k", r => r.VersionId = done.VersionId));
    }

    private async Task<string> VersionedAsync()
    {
        var bucket = await server.NewBucketAsync();
        await SetAsync(bucket, VersionStatus.Enabled);
        return bucket;
    }

    private Task SetAsync(string bucket, VersionStatus status) => server.S3.PutBucketVersioningAsync(new PutBucketVersioningRequest
    {
        BucketName = bucket, VersioningConfig = new S3BucketVersioningConfig { Status = status },
    });

    private async Task<(int, string?)> CodeAsync(string target)
    {
        var answer = await server.Raw.SendAsync("GET", target);
        return (answer.Status, answer.Code);
    }
}
