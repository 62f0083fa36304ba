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
}
