using System.Net;
using Media.Api.Tests.Support;
using static Media.Api.Tests.Delivery.DeliveryServer;

namespace Media.Api.Tests.Delivery;

[Trait("Category", "S3")]
public sealed class QuarantineTests(ApiFixture api, DeliveryServer delivery) : IClassFixture<DeliveryServer>
{
    [Fact]
    public async Task Mismatched_WhoeverAsks_IsNeverDelivered()
    {
        var bytes = Samples.Bytes(50_000);
        var body = Samples.Body(bytes.Length);
        body["pieceHash"] = Samples.NewHash();
        var tag = (string)(await Samples.UploadAsync(delivery.Client, bytes, body))["tag"]!;
        var ended = await Samples.UntilEndedAsync(delivery.Client, tag);
        Assert.Equal("Mismatched", (string?)ended["state"]);
        Assert.Contains("piece hash", (string?)ended["reason"], StringComparison.Ordinal);
        Assert.Equal((await Samples.HashAsync(bytes)).PieceHash, (string?)ended["actual"]!["pieceHash"]);
        Assert.Null(ended["fileId"]);
        Assert.Equal(bytes.Length, (await api.Storage.Client.GetObjectMetadataAsync(api.Storage.Bucket, $"quarantine/{tag}", TestContext.Current.CancellationToken)).ContentLength);

        (await delivery.Client.AsAsync("POST", "/v1/links", new { path = $"/upload/{tag}/", seconds = 60 })).Problem(409, "wrong_state");
        // Not even by a link that only the secret can sign.
        foreach (var (path, folder) in new[]
        {
            ($"/quarantine/{tag}", "/quarantine/"),
            ($"/quarantine/{tag}/film.mp4", $"/quarantine/{tag}/"),
            ($"/upload/{tag}/film.mp4", $"/upload/{tag}/"),
            ($"/upload/../quarantine/{tag}", "/"),
            ($"/%71uarantine/{tag}", "/"),
        })
        {
            using var answer = await delivery.GetAsync($"/media{path}?{Sign(folder)}");
            Assert.True(answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest, $"{path}: {answer.StatusCode}");
            Assert.DoesNotContain(Convert.ToHexString(bytes.AsSpan(0, 16)), Convert.ToHexString(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)), StringComparison.Ordinal);
        }
    }
}
