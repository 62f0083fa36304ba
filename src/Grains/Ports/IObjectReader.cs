namespace Media.Grains.Ports;

/// <summary>Reads objects of the bucket. Where the store does not answer, methods throw <see cref="StoreUnavailableException"/>.</summary>
public interface IObjectReader
{
    /// <summary>Opens a slice of an object, of one state of it: what was put in its place since is never mixed in.</summary>
    /// <param name="key">The object's key.</param>
    /// <param name="found">The object as it was found, by <see cref="IObjectStore.HeadAsync"/>.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">How many, at least one; all within the object.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The bytes as they come, which are no further in memory than they are read. The caller closes it.</returns>
    /// <exception cref="ObjectChangedException">The object is gone, or is another than <paramref name="found"/>.</exception>
    Task<Stream> OpenAsync(string key, StoredObject found, long offset, long length, CancellationToken cancellationToken);
}
