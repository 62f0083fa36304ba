using System.IO.Pipelines;
using System.Text;

namespace Media.Fuji.Tests;

public sealed class KnownAnswerTests
{
    public static TheoryData<int> Rows() => new(Enumerable.Range(0, Sources.Vectors.Count));

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task StreamAsync_VectorFile_HasThePublishedHashes(int row)
    {
        var vector = Sources.Vectors[row];
        using var content = new MemoryStream(Sources.Generate(vector.Seed, vector.Size));
        Assert.Equal(new FujiHashes(vector.Size, vector.TipHash, vector.PieceHash), await FujiHash.StreamAsync(content, vector.Size));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task PipeAsync_VectorFile_HasThePublishedHashes(int row)
    {
        var vector = Sources.Vectors[row];
        var pipe = PipeReader.Create(new MemoryStream(Sources.Generate(vector.Seed, vector.Size)));
        Assert.Equal(new FujiHashes(vector.Size, vector.TipHash, vector.PieceHash), await FujiHash.PipeAsync(pipe, vector.Size));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task RangesAsync_VectorFile_HasThePublishedHashes(int row)
    {
        var vector = Sources.Vectors[row];
        var source = Sources.ReaderOf(Sources.Generate(vector.Seed, vector.Size));
        Assert.Equal(
            new FujiHashes(vector.Size, vector.TipHash, vector.PieceHash),
            await FujiHash.RangesAsync(source, vector.Size, new FujiOptions { Parallelism = 3, PiecesPerRange = 2 }));
        Assert.Equal(vector.TipHash, await FujiHash.TipAsync(source, vector.Size));
    }

    [Theory]
    [InlineData("FFFF....MMMMppppL", "A6RAKFDY2XTFTXIXY443GJPPQOE7IEDWXCAKQ2DCYEIRRFQK3PBQ", "HWRHKCB5OSVGTA365HAK22CMPTURM3DJY6553YQCJE7YCW5YQFEA")]
    [InlineData("FFFF!!!!MMMMppppL", "A6RAKFDY2XTFTXIXY443GJPPQOE7IEDWXCAKQ2DCYEIRRFQK3PBQ", "Z3SVWY6BAOECTYAS7UXMNH7RIXL63ZD6KYHG73HKBOSZUWOAKCJQ")]
    public async Task StreamAsync_UnitsOfFourBytes_HasThePublishedHashes(string text, string tip, string piece)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        var hashes = new FujiHashes(bytes.Length, tip, piece);
        var options = new FujiOptions { Protocol = Sources.FourBytes, Parallelism = 2 };
        Assert.Equal(hashes, await FujiHash.StreamAsync(new MemoryStream(bytes), bytes.Length, options));
        Assert.Equal(hashes, await FujiHash.RangesAsync(Sources.ReaderOf(bytes), bytes.Length, options));
    }

    [Fact]
    public async Task FileAsync_Hello_HasThePublishedHashes()
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, "hello");
            var hashes = await FujiHash.FileAsync(path);
            Assert.Equal(new FujiHashes(5, "BSOEFHWYKUFE2ZEYFGKAE2X4IZXTXXCDJZQ2YRGKLMAETUJDTIHQ", "AD4G5U6L4LJC4DYUIUSFRIYHH5KMRVHCLOQQAKAPNNPFCRAUIV3Q"), hashes);
            using var file = File.OpenHandle(path);
            Assert.Equal(hashes.TipHash, await FujiHash.TipAsync(file));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
