namespace Media.Fuji;

/// <summary>Both Fuji hashes of one file.</summary>
/// <param name="Size">The file's size in bytes, at least 1.</param>
/// <param name="TipHash">The quick, partial hash: 52 characters of base32.</param>
/// <param name="PieceHash">The hash of every byte: 52 characters of base32.</param>
public sealed record FujiHashes(long Size, string TipHash, string PieceHash);

/// <summary>How hashing goes about its work; none of it changes a hash made with the same protocol.</summary>
public sealed record FujiOptions
{
    internal static FujiOptions Default { get; } = new();

    /// <summary>Titles and units; <see cref="FujiProtocol.Default"/> unless told.</summary>
    public FujiProtocol Protocol { get; init; } = FujiProtocol.Default;

    /// <summary>
    /// How many pieces are hashed at once, the number of processors unless told. It bounds memory too: by random access 256 KiB are held
    /// for each; from a stream a whole piece for each, and one more.
    /// </summary>
    public int Parallelism { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// How many neighbouring pieces one opened range covers at most. More means fewer requests to a remote store, fewer means that
    /// work is shared out more evenly at the end. 16 (64 MiB) unless told.
    /// </summary>
    public int PiecesPerRange { get; init; } = 16;
}
