namespace Media.Bench.Storage;

/// <summary>Somewhere that objects are put into and read from.</summary>
internal interface IObjects
{
    /// <summary>What it is, in a word or two.</summary>
    string Title { get; }

    /// <summary>Puts an object of <paramref name="size"/> bytes, all of its parts the same.</summary>
    Task PutAsync(string key, long size, ReadOnlyMemory<byte> part, int connections, CancellationToken cancellationToken);

    /// <summary>Reads it in ranges.</summary>
    Task GetAsync(string key, long size, int rangeLength, int connections, CancellationToken cancellationToken);

    /// <summary>Puts an object in one request.</summary>
    Task PutSmallAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);
}
