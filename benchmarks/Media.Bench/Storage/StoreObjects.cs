using Media.Bench.Servers;

namespace Media.Bench.Storage;

/// <summary>Objects in an S3 store: multipart PUTs and ranged GETs.</summary>
internal sealed class StoreObjects(string title, StoreAccess store) : IObjects
{
    public string Title => title;

    public async Task PutAsync(string key, long size, ReadOnlyMemory<byte> part, int connections, CancellationToken cancellationToken)
    {
        var uploadId = await store.CreateUploadAsync(key, cancellationToken);
        var etags = new string[size / part.Length];
        await Parallel.ForAsync(0, etags.Length, AtOnce(connections, cancellationToken), async (at, cancel) =>
            etags[at] = await store.PutPartAsync(key, uploadId, at + 1, part, cancel));
        await store.CompleteUploadAsync(key, uploadId, etags, cancellationToken);
    }

    public Task GetAsync(string key, long size, int rangeLength, int connections, CancellationToken cancellationToken) => Parallel.ForAsync(
        0, size / rangeLength, AtOnce(connections, cancellationToken), async (at, cancel) =>
            await store.GetAsync(key, at * rangeLength, (at + 1) * rangeLength, new byte[128 << 10], cancel));

    public Task PutSmallAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => store.PutObjectAsync(key, content, cancellationToken);

    private static ParallelOptions AtOnce(int connections, CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = connections, CancellationToken = cancellationToken };
}
