using System.Security.Cryptography;

namespace Media.Fuji.Tests;

public sealed class RefusalTests
{
    private static readonly FujiOptions Small = new() { Protocol = Sources.FourBytes, Parallelism = 2 };
    private static readonly FujiOptions OneCore = Small with { Parallelism = 1 };

    [Fact]
    public async Task AnyWay_EmptyFile_IsRefused()
    {
        await Refused(FujiError.Empty, () => FujiHash.StreamAsync(Stream.Null, 0));
        await Refused(FujiError.Empty, () => FujiHash.StreamAsync(new MemoryStream(), 0));
        await Refused(FujiError.Empty, () => FujiHash.PipeAsync(Sources.PipeOf([], 1), 0));
        await Refused(FujiError.Empty, () => FujiHash.MemoryAsync(default));
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
        await Refused(FujiError.TooShort, () => FujiHash.StreamAsync(new ChunkedStream(bytes, 3), 40, OneCore));
        await Refused(FujiError.TooShort, () => FujiHash.StreamAsync(new MemoryStream(bytes), 40, Small));
        await Refused(FujiError.TooShort, () => FujiHash.PipeAsync(Sources.PipeOf(bytes, 3), 40, Small));
        await Refused(FujiError.TooShort, () => FujiHash.PipeAsync(Sources.PipeOf(bytes, 3), 40, OneCore));
        await Refused(FujiError.TooShort, () => FujiHash.RangesAsync(Sources.ReaderOf(bytes), 40, Small));
        await Refused(FujiError.TooShort, () => FujiHash.TipAsync(Sources.ReaderOf(bytes), 40, Sources.FourBytes));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(17)]
    public async Task OnePass_ContentRunsOn_IsTooLong(int announced)
    {
        var bytes = Sources.Generate(1, announced + 1);
        foreach (var options in new[] { Small, OneCore })
        {
            await Refused(FujiError.TooLong, () => FujiHash.StreamAsync(new ChunkedStream(bytes, 3), announced, options));
            await Refused(FujiError.TooLong, () => FujiHash.StreamAsync(new MemoryStream(bytes), announced, options));
            await Refused(FujiError.TooLong, () => FujiHash.PipeAsync(Sources.PipeOf(bytes, 3), announced, options));
        }
    }

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
}
