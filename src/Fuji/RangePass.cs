using System.Buffers;
using System.Security.Cryptography;

namespace Media.Fuji;

/// <summary>Hashes the pieces that a checkpoint lacks, several runs of neighbouring pieces at once.</summary>
internal sealed class RangePass(FujiRangeOpener open, PieceCheckpoint checkpoint, FujiOptions options, IProgress<long>? progress)
{
    // What is read is hashed while the processor's own cache still has it; a whole piece would not stay there.
    private const int ChunkLength = 256 * 1024;

    private readonly Lock _gate = new();
    private readonly int _unit = checkpoint.Protocol.PieceUnit;
    private long _cursor;
    private long _hashed = checkpoint.FinishedBytes;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var left = checkpoint.PieceCount - checkpoint.FinishedCount;
        if (left == 0)
            return;
        var workers = (int)Math.Min(left, Math.Max(1, options.Parallelism));
        await Parallel.ForAsync(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellationToken }, async (_, stop) =>
        {
            var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Min(_unit, ChunkLength), checkpoint.Size));
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            try
            {
                while (NextRun() is { Length: > 0 } run)
                    await HashRunAsync(run, buffer, hash, stop);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        });
    }

    private async ValueTask HashRunAsync(FujiRange run, byte[] buffer, IncrementalHash hash, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var start = run.Start * _unit;
        var end = Math.Min(run.End * _unit, checkpoint.Size);
        var content = await open(start, end, stop);
        await using (content)
        {
            for (var piece = run.Start; piece < run.End; piece++)
            {
                stop.ThrowIfCancellationRequested();
                var length = checkpoint.LengthOf(piece);
                for (var at = 0; at < length;)
                {
                    var read = await content.ReadAsync(buffer.AsMemory(0, Math.Min(buffer.Length, length - at)), stop);
                    if (read == 0)
                        throw FujiException.TooShort(checkpoint.Size, piece * _unit + at);
                    hash.AppendData(buffer, 0, read);
                    at += read;
                }

                Record(piece, length, hash);
            }

            if (await content.ReadAsync(buffer.AsMemory(0, 1), stop) != 0)
                throw FujiException.RangeTooLong(start, end);
        }
    }

    private void Record(long piece, int length, IncrementalHash hash)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        checkpoint.Record(piece, digest);
        if (progress is not null)
            progress.Report(Interlocked.Add(ref _hashed, length));
    }

    // The next neighbouring pieces, as piece indexes, that nobody has taken and the checkpoint lacks; of no length at the end.
    private FujiRange NextRun()
    {
        lock (_gate)
        {
            while (_cursor < checkpoint.PieceCount && checkpoint.IsFinished(_cursor))
                _cursor++;
            var start = _cursor;
            var limit = Math.Min(checkpoint.PieceCount, start + Math.Max(1, options.PiecesPerRange));
            while (_cursor < limit && !checkpoint.IsFinished(_cursor))
                _cursor++;
            return new FujiRange(start, _cursor);
        }
    }
}
