using System.Security.Cryptography;

namespace Media.Fuji.Tests;

public sealed class RefusalTests
{
    private static readonly FujiOptions Small = new() { Protocol = Sources.FourBytes, Parallelism = 2 };

    [Fact]
    public async Task AnyWay_EmptyFile_IsRefused()
    {
        await Refused(FujiError.Empty, () => FujiHash.StreamAsync(Stream.Null, 0));
        await Refused(FujiError.Empty, () => FujiHash.RangesAsync(Sources.ReaderOf([]), 0));
        await Refused(FujiError.Empty, () => FujiHash.TipAsync(Sources.ReaderOf([]), 0));
        var path = Path.GetTempFileName();
        await Refused(FujiError.Empty, () => FujiHash.FileAsync(path));
        File.Delete(path);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(17)]
    public async Task AnyWay_ContentEndsEarly_IsTooShort(int actual)
    {
        var bytes = Sources.Generate(1, actual);
        await Refused(FujiError.TooShort, () => FujiHash.StreamAsync(new ChunkedStream(bytes, 3), 40, Small));
        await Refused(FujiError.TooShort, () => FujiHash.RangesAsync(Sources.ReaderOf(bytes), 40, Small));
        await Refused(FujiError.TooShort, () => FujiHash.TipAsync(Sources.ReaderOf(bytes), 40, Sources.FourBytes));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(17)]
    public async Task StreamAsync_ContentRunsOn_IsTooLong(int announced) =>
        await Refused(FujiError.TooLong, () => FujiHash.StreamAsync(new ChunkedStream(Sources.Generate(1, announced + 1), 3), announced, Small));

    [Fact]
    public async Task RangesAsync_SourceThatIgnoresTheRange_IsTooLong()
    {
        var bytes = Sources.Generate(1, 40);
        FujiRangeOpener whole = (_, _, _) => ValueTask.FromResult<Stream>(new MemoryStream(bytes));
        await Refused(FujiError.TooLong, () => FujiHash.PiecesAsync(whole, new PieceCheckpoint(40, Sources.FourBytes), Small with { PiecesPerRange = 1 }));
        await Refused(FujiError.TooLong, () => FujiHash.TipAsync(whole, 40, Sources.FourBytes));
    }

    [Fact]
    public async Task FileAsync_FileGrowsMeanwhile_IsTooLong()
    {
        var path = Path.GetTempFileName();
        await File.WriteAllBytesAsync(path, Sources.Generate(1, 40));
        var grow = new InlineProgress(_ => File.AppendAllBytes(path, [1]));
        await Refused(FujiError.TooLong, () => FujiHash.FileAsync(path, Small, grow));
        File.Delete(path);
    }

    [Fact]
    public async Task StreamAsync_SourceThrows_ItsExceptionComesThroughAndNothingIsLeftRunning()
    {
        var source = new FailingStream();
        await Assert.ThrowsAsync<IOException>(() => FujiHash.StreamAsync(source, 400, Small));
    }

    [Fact]
    public async Task AnyWay_Cancelled_Stops()
    {
        using var stop = new CancellationTokenSource();
        var bytes = Sources.Generate(1, 400);
        var after = new InlineProgress(_ => stop.Cancel());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FujiHash.StreamAsync(new ChunkedStream(bytes, 4), 400, Small, after, stop.Token));
        using var stop2 = new CancellationTokenSource();
        var checkpoint = new PieceCheckpoint(400, Sources.FourBytes);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            FujiHash.PiecesAsync(Sources.ReaderOf(bytes), checkpoint, Small, new InlineProgress(_ => stop2.Cancel()), stop2.Token));
        Assert.InRange(checkpoint.FinishedCount, 1, 99);
        Assert.Equal(
            (await FujiHash.StreamAsync(new MemoryStream(bytes), 400, Small)).PieceHash,
            await FujiHash.PiecesAsync(Sources.ReaderOf(bytes), checkpoint, Small));
    }

    [Fact]
    public async Task StreamAsync_WholeFile_ProgressRisesToTheSize()
    {
        var seen = new List<long>();
        await FujiHash.StreamAsync(new MemoryStream(Sources.Generate(1, 399)), 399, Small, new InlineProgress(seen.Add));
        Assert.Equal(100, seen.Count);
        Assert.Equal(seen.Order(), seen);
        Assert.Equal(399, seen[^1]);
    }

    [Fact]
    public void FromBytes_AnyBitFlippedOrLengthChanged_IsRefused()
    {
        var checkpoint = new PieceCheckpoint(41, Sources.FourBytes);
        checkpoint.Record(0, SHA256.HashData([1]));
        checkpoint.Record(10, SHA256.HashData([2]));
        Assert.Equal(5, checkpoint.FinishedBytes);
        var written = checkpoint.ToBytes();
        for (var bit = 0; bit < written.Length * 8; bit++)
        {
            var damaged = written.ToArray();
            damaged[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.Equal(FujiError.BadCheckpoint, Assert.Throws<FujiException>(() => PieceCheckpoint.FromBytes(damaged, 41, Sources.FourBytes)).Error);
        }

        for (var length = 0; length < written.Length; length++)
        {
            var cut = written[..length];
            Assert.Equal(FujiError.BadCheckpoint, Assert.Throws<FujiException>(() => PieceCheckpoint.FromBytes(cut, 41, Sources.FourBytes)).Error);
        }

        Assert.Equal(FujiError.BadCheckpoint, Assert.Throws<FujiException>(() => PieceCheckpoint.FromBytes(written, 42, Sources.FourBytes)).Error);
        Assert.Equal(FujiError.BadCheckpoint, Assert.Throws<FujiException>(() => PieceCheckpoint.FromBytes(written, 41)).Error);
    }

    [Fact]
    public void PieceHash_PiecesMissing_Throws()
    {
        var checkpoint = new PieceCheckpoint(8, Sources.FourBytes);
        checkpoint.Record(1, SHA256.HashData([1]));
        Assert.Throws<InvalidOperationException>(() => checkpoint.PieceHash());
    }

    [Theory]
    [InlineData("AD4G5U6L4LJC4DYUIUSFRIYHH5KMRVHCLOQQAKAPNNPFCRAUIV3Q", true)]
    [InlineData("ad4g5u6l4ljc4dyuiusfriyhh5kmrvhcloqqakapnnpfcrauiv3q", false)]
    [InlineData("AD4G5U6L4LJC4DYUIUSFRIYHH5KMRVHCLOQQAKAPNNPFCRAUIV3R", false)]
    [InlineData("AD4G5U6L4LJC4DYUIUSFRIYHH5KMRVHCLOQQAKAPNNPFCRAUIV3", false)]
    [InlineData("AD4G5U6L4LJC4DYUIUSFRIYHH5KMRVHCLOQQAKAPNNPFCRAUIV3Q====", false)]
    [InlineData("1D4G5U6L4LJC4DYUIUSFRIYHH5KMRVHCLOQQAKAPNNPFCRAUIV3Q", false)]
    public void IsHash_Spelling_OnlyTheOneIsTaken(string text, bool taken) => Assert.Equal(taken, Base32.IsHash(text));

    private static async Task Refused(FujiError error, Func<Task> work) => Assert.Equal(error, (await Assert.ThrowsAsync<FujiException>(work)).Error);

    private sealed class InlineProgress(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }


    private sealed class FailingStream : MemoryStream
    {
        private int _reads;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ++_reads > 5 ? throw new IOException("The disk is gone.") : ValueTask.FromResult(buffer.Length);
    }
}
