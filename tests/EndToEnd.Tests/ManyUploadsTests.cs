using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Media.EndToEnd.Tests.Support;
using Media.Tests.Support;

namespace Media.EndToEnd.Tests;

/// <summary>Many uploads at once: none lost, none mixed up, through one API process or two that know nothing of each other.</summary>
public sealed class ManyUploadsTests : IAsyncLifetime
{
    private const int Clients = 20;
    private const int UploadsPerClient = 10;
    private const long MiB = 1L << 20;
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly List<ApiProcess> apis = [];
    private TestPostgres postgres = null!;
    private TestStorage storage = null!;
    private string database = null!;

    public async ValueTask InitializeAsync()
    {
        postgres = await TestPostgres.StartAsync(cancel);
        storage = await TestStorage.StartAsync(cancel);
        database = await postgres.CreateDatabaseAsync(cancellationToken: cancel);
        using var client = storage.CreateClient();
        await client.PutBucketAsync("media", cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var api in apis)
            await api.DisposeAsync();
        await storage.DisposeAsync();
        await postgres.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task TwoHundredUploads_TwentyClients_AllArriveWhole(int processes)
    {
        await StartApisAsync(processes);
        var stored = new ConcurrentDictionary<string, string>();

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(
            async () =>
            {
                using var http = CreateClient();
                for (var number = 0; number < UploadsPerClient; number++)
                {
                    // Every fourth has several parts.
                    var size = number % 4 == 0 ? (9 * MiB) + client : (64 * 1024) + (client * 1000) + number;
                    var bytes = RandomNumberGenerator.GetBytes((int)size);
                    var tag = await http.UploadAsync($"file-{client}-{number}.bin", bytes, $"client-{client}");
                    Assert.True(stored.TryAdd(tag, Convert.ToHexStringLower(SHA256.HashData(bytes))));
                }
            },
            cancel)));

        Assert.Equal(Clients * UploadsPerClient, stored.Count);
        using var s3 = storage.CreateClient();
        using var reader = CreateClient();
        foreach (var (tag, sha256) in stored)
        {
            var upload = await reader.UntilEndedAsync(tag);
            Assert.Equal("Verified", upload.GetProperty("state").GetString());
            Assert.Equal(sha256, await TestFile.HashObjectAsync(s3, "media", $"hash/{upload.GetProperty("pieceHash").GetString()}", cancel));
        }

        Assert.Empty((await s3.ListMultipartUploadsAsync("media", cancel)).MultipartUploads ?? []);
        await Eventually.TrueAsync(async () => (await s3.ListObjectsAsync("media", "upload/", cancel)).S3Objects is null or []);

        var listed = await ListAllAsync(reader);
        Assert.Equal(stored.Keys.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task OneUpload_ContendedThroughTwoProcesses_HasOneHolderAndOneEnd()
    {
        await StartApisAsync(2);
        using var http = CreateClient();
        var bytes = RandomNumberGenerator.GetBytes((int)(9 * MiB));
        var created = await http.OpenAsync("contended.bin", bytes.Length, "first");
        var tag = created.GetProperty("tag").GetString()!;

        // Twenty clients take the lease over at once: epochs are never given out twice.
        var leases = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async client =>
        {
            using var answer = await http.PostAsJsonAsync($"/v1/uploads/{tag}/lease", new { clientId = $"taker-{client}", takeOver = true }, cancel);
            answer.EnsureSuccessStatusCode();
            return (await answer.Content.ReadFromJsonAsync<JsonElement>(cancel)).GetProperty("epoch").GetInt64();
        }));
        Assert.Equal(Clients, leases.Distinct().Count());

        using var late = await http.PostAsJsonAsync($"/v1/uploads/{tag}/urls", new { parts = new[] { 1 }, clientId = "first" }, cancel);
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);

        await Uploading.SendPartsAsync(created, bytes);
        var ends = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            using var answer = await http.PostAsJsonAsync($"/v1/uploads/{tag}/complete", new { }, cancel);
            var body = await answer.Content.ReadAsStringAsync(cancel);
            Assert.True(answer.IsSuccessStatusCode, body);
            var upload = JsonDocument.Parse(body).RootElement;
            Assert.Contains(upload.GetProperty("state").GetString(), new[] { "Stored", "Verifying", "Verified" });
            return (upload.GetProperty("etag").GetString(), upload.GetProperty("completedAt").GetString());
        }));
        Assert.Single(ends.Distinct());
        Assert.NotNull(ends[0].Item2);
        Assert.Equal("Verified", (await http.UntilEndedAsync(tag)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task SameContent_CreatedAtOnceThroughTwoProcesses_IsOneUpload()
    {
        await StartApisAsync(2);
        using var http = CreateClient();
        const string tipHash = "AD4G5U6L4LJC4DYUIUSFRIYHH5KMRVHCLOQQAKAPNNPFCRAUIV3Q";

        var tags = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            using var answer = await http.PostAsJsonAsync(
                "/v1/uploads",
                new { fileName = "same.bin", contentType = "application/octet-stream", size = 20 * MiB, tipHash, clientId = "one" },
                cancel);
            var body = await answer.Content.ReadAsStringAsync(cancel);
            Assert.True(answer.IsSuccessStatusCode, body);
            return JsonDocument.Parse(body).RootElement.GetProperty("tag").GetString();
        }));

        Assert.Single(tags.Distinct());
        using var s3 = storage.CreateClient();
        await Eventually.TrueAsync(async () => (await s3.ListMultipartUploadsAsync("media", cancel)).MultipartUploads?.Count == 1);
    }

    private async Task StartApisAsync(int processes)
    {
        for (var n = 0; n < processes; n++)
            apis.Add(await ApiProcess.StartAsync(database, storage.Endpoint, "media", cancel));
    }

    private HttpClient CreateClient()
    {
        var client = new HttpClient(new AnyOf([.. apis.Select(api => api.Address)])) { BaseAddress = apis[0].Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", ApiProcess.ApiKey);
        return client;
    }

    private async Task<List<string>> ListAllAsync(HttpClient http)
    {
        var tags = new List<string>();
        string? after = null;
        do
        {
            var page = await http.GetFromJsonAsync<JsonElement>($"/v1/uploads?state=done&limit=37&after={Uri.EscapeDataString(after ?? "")}", cancel);
            tags.AddRange(page.GetProperty("uploads").EnumerateArray().Select(upload => upload.GetProperty("tag").GetString()!));
            after = page.GetProperty("next").GetString();
        }
        while (after is not null);
        return tags;
    }

    /// <summary>Sends each request to one of several processes, at random.</summary>
    private sealed class AnyOf(IReadOnlyList<Uri> addresses) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var address = addresses[RandomNumberGenerator.GetInt32(addresses.Count)];
            request.RequestUri = new Uri(address, request.RequestUri!.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
