using System.Collections.Immutable;
using Media.Grains.Results;
using Media.Grains.Uploads;

namespace Media.Grains.Tests.Uploads;

public sealed class UploadRulesTests
{
    private const string Hash = "AD4G5U6L4LJC4DYUIUSFRIYHH5KMRVHCLOQQAKAPNNPFCRAUIV3Q";
    private static readonly UploadOptions Options = new();

    [Theory]
    [InlineData(0, null)]
    [InlineData(5L << 40, null)]
    [InlineData((5L << 40) + 1, RefusalCode.FileTooLarge)]
    [InlineData(long.MaxValue, RefusalCode.FileTooLarge)]
    [InlineData(-1, RefusalCode.InvalidRequest)]
    public void Check_SizesAroundTheLimits_AreTakenUpToIt(long size, RefusalCode? expected) =>
        Assert.Equal(expected, Check(New() with { Size = size })?.Code);

    [Theory]
    [InlineData(100, null)]
    [InlineData(101, RefusalCode.FileTooLarge)]
    public void Check_SizesAroundThePermissionsLimit_AreTakenUpToIt(long size, RefusalCode? expected) =>
        Assert.Equal(expected, Check(New(maxSize: 100) with { Size = size })?.Code);

    [Theory]
    [InlineData("video/mp4", "video/mp4")]
    [InlineData("Text/Plain; charset=utf-8", "text/plain; charset=utf-8")]
    [InlineData("", "application/octet-stream")]
    [InlineData(null, "application/octet-stream")]
    [InlineData("video", null)]
    [InlineData("video/*", null)]
    [InlineData("a/b\r\nx: y", null)]
    public void Check_ContentTypes_AreNormalisedOrRefused(string? given, string? expected) =>
        Assert.Equal(expected, UploadRules.Check(New() with { ContentType = given }, Options).Value?.ContentType);

    [Theory]
    [InlineData("*/*", "video/mp4", true)]
    [InlineData("video/*", "video/mp4", true)]
    [InlineData("video/*", "videos/mp4", false)]
    [InlineData("image/png", "IMAGE/PNG", true)]
    [InlineData("text/plain", "text/plain; charset=utf-8", true)]
    [InlineData("image/png", "image/png2", false)]
    public void Check_AllowedTypes_AreHeldTo(string allowed, string given, bool fits) =>
        Assert.Equal(fits ? null : RefusalCode.ContentTypeNotAllowed, Check(New(types: allowed) with { ContentType = given })?.Code);

    [Theory]
    [InlineData("", "fileName")]
    [InlineData(null, "fileName")]
    public void Check_NoName_IsRefusedByField(string? name, string field) =>
        Assert.Contains(field, Check(New() with { FileName = name! })!.Errors.Keys);

    [Theory]
    [InlineData(1_024, true)]
    [InlineData(1_025, false)]
    public void Check_NamesAroundTheLimit_AreTakenUpToIt(int length, bool fits) =>
        Assert.Equal(fits, Check(New() with { FileName = new string('x', length) }) is null);

    [Theory]
    [InlineData(Hash, true)]
    [InlineData("short", false)]
    [InlineData("ad4g5u6l4ljc4dyuiusfriyhh5kmrvhcloqqakapnnpfcrauiv3q", false)]
    [InlineData("AD4G5U6L4LJC4DYUIUSFRIYHH5KMRVHCLOQQAKAPNNPFCRAUIV3B", false)]
    [InlineData("1D4G5U6L4LJC4DYUIUSFRIYHH5KMRVHCLOQQAKAPNNPFCRAUIV3Q", false)]
    public void Check_Hashes_HaveTheFormOfThirtyTwoBytes(string hash, bool fits)
    {
        Assert.Equal(fits, Check(New() with { TipHash = hash }) is null);
        Assert.Equal(fits, Check(New() with { PieceHash = hash }) is null);
    }

    [Fact]
    public void Check_HashOfAnEmptyFile_IsRefused() => Assert.Contains("tipHash", Check(New() with { Size = 0, TipHash = Hash })!.Errors.Keys);

    [Theory]
    [InlineData(5L << 20, true)]
    [InlineData((5L << 20) - 1, false)]
    [InlineData(5L << 30, true)]
    [InlineData((5L << 30) + 1, false)]
    public void Check_PartSizesAroundTheLimitsOfS3_AreTakenUpToThem(long partSize, bool fits) =>
        Assert.Equal(fits, Check(New() with { PartSize = partSize }) is null);

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void Check_ClientIdsAroundTheLimit_AreTakenUpToIt(int length, bool fits) =>
        Assert.Equal(fits, Check(New() with { ClientId = new string('c', length) }) is null);

    private static Refusal? Check(NewUpload request) => UploadRules.Check(request, Options).Refusal;

    private static NewUpload New(string types = "*/*", long maxSize = long.MaxValue) => new(
        new Permission("p", "u", ImmutableArray.Create(types), maxSize, null, null, DateTimeOffset.MaxValue), "a.bin", "video/mp4", 10);
}
