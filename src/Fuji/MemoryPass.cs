using System.Security.Cryptography;

namespace Media.Fuji;

/// <summary>Hashes the pieces of a file that is in memory, where they are.</summary>
internal sealed class MemoryPass(ReadOnlyMemory<byte> content, PieceCheckpoint checkpoint, FujiOptions options, IProgress<long>? progress)
    : PiecePass(checkpoint, options, progress)
{
    protected override ValueTask WorkAsync(CancellationToken stop)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        while (NextRun() is { Length: > 0 } run)
        {
            for (var piece = run.Start; piece < run.End; piece++)
            {
                stop.ThrowIfCancellationRequested();
                SHA256.HashData(content.Span.Slice((int)(piece * Unit), Checkpoint.LengthOf(piece)), digest);
                Record(piece, digest);
            }
        }

        return ValueTask.CompletedTask;
    }
}
