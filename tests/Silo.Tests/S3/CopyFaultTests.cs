using System.Net.Http.Json;
using Media.DevStorage;
using Media.Grains.Ports;
using Media.Tests.Support;

namespace Media.Silo.Tests.S3;

/// <summary>Copies on a store whose requests fail when a test says so.</summary>
public sealed class CopyFaultTests : IAsyncLifetime
{
    private const string Source = "upload/source";
    private const string Target = "hash/target";
    private const string Secret = "test-secret";
    private const int MiB = 1 << 20;

    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new();
    private readonly byte[] _body = new byte[(52 * MiB) + 1];
    private DevStorageServer _server = null!;
    private RealStore _real = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var options = new DevStorageOptions { Data = _folder.FullName, Fsync = false, AdminToken = Secret };
        options.Keys.Add(new DevStorageKey { Id = "test", Secret = Secret });
        _server = await DevStorageServer.StartAsync(options, Token);
        _http.DefaultRequestHeaders.Authorization = new("Bearer", Secret);
        _real = new RealStore(_server.Endpoint, "test", Secret, "media", settings => settings.CopyLimit = 5 * MiB);
        await _real.Client.PutBucketAsync("media", Token);
        Random.Shared.NextBytes(_body);
    }

    public async ValueTask DisposeAsync()
    {
        _real.Dispose();
        _http.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("UploadPartCopy", 3)]
    [InlineData("ListParts", 0)]
    [InlineData("CompleteMultipartUpload", 0)]
    public async Task MultipartCopy_FailsInTheMiddle_LeavesNothingAndGoesWellNextTime(string operation, int skip)
    {
        var found = await _real.PutAsync(Source, _body);
        await FailAsync(new { operation, skip, status = 503 });

        await Assert.ThrowsAsync<StoreUnavailableException>(() => _real.Store.CopyAsync(Source, found, Target, null, onlyIfAbsent: true, Token));
        Assert.Null(await _real.Store.HeadAsync(Target, Token));
        Assert.Empty(await _real.GetPendingAsync(""));

        await FailAsync();
        Assert.Equal(CopyStatus.Copied, (await _real.Store.CopyAsync(Source, found, Target, null, onlyIfAbsent: true, Token)).Status);
        Assert.Equal(_body, await _real.GetAsync(Target));
    }

    [Fact]
    public async Task MultipartCopy_SourceChangesInTheMiddle_IsNotCopied()
    {
        var found = await _real.PutAsync(Source, _body);
        // Some parts are copied at once; the rest wait, and find another object.
        await FailAsync(new { operation = "UploadPartCopy", skip = 7, latencyMs = 5_000 });

        var copying = _real.Store.CopyAsync(Source, found, Target, null, onlyIfAbsent: true, Token);
        await Eventually.TrueAsync(async () => await _real.GetPendingAsync(Target) is [var uploadId]
            && await _real.Store.ListPartsAsync(Target, uploadId, Token) is { Length: > 0 });
        await _real.PutAsync(Source, [1]);

        Assert.Equal(CopyOutcome.SourceChanged, await copying);
        Assert.Null(await _real.Store.HeadAsync(Target, Token));
        Assert.Empty(await _real.GetPendingAsync(""));
    }

    [Theory]
    [InlineData("CopyObject", 3)]
    [InlineData("UploadPartCopy", (52 * MiB) + 1)]
    [InlineData("CompleteMultipartUpload", (52 * MiB) + 1)]
    public async Task Copy_AnswerIsLost_EndsAsACopy(string operation, int size)
    {
        var found = await _real.PutAsync(Source, _body[..size]);
        foreach (var onlyIfAbsent in new[] { true, false })
        {
            await FailAsync(new { operation, times = 1, loseAnswer = true });

            var outcome = await _real.Store.CopyAsync(Source, found, Target, null, onlyIfAbsent, Token);

            Assert.Equal(size, outcome.Target!.Size);
            if (!onlyIfAbsent) Assert.Equal(CopyStatus.Copied, outcome.Status);
            Assert.Equal(_body[..size], await _real.GetAsync(Target));
            Assert.Empty(await _real.GetPendingAsync(""));
            await _real.Store.DeleteAsync(Target, Token);
        }
    }

    private async Task FailAsync(params object[] rules)
    {
        using var answer = await _http.PutAsJsonAsync(new Uri(_server.Endpoint, "/_admin/faults"), rules, Token);
        answer.EnsureSuccessStatusCode();
    }
}
