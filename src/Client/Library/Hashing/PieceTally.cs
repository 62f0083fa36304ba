using Media.Fuji;

namespace Media.Client.Hashing;

/// <summary>
/// The piece hash of a file whose bytes go by on their way to or from the network: pieces that went by whole are hashed then, and only
/// what is left over is read again. Used from several threads.
/// </summary>
internal sealed class PieceTally(long size)
{
    private readonly PieceCheckpoint _checkpoint = new(size);

    /// <summary>The file's piece hash, once it is known. It stays as it is then, whatever goes by.</summary>
    public string? Hash { get; private set; }

    /// <summary>Takes in bytes in their order, from a place in the file on. Pieces that it does not see from their beginning are left over.</summary>
    public PieceFeed Feed(long offset) => new(_checkpoint, offset);

    /// <summary>Hashes what is left over, on all processors.</summary>
    public async Task<string> FinishAsync(FujiRangeReader file, IProgress<long>? progress, CancellationToken cancellationToken) =>
        Hash ??= await FujiHash.PiecesAsync(file, _checkpoint, progress: progress, cancellationToken: cancellationToken);
}
