using System.Buffers;
using System.Security.Cryptography;
using Media.Bench.Servers;

namespace Media.Bench.Verification;

/// <summary>The least that verification could do: parallel GETs of an object's slices, thrown away or hashed as they come; and hashing alone.</summary>
internal static class PlainReads
{
    private const int ChunkLength = 256 * 1024;

    /// <summary>Reads the object in slices, several at once.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The object.</param>
    /// <param name="size">Its size, a multiple of the slice's.</param>
    /// <param name="sliceLength">Bytes in a slice.</param>
    /// <param name="connections">How many at once.</param>
    /// <param name="isHashed">Whether each slice's SHA-256 is computed.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static Task ReadAsync(StoreAccess store, string key, long size, int sliceLength, int connections, bool isHashed, CancellationToken cancellationToken) =>
        Parallel.ForAsync(
            0,
            size / sliceLength,
            new ParallelOptions { MaxDegreeOfParallelism = connections, CancellationToken = cancellationToken },
            async (at, cancel) =>
            {
                var buffer = ArrayPool<byte>.Shared.Rent(ChunkLength);
                using var hash = isHashed ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
                await store.GetAsync(key, at * sliceLength, (at + 1) * sliceLength, buffer, cancel, hash is null ? null : bytes => hash.AppendData(bytes.Span));
                ArrayPool<byte>.Shared.Return(buffer);
            });

    /// <summary>Hashes as many bytes in memory on all processors, in chunks that their caches hold.</summary>
    public static void Hash(byte[] content, long size) => Parallel.For(0, size / content.Length, _ =>
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var at = 0; at < content.Length; at += ChunkLength) hash.AppendData(content, at, Math.Min(ChunkLength, content.Length - at));
    });
}
