using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Media.Fuji.Tests;

/// <summary>Every way to a hash gives the same one, and it is the one that the definition gives.</summary>
public sealed class AgreementTests
{
    private sealed record Case(byte[] Bytes, int TipUnit, int PieceUnit, int[] Chunks, int Parallelism, int PiecesPerRange);

    private static readonly Gen<Case> Cases =
        from size in Gen.Choose(1, 400)
        from seed in Gen.Choose(1, int.MaxValue - 1)
        from tipUnit in Gen.Choose(1, 40)
        from pieceUnit in Gen.Choose(1, 90)
        from chunks in Gen.NonEmptyListOf(Gen.Choose(1, 120))
        from parallelism in Gen.Choose(1, 5)
        from perRange in Gen.Choose(1, 6)
        select new Case(Sources.Generate((uint)seed, size), tipUnit, pieceUnit, [.. chunks], parallelism, perRange);

    [Fact]
    public void Hashes_AnyFileUnitsAndChunks_StreamPipeMemoryRangesAndDefinitionAgree() => Prop.ForAll(Cases.ToArbitrary(), c =>
    {
        var protocol = new FujiProtocol("Tip.", c.TipUnit, "Piece.", c.PieceUnit);
        var options = new FujiOptions { Protocol = protocol, Parallelism = c.Parallelism, PiecesPerRange = c.PiecesPerRange };
        var size = c.Bytes.Length;
        var expected = new FujiHashes(size, TipByDefinition(c.Bytes, c.TipUnit), PiecesByDefinition(c.Bytes, c.PieceUnit));

        Assert.Equal(expected, Run(FujiHash.StreamAsync(new ChunkedStream(c.Bytes, c.Chunks), size, options)));
        Assert.Equal(expected, Run(FujiHash.PipeAsync(Sources.PipeOf(c.Bytes, c.Chunks), size, options)));
        Assert.Equal(expected, Run(FujiHash.MemoryAsync(c.Bytes, options)));
        Assert.Equal(expected, Run(FujiHash.RangesAsync(Sources.ReaderOf(c.Bytes, c.Chunks[0]), size, options)));
        Assert.Equal(expected, Run(FujiHash.RangesAsync(
            (start, end, _) => ValueTask.FromResult<Stream>(new ChunkedStream(c.Bytes[(int)start..(int)end], c.Chunks)), size, options)));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(600));

    [Fact]
    public void StreamAsync_MemoryStreamOfAnyKind_IsHashedFromWhereItStandsToItsEnd() => Prop.ForAll(Cases.ToArbitrary(), c =>
    {
        var options = new FujiOptions { Protocol = new FujiProtocol("Tip.", c.TipUnit, "Piece.", c.PieceUnit), Parallelism = c.Parallelism };
        var skipped = c.Chunks[0] % c.Bytes.Length;
        var bytes = c.Bytes[skipped..];
        var expected = new FujiHashes(bytes.Length, TipByDefinition(bytes, c.TipUnit), PiecesByDefinition(bytes, c.PieceUnit));
        using var grown = new MemoryStream();
        grown.Write(c.Bytes);
        // The last shows no buffer and begins in its middle.
        foreach (var stream in new[] { grown, new MemoryStream(c.Bytes, writable: false), new MemoryStream([7, .. c.Bytes, 7], 1, c.Bytes.Length) })
        {
            stream.Position = skipped;
            Assert.Equal(expected, Run(FujiHash.StreamAsync(stream, bytes.Length, options)));
            Assert.Equal(stream.Length, stream.Position);
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void PiecesAsync_AnyPiecesFinishedBefore_SameHashAndOnlyTheRestIsRead() =>
        Prop.ForAll(Cases.ToArbitrary(), ArbMap.Default.ArbFor<int>(), (c, mask) =>
    {
        var protocol = new FujiProtocol("Tip.", c.TipUnit, "Piece.", c.PieceUnit);
        var size = c.Bytes.Length;
        var before = new PieceCheckpoint(size, protocol);
        for (var piece = 0; piece < before.PieceCount; piece++)
        {
            if ((mask >> (piece % 31) & 1) != 0)
                before.Record(piece, SHA256.HashData(c.Bytes.AsSpan(piece * c.PieceUnit, Math.Min(c.PieceUnit, size - piece * c.PieceUnit))));
        }

        var resumed = PieceCheckpoint.FromBytes(before.ToBytes(), size, protocol);
        long read = 0;
        var all = Sources.ReaderOf(c.Bytes);
        var hash = Run(FujiHash.PiecesAsync(
            (offset, destination, stop) =>
            {
                Interlocked.Add(ref read, Math.Min(destination.Length, size - offset));
                return all(offset, destination, stop);
            },
            resumed,
            new FujiOptions { Parallelism = c.Parallelism, PiecesPerRange = c.PiecesPerRange }));

        Assert.Equal(PiecesByDefinition(c.Bytes, c.PieceUnit), hash);
        Assert.Equal(size - before.FinishedBytes, read);
        Assert.True(resumed.IsComplete);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void Base32_AnyBytes_ComeBack() => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
    {
        Assert.True(Base32.TryDecode(Base32.Encode(bytes), out var back));
        Assert.Equal(bytes, back);
    }).QuickCheckThrowOnFailure();

    private static T Run<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private static string PiecesByDefinition(byte[] bytes, int unit)
    {
        using var all = new MemoryStream();
        all.Write(Encoding.ASCII.GetBytes($"Piece.{bytes.Length}."));
        foreach (var piece in bytes.Chunk(unit))
            all.Write(SHA256.HashData(piece));
        return Base32.Encode(SHA256.HashData(all.ToArray()));
    }

    private static string TipByDefinition(byte[] bytes, int unit)
    {
        var size = bytes.Length;
        IEnumerable<byte> stripes = bytes;
        if (size > 4 * unit)
        {
            var units = (size + unit - 1) / unit;
            int[] starts = [0, size / (2 * unit) * unit, (units - 2) * unit, (units - 1) * unit];
            stripes = starts.SelectMany(start => bytes.Skip(start).Take(unit));
        }

        return Base32.Encode(SHA256.HashData([.. Encoding.ASCII.GetBytes($"Tip.{size}."), .. stripes]));
    }
}
