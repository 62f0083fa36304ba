using System.IO.Pipelines;

namespace Media.Fuji.Tests;

/// <summary>What happens on the way to a hash: progress, cancellation, and sources that fail.</summary>
public sealed class CourseTests
{
    private const int Size = 399;
    private static readonly byte[] Bytes = Sources.Generate(1, Size);

    private delegate Task<FujiHashes> Way(FujiOptions options, IProgress<long>? progress, CancellationToken stop);

    public static TheoryData<string, int> Ways() => new MatrixTheoryData<string, int>(Table.Keys, [1, 2, 4]);

    private static readonly Dictionary<string, Way> Table = new(StringComparer.Ordinal)
    {
        ["stream"] = (options, progress, stop) => FujiHash.StreamAsync(new ChunkedStream(Bytes, 3), Size, options, progress, stop),
        ["memory stream"] = (options, progress, stop) => FujiHash.StreamAsync(new MemoryStream(Bytes), Size, options, progress, stop),
        ["pipe"] = (options, progress, stop) => FujiHash.PipeAsync(Sources.PipeOf(Bytes, 3), Size, options, progress, stop),
        ["memory"] = (options, progress, stop) => FujiHash.MemoryAsync(Bytes, options, progress, stop),
        ["ranges"] = (options, progress, stop) => FujiHash.RangesAsync(Sources.ReaderOf(Bytes), Size, options, progress, stop),
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task AnyWay_WholeFile_ProgressRisesPieceByPieceToTheSize(string way, int parallelism)
    {
        var seen = new List<long>();
        await Table[way](OptionsFor(parallelism), new InlineProgress(seen.Add), CancellationToken.None);
        Assert.Equal(100, seen.Count);
        Assert.Equal(seen.Distinct().Order(), seen);
        Assert.Equal(Size, seen[^1]);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task AnyWay_CancelledOnItsWay_StopsSoon(string way, int parallelism)
    {
        using var stop = new CancellationTokenSource();
        long reached = 0;
        var progress = new InlineProgress(hashed =>
        {
            reached = hashed;
            stop.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Table[way](OptionsFor(parallelism), progress, stop.Token));
        Assert.InRange(reached, 1, Size / 2);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task AnyWay_CancelledBefore_HashesNothing(string way, int parallelism)
    {
        var seen = new List<long>();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Table[way](OptionsFor(parallelism), new InlineProgress(seen.Add), new CancellationToken(canceled: true)));
        Assert.Empty(seen);
    }

    [Fact]
    public async Task PiecesAsync_Cancelled_TheCheckpointIsWorthKeeping()
    {
        using var stop = new CancellationTokenSource();
        var checkpoint = new PieceCheckpoint(Size, Sources.FourBytes);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            FujiHash.PiecesAsync(Sources.ReaderOf(Bytes), checkpoint, OptionsFor(2), new InlineProgress(_ => stop.Cancel()), stop.Token));
        Assert.InRange(checkpoint.FinishedCount, 1, 99);
        Assert.Equal(
            (await FujiHash.StreamAsync(new MemoryStream(Bytes), Size, OptionsFor(2))).PieceHash,
            await FujiHash.PiecesAsync(Sources.ReaderOf(Bytes), checkpoint, OptionsFor(2)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task StreamAsync_SourceThrows_ItsExceptionComesThrough(int parallelism) =>
        await Assert.ThrowsAsync<IOException>(() => FujiHash.StreamAsync(new FailingStream(), 400, OptionsFor(parallelism)));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task PipeAsync_PendingReadCancelled_IsCancelled(int parallelism)
    {
        var pipe = new Pipe();
        var hashing = FujiHash.PipeAsync(pipe.Reader, 400, OptionsFor(parallelism));
        pipe.Reader.CancelPendingRead();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hashing);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task PipeAsync_OutOfBytesFromTheWriter_WaitsForThem(int parallelism)
    {
        var pipe = new Pipe();
        var hashing = FujiHash.PipeAsync(pipe.Reader, Size, OptionsFor(parallelism));
        for (var at = 0; at < Size; at += 133)
        {
            await pipe.Writer.WriteAsync(Bytes.AsMemory(at, 133));
            Assert.False(hashing.IsCompleted);
        }

        await pipe.Writer.CompleteAsync();
        Assert.Equal(await FujiHash.MemoryAsync(Bytes, OptionsFor(1)), await hashing);
    }

    private static FujiOptions OptionsFor(int parallelism) => new() { Protocol = Sources.FourBytes, Parallelism = parallelism };

    private sealed class FailingStream : MemoryStream
    {
        private int _reads;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ++_reads > 5 ? throw new IOException("The disk is gone.") : ValueTask.FromResult(1);
    }
}
