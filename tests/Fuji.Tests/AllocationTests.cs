using System.IO.Pipelines;

namespace Media.Fuji.Tests;

/// <summary>What is allocated is counted for the whole process, so nothing else may run beside.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests
{
    [Fact]
    public async Task AnyWay_LargeFile_AllocatesNoMoreThanASmallOne()
    {
        FujiRangeReader zeros = (_, destination, _) =>
        {
            destination.Span.Clear();
            return ValueTask.FromResult(destination.Length);
        };
        const long Large = 512L << 20;
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await FujiHash.StreamAsync(new ZeroStream(Large), Large, new FujiOptions { Parallelism = 2 });
        await FujiHash.StreamAsync(new ZeroStream(Large), Large, new FujiOptions { Parallelism = 1 });
        await FujiHash.PipeAsync(PipeReader.Create(new ZeroStream(Large)), Large, new FujiOptions { Parallelism = 1 });
        await FujiHash.RangesAsync(zeros, Large, new FujiOptions { Parallelism = 2 });
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 64L << 20);
    }

    private sealed class ZeroStream(long length) : MemoryStream
    {
        private long _left = length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = (int)Math.Min(buffer.Length, _left);
            buffer.Span[..read].Clear();
            _left -= read;
            return ValueTask.FromResult(read);
        }
    }
}
