namespace Media.Grains.Ports;

/// <summary>How copying an object went.</summary>
/// <param name="Status">Whether there is a copy, and whose.</param>
/// <param name="Target">What the bucket has under the copy's key; null where <see cref="CopyStatus.SourceChanged"/>.</param>
public sealed record CopyOutcome(CopyStatus Status, StoredObject? Target)
{
    /// <summary>There was nothing to copy.</summary>
    public static CopyOutcome SourceChanged { get; } = new(CopyStatus.SourceChanged, null);

    /// <summary>The copy was made.</summary>
    public static CopyOutcome Copied(StoredObject target) => new(CopyStatus.Copied, target);

    /// <summary>Something was there already.</summary>
    public static CopyOutcome Exists(StoredObject target) => new(CopyStatus.Exists, target);
}

/// <summary>How copying an object ended.</summary>
public enum CopyStatus
{
    /// <summary>The copy is in the bucket, with the size of the object.</summary>
    Copied,

    /// <summary>
    /// There was an object under the copy's key, whatever has become of the source, and the copy was only wanted if there was none. It may be this
    /// very copy, made by an earlier try whose answer was lost.
    /// </summary>
    Exists,

    /// <summary>The object is gone, or is another than the one found. Nothing was copied.</summary>
    SourceChanged,
}
