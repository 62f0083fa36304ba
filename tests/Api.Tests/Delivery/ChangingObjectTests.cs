using System.Net;
using Amazon.S3.Model;
using Media.Api.Tests.Support;
using Media.Grains.Contents;
using Media.Grains.Ports;
using Media.Silo.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static Media.Api.Tests.Delivery.DeliveryServer;

namespace Media.Api.Tests.Delivery;

/// <summary>Objects that are replaced or deleted after delivery has found them, and before it reads them.</summary>
[Trait("Category", "S3")]
public sealed class ChangingObjectTests(ApiFixture api)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_ReplacedMeanwhile_IsWhatIsThereNow()
    {
        using var delivered = await GetAsync((key, attempt) => attempt == 1 ? PutAsync(key, "what is new", "text/plain") : Task.CompletedTask);

        Assert.Equal(HttpStatusCode.PartialContent, delivered.StatusCode);
        Assert.Equal("what is", await delivered.Content.ReadAsStringAsync(Token));
        Assert.Equal("bytes 0-6/11", HeaderOf(delivered, "Content-Range"));
        Assert.Equal("text/plain", delivered.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Get_DeletedMeanwhile_Is404AndNothingOfTheObject()
    {
        using var absent = await GetAsync((key, _) => api.Storage.Client.DeleteObjectAsync(api.Storage.Bucket, key, Token));

        Assert.Equal(HttpStatusCode.NotFound, absent.StatusCode);
        Assert.Equal("no-cache", HeaderOf(absent, "Cache-Control"));
        foreach (var name in new[] { "ETag", "Content-Range", "Content-Disposition", "Last-Modified", "Accept-Ranges" }) Assert.Null(HeaderOf(absent, name));
    }

    [Fact]
    public async Task Get_ReplacedEachTime_Is503()
    {
        using var busy = await GetAsync((key, attempt) => PutAsync(key, $"state {attempt}", "text/plain"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, busy.StatusCode);
        Assert.NotNull(busy.Headers.RetryAfter);
        Assert.Null(HeaderOf(busy, "Content-Range"));
    }

    private async Task<HttpResponseMessage> GetAsync(Func<string, int, Task> beforeReading)
    {
        var key = ContentKeys.Of(Samples.NewHash());
        await PutAsync(key, "what was there before", "video/mp4");
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(ApiServer.Defaults(api.ConnectionString, api.Storage));
        builder.AddMediaS3();
        using var bucket = builder.Build();
        var reader = new LateReader(bucket.Services.GetRequiredService<IObjectReader>(), beforeReading);
        await using var server = await ApiServer.StartAsync(
            api.ConnectionString,
            api.Storage,
            // What others have uploaded is not for such a reader.
            [new("Media:Delivery:Secrets:0", HexSecret), new("Media:Jobs:Concurrency", "0")],
            configure: services => services.AddSingleton<IObjectReader>(reader));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/media/{key}/film.mp4?{Sign($"/{key}/")}");
        request.Headers.TryAddWithoutValidation("Referer", Referer);
        request.Headers.TryAddWithoutValidation("Range", "bytes=0-6");
        return await server.Client.Http.SendAsync(request, Token);
    }

    private Task PutAsync(string key, string body, string contentType) =>
        api.Storage.Client.PutObjectAsync(new PutObjectRequest { BucketName = api.Storage.Bucket, Key = key, ContentBody = body, ContentType = contentType }, Token);

    private sealed class LateReader(IObjectReader reader, Func<string, int, Task> before) : IObjectReader
    {
        private int _attempts;

        public async Task<Stream> OpenAsync(string key, StoredObject found, long offset, long length, CancellationToken cancellationToken)
        {
            await before(key, ++_attempts);
            return await reader.OpenAsync(key, found, offset, length, cancellationToken);
        }
    }
}
