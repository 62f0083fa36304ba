using System.Collections.Immutable;
using Media.Grains.Results;
using Media.Grains.Uploads;

namespace Media.Grains.Tests.Uploads;

public sealed class PartCheckTests
{
    private const long MiB = 1L << 20;
    private const long Size = 20 * MiB;
    private static readonly UploadPlan Plan = new(UploadStrategy.Multipart, 8 * MiB, 3);

    [Fact]
    public void Choose_AllPartsOfThePlan_AreTakenInOrder()
    {
        var choice = PartCheck.Choose([Part(1, 8), Part(2, 8), Part(3, 4)], null, Plan, Size);

        Assert.Equal([1, 2, 3], choice.Value!.Parts.Select(part => part.Part));
    }

    [Fact]
    public void Choose_PartOfTheWrongSize_CountsAsMissing()
    {
        var choice = PartCheck.Choose([Part(1, 8), Part(2, 7), Part(3, 4)], null, Plan, Size);

        Assert.Equal(RefusalCode.PartsMissing, choice.Refusal!.Code);
        Assert.Equal([2], choice.Refusal.Parts);
    }

    [Fact]
    public void Choose_PartsBeyondThePlan_AreLeftOut()
    {
        var choice = PartCheck.Choose([Part(1, 8), Part(2, 8), Part(3, 4), Part(4, 8)], null, Plan, Size);

        Assert.Equal(3, choice.Value!.Parts.Length);
    }

    [Fact]
    public void Choose_ClientNamesPartsInAnyOrderWithAndWithoutQuotes_IsTaken()
    {
        var choice = PartCheck.Choose(
            [Part(1, 8), Part(2, 8), Part(3, 4)], [new(3, "\"etag3\""), new(1, "etag1"), new(2, "ETAG2")], Plan, Size);

        Assert.True(choice.IsSuccess);
    }

    [Fact]
    public void Choose_ClientNamesAnotherETag_NamesTheChangedPart()
    {
        var choice = PartCheck.Choose([Part(1, 8), Part(2, 8), Part(3, 4)], [new(1, "etag1"), new(2, "other"), new(3, "etag3")], Plan, Size);

        Assert.Equal(RefusalCode.PartChanged, choice.Refusal!.Code);
        Assert.Equal([2], choice.Refusal.Parts);
    }

    [Fact]
    public void Choose_ClientNamesFewerThanThePlan_StillTakesThoseThatAreStored()
    {
        var choice = PartCheck.Choose([Part(1, 8), Part(2, 8), Part(3, 4)], [new(1, "etag1")], Plan, Size);

        Assert.Equal(3, choice.Value!.Parts.Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(10_001)]
    public void Choose_ClientNamesANumberOutsideThePlan_IsRefused(int number)
    {
        var choice = PartCheck.Choose([Part(1, 8), Part(2, 8), Part(3, 4)], [new(number, "x")], Plan, Size);

        Assert.Equal(RefusalCode.InvalidPart, choice.Refusal!.Code);
    }

    [Theory]
    [InlineData(5 * MiB, true)]
    [InlineData((5 * MiB) - 1, false)]
    public void Choose_OpenPlan_HoldsAllPartsButTheLastToTheSmallestSize(long first, bool fits)
    {
        var choice = PartCheck.Choose([new(1, first, "\"a\"", null), Part(2, 1)], null, PartPlanner.Open, null);

        Assert.Equal(fits ? null : RefusalCode.PartTooSmall, choice.Refusal?.Code);
    }

    [Fact]
    public void Choose_OpenPlanAndAClientThatNamesSome_TakesJustThose()
    {
        var choice = PartCheck.Choose([Part(1, 8), Part(2, 8), Part(3, 8)], [new(2, "etag2"), new(1, "etag1")], PartPlanner.Open, null);

        Assert.Equal([1, 2], choice.Value!.Parts.Select(part => part.Part));
    }

    [Fact]
    public void Choose_OpenPlanWithoutParts_IsMissingTheFirst() =>
        Assert.Equal([1], PartCheck.Choose([], null, PartPlanner.Open, null).Refusal!.Parts);

    [Fact]
    public void Missing_GapsAndLimit_NamesTheFirstGaps()
    {
        ImmutableArray<UploadedPart> parts = [Part(2, 8), Part(4, 8)];

        Assert.Equal([1, 3, 5, 6], PartCheck.Missing(parts, 6));
        Assert.Equal([1, 3], PartCheck.Missing(parts, 6, 2));
    }

    private static UploadedPart Part(int number, long mib) => new(number, mib * MiB, $"\"etag{number}\"", null);
}
