using Media.Grains.Uploads;
using Media.Silo.Tests.Postgres;
using Media.Tests.Support;
using Microsoft.Extensions.Hosting;
using static Media.Silo.Tests.Verification.VerificationBed;

namespace Media.Silo.Tests.Verification;

/// <summary>The same bytes, many times at the same moment.</summary>
[Trait("Category", "S3")]
public sealed class SameContentTests(StorageFixture storage) : IClassFixture<StorageFixture>, IAsyncLifetime
{
    private VerificationBed _bed = null!;

    public async ValueTask InitializeAsync() => _bed = await MakeAsync(storage);

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Theory]
    [InlineData(2, 100_000, 1)]
    [InlineData(2, 6 * MiB, 2)]
    [InlineData(50, 100_000, 1)]
    [InlineData(50, 6 * MiB, 2)]
    public async Task Verify_IdenticalUploadsAtOnce_AreOneObjectAndAsManyFiles(int uploads, int size, int silos)
    {
        var bytes = RandomBytes(size);
        var pieceHash = (await HashAsync(bytes)).PieceHash;
        var idle = await _bed.StartWithoutJobsAsync();
        var stored = new List<Upload>();
        for (var number = 0; number < uploads; number++) stored.Add(await _bed.StoreAsync(idle, bytes, user: $"user-{number % 7}"));

        // Copies of objects above the limit are made of parts.
        (string, string)[] settings = [("Media:Jobs:Concurrency", "16"), ("Media:S3:CopyLimit", "5242880")];
        var hosts = await Task.WhenAll(Enumerable.Range(0, silos).Select(_ => _bed.StartAsync(settings)));
        var ended = new List<Upload>();
        foreach (var upload in stored) ended.Add(await _bed.UntilEndedAsync(hosts[0], upload));

        Assert.Single(ended, upload => upload.State == UploadState.Verified);
        Assert.Equal(uploads - 1, ended.Count(upload => upload.State == UploadState.Duplicate));
        Assert.Equal([$"hash/{pieceHash}"], await _bed.KeysAsync());
        Assert.Equal(bytes, await _bed.Real.GetAsync($"hash/{pieceHash}"));
        Assert.Empty(await _bed.Real.GetPendingAsync(""));
        Assert.Equal(uploads, await _bed.Database.QueryAsync<long>($"select count(*) from files where piece_hash = '{pieceHash}' and key = 'hash/{pieceHash}'"));
        Assert.Equal(uploads, await _bed.Database.QueryAsync<int>("select files from contents"));
        Assert.Equal(1, await _bed.Database.QueryAsync<long>("select count(*) from outbox where type = 'upload.verified'"));
        Assert.Equal(uploads - 1, await _bed.Database.QueryAsync<long>("select count(*) from outbox where type = 'upload.duplicate'"));
    }
}
