namespace Media.Fuji;

/// <summary>Shares out the pieces that a checkpoint lacks among several workers, as runs of neighbours.</summary>
internal abstract class PiecePass(PieceCheckpoint checkpoint, FujiOptions options, IProgress<long>? progress)
{
    private readonly Lock _gate = new();
    private readonly Lock _reporting = new();
    private int _workers;
    private long _cursor;
    private long _hashed = checkpoint.FinishedBytes;

    protected PieceCheckpoint Checkpoint => checkpoint;

    protected int Unit { get; } = checkpoint.Protocol.PieceUnit;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var left = checkpoint.PieceCount - checkpoint.FinishedCount;
        if (left == 0)
            return;
        _workers = (int)Math.Min(left, Math.Max(1, options.Parallelism));
        await Parallel.ForAsync(
            0, _workers, new ParallelOptions { MaxDegreeOfParallelism = _workers, CancellationToken = cancellationToken }, (_, stop) => WorkAsync(stop));
    }

    /// <summary>One worker: hashes what <see cref="NextRun"/> gives until that is nothing.</summary>
    protected abstract ValueTask WorkAsync(CancellationToken stop);

    /// <summary>The next neighbouring pieces, as piece indexes, that nobody has taken and the checkpoint lacks; of no length at the end.</summary>
    protected FujiRange NextRun()
    {
        lock (_gate)
        {
            while (_cursor < checkpoint.PieceCount && checkpoint.IsFinished(_cursor))
                _cursor++;
            var start = _cursor;
            // Runs shorten towards the end, so that no worker is left with a long one while the others have nothing.
            var left = checkpoint.PieceCount - start;
            var share = _workers == 1 ? left : left / (2 * _workers);
            var limit = start + Math.Min(left, Math.Clamp(share, 1, Math.Max(1, options.PiecesPerRange)));
            while (_cursor < limit && !checkpoint.IsFinished(_cursor))
                _cursor++;
            return new FujiRange(start, _cursor);
        }
    }

    protected void Record(long piece, ReadOnlySpan<byte> digest)
    {
        checkpoint.Record(piece, digest);
        if (progress is null)
            return;
        // One at a time: what is told only ever rises.
        lock (_reporting)
        {
            _hashed += checkpoint.LengthOf(piece);
            progress.Report(_hashed);
        }
    }
}
