using FsCheck;
using FsCheck.Fluent;
using Media.Grains.Uploads;

namespace Media.Grains.Tests.Uploads;

public sealed class PartPlannerTests
{
    private const long MiB = 1L << 20;
    private const long TiB = 1L << 40;

    [Theory]
    [InlineData(1, 1, 8 * MiB)]
    [InlineData((8 * MiB) - 1, 1, 8 * MiB)]
    [InlineData(8 * MiB, 1, 8 * MiB)]
    [InlineData((8 * MiB) + 1, 2, 8 * MiB)]
    [InlineData(8_000 * MiB, 1_000, 8 * MiB)]
    [InlineData((8_000 * MiB) + 1, 667, 12 * MiB)]
    [InlineData(640_000 * MiB, 10_000, 64 * MiB)]
    [InlineData((640_000 * MiB) + 1, 9_412, 68 * MiB)]
    [InlineData(5 * TiB, 9_930, 528 * MiB)]
    public void Plan_SizesAroundTheLimits_GiveThePartsThatS3Takes(long size, int count, long partSize)
    {
        Assert.Equal(new UploadPlan(UploadStrategy.Multipart, partSize, count), PartPlanner.Plan(size, null, 0));
    }

    [Fact]
    public void Plan_AnySizeAndWish_KeepsEveryRuleOfS3AndOfTheContentHash()
    {
        var cases =
            from size in Gen.OneOf(Gen.Choose(1, int.MaxValue).Select(n => (long)n), Gen.Choose(1, 5 * 1024 * 1024).Select(n => n * MiB))
            from wish in Gen.OneOf(Gen.Constant((long?)null), Gen.Choose(5, 5 * 1024).Select(n => (long?)(n * MiB)))
            select (size, wish);

        Prop.ForAll(
            cases.ToArbitrary(),
            c =>
            {
                var plan = PartPlanner.Plan(c.size, c.wish, 0);
                Assert.Equal(0, plan.PartSize % PartPlanner.Grain);
                Assert.InRange(plan.PartSize, PartPlanner.MinPartSize, PartPlanner.MaxPartSize);
                Assert.InRange(plan.PartCount, 1, PartPlanner.MaxParts);
                Assert.True(plan.PartSize >= (c.wish ?? 0));
                var sum = 0L;
                for (var part = 1; part <= plan.PartCount; part++)
                    sum += plan.SizeOf(part, c.size)!.Value;
                Assert.Equal(c.size, sum);
                Assert.InRange(plan.SizeOf(plan.PartCount, c.size)!.Value, 1, plan.PartSize);
            }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Plan_EmptyFile_IsASinglePut() => Assert.Equal(new UploadPlan(UploadStrategy.Single, 0, 1), PartPlanner.Plan(0, null, 0));

    [Theory]
    [InlineData(100, UploadStrategy.Single)]
    [InlineData(101, UploadStrategy.Multipart)]
    public void Plan_AroundTheSinglePutLimit_ChangesStrategyJustOverIt(long size, UploadStrategy expected) =>
        Assert.Equal(expected, PartPlanner.Plan(size, null, 100).Strategy);
}
