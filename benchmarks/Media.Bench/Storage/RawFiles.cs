using Media.Tests.Support;

namespace Media.Bench.Storage;

/// <summary>The floor under a store: the same bytes into files, flushed to the disk, and out again.</summary>
internal sealed class RawFiles : IObjects, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string Title => "files with fsync";

    public Task PutAsync(string key, long size, ReadOnlyMemory<byte> part, int connections, CancellationToken cancellationToken) => Parallel.ForAsync(
        0,
        size / part.Length,
        new ParallelOptions { MaxDegreeOfParallelism = connections, CancellationToken = cancellationToken },
        async (at, cancel) => await WriteAsync($"{key}.{at}", part, cancel));

    public Task GetAsync(string key, long size, int rangeLength, int connections, CancellationToken cancellationToken) => Parallel.ForAsync(
        0,
        size / rangeLength,
        new ParallelOptions { MaxDegreeOfParallelism = connections, CancellationToken = cancellationToken },
        async (at, cancel) =>
        {
            var buffer = new byte[128 << 10];
            await using var file = new FileStream(_folder.Path($"{key}.{at}"), FileMode.Open, FileAccess.Read, FileShare.Read, 0);
            while (await file.ReadAsync(buffer, cancel) > 0)
            {
            }
        });

    public Task PutSmallAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => WriteAsync(key, content, cancellationToken);

    public void Dispose() => _folder.Dispose();

    private async Task WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(_folder.Path(name), FileMode.Create, FileAccess.Write, FileShare.None, 0);
        await file.WriteAsync(content, cancellationToken);
        file.Flush(flushToDisk: true);
    }
}
