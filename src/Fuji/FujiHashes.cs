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
    /// How many pieces are hashed at once, the number of processors unless told. It bounds memory too: by random access 1 MiB is held
    /// for each; from a stream a whole piece for each, and one more. With 1, a stream is read and hashed in turn, and 256 KiB are held.
    /// </summary>
    public int Parallelism { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// How many neighbouring pieces one opened range covers at most; towards a file's end ranges become shorter, so that the work ends
    /// everywhere at about the same time. More means fewer requests to a remote store. 16 (64 MiB) unless told.
    /// </summary>
    public int PiecesPerRange { get; init; } = 16;
}
