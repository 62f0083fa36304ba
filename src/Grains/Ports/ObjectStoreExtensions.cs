using Media.Grains.Contents;

namespace Media.Grains.Ports;

/// <summary>What is asked of the store in more than one place.</summary>
public static class ObjectStoreExtensions
{
    /// <summary>Whether a content's object is in the bucket, with its size: catalogs outlive what buckets lose, and whoever has the bytes can bring them back.</summary>
    public static async Task<bool> HasAsync(this IObjectStore store, Content content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(content);
        return await store.HeadAsync(content.Key, cancellationToken) is { } there && there.Size == content.Size;
    }

    /// <summary>
    /// What the bucket has under a key, or null where the store lists nothing there either. For what cannot be taken back: a HEAD's 404 has no words, and may
    /// come from something that stands before the store, or from a store that has not the bucket.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store does not answer, or has not made up its mind.</exception>
    public static async Task<StoredObject?> HeadConfirmedAsync(this IObjectStore store, string key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (await store.HeadAsync(key, cancellationToken) is { } found) return found;
        await foreach (var listed in store.ListObjectsAsync(key, cancellationToken))
        {
            if (listed.Key == key) throw new StoreUnavailableException("The object store lists an object that it says it has not.");
        }

        return null;
    }
}
