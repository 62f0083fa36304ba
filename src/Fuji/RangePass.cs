using System.Security.Cryptography;

namespace Media.Fuji;

/// <summary>Hashes pieces that are read by ranges.</summary>
internal sealed class RangePass(FujiRangeOpener open, PieceCheckpoint checkpoint, FujiOptions options, IProgress<long>? progress)
    : PiecePass(checkpoint, options, progress)
{
    // What is read is hashed while the processor's own cache still has most of it; a whole piece would not stay there. Less means more system calls.
    private const int ChunkLength = 1024 * 1024;

    protected override async ValueTask WorkAsync(CancellationToken stop)
    {
        using var buffer = new AlignedBuffer((int)Math.Min(Math.Min(Unit, ChunkLength), Checkpoint.Size));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (NextRun() is { Length: > 0 } run)
            await HashRunAsync(run, buffer.Memory, hash, stop);
    }

    private async ValueTask HashRunAsync(FujiRange run, Memory<byte> buffer, IncrementalHash hash, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var start = run.Start * Unit;
        var end = Math.Min(run.End * Unit, Checkpoint.Size);
        var content = await open(start, end, stop);
        await using (content)
        {
            for (var piece = run.Start; piece < run.End; piece++)
            {
                stop.ThrowIfCancellationRequested();
                var length = Checkpoint.LengthOf(piece);
                for (var at = 0; at < length;)
                {
                    var read = await content.ReadAsync(buffer[..Math.Min(buffer.Length, length - at)], stop);
                    if (read == 0)
                        throw FujiException.TooShort(Checkpoint.Size, piece * Unit + at);
                    hash.AppendData(buffer.Span[..read]);
                    at += read;
                }

                Finish(piece, hash);
            }

            if (await content.ReadAsync(buffer[..1], stop) != 0)
                throw FujiException.RangeTooLong(start, end);
        }
    }

    private void Finish(long piece, IncrementalHash hash)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        Record(piece, digest);
    }
}
