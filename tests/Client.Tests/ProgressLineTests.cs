using Media.Client.Uploading;
using Media.CommandLine;

namespace Media.Client.Tests;

public sealed class ProgressLineTests
{
    private static readonly UploadProgress Half = new()
    {
        Phase = UploadPhase.Uploading, Size = 200 << 20, BytesDone = 100 << 20, BytesPerSecond = 5 << 20, Remaining = TimeSpan.FromSeconds(3725),
    };

    private static readonly UploadProgress Verifying = Half with { Phase = UploadPhase.Verifying, BytesDone = 200 << 20, BytesVerified = 50 << 20 };

    [Fact]
    public void Bar_OtherStages_AreNamedAndCountTheirOwnBytes()
    {
        Assert.Equal(
            "holiday.mp4  ███████░░░░░░░░░░░░░░░░░░░░░░░  25%  verifying  50.0 MiB of 200.0 MiB  5.0 MiB/s  1:02:05 left",
            ProgressLine.Bar("holiday.mp4", LineProgress.Of(Verifying), 140, colour: false));
        Assert.Contains("verifying", ProgressLine.Bar("holiday.mp4", LineProgress.Of(Verifying), 40, colour: false), StringComparison.Ordinal);
        var hashing = LineProgress.Of(Half with { Phase = UploadPhase.Hashing, BytesHashed = 20 << 20, BytesDone = 0 });
        Assert.Equal("x: hashing 10%, 20.0 MiB of 200.0 MiB, 5.0 MiB/s, 1:02:05 left", ProgressLine.Plain("x", hashing));
        Assert.Equal("100%", LineProgress.Of(Half with { Phase = UploadPhase.Done, BytesDone = 0 }).Percent);
    }

    [Fact]
    public void Bar_WideTerminal_HasEverything()
    {
        var line = ProgressLine.Bar("holiday.mp4", LineProgress.Of(Half), 140, colour: false);
        Assert.Equal("holiday.mp4  ███████████████░░░░░░░░░░░░░░░  50%  100.0 MiB of 200.0 MiB  5.0 MiB/s  1:02:05 left", line);
        Assert.DoesNotContain('\e', line);
    }

    [Theory]
    [InlineData("holiday.mp4")]
    [InlineData("a very long name of a file that tells where and when it was taken and by whom, 2024-05-06.mp4")]
    [InlineData("假期視頻假期視頻假期視頻假期視頻假期視頻.mp4")]
    [InlineData("🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬.mp4")]
    public void Bar_AnyWidth_NeverWider(string name)
    {
        UploadProgress[] all = [Half, Half with { Note = "The store did not take part 17: Connection refused Trying again." }, Half with { Phase = UploadPhase.Completing, BytesDone = 200 << 20 }, Verifying];
        foreach (var progress in all)
        {
            for (var columns = 10; columns < 200; columns++)
            {
                var line = ProgressLine.Bar(name, LineProgress.Of(progress), columns, colour: false);
                Assert.True(Printable.Columns(line) <= columns, $"{columns}: {line}");
                Assert.Contains('%', line);
            }
        }
    }

    [Fact]
    public void Bar_NameThatSteersTheTerminal_IsMadeHarmless()
    {
        var line = ProgressLine.Bar("a\e[2Jb\r\nc\u202Ed", LineProgress.Of(Half), 120, colour: false);
        Assert.StartsWith("a?[2Jb??c?d", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_NotStoredYet_IsNeverAtHundredPercent() =>
        Assert.StartsWith("x: 99%,", ProgressLine.Plain("x", LineProgress.Of(Half with { BytesDone = 200 << 20 })), StringComparison.Ordinal);

    [Theory]
    [InlineData("8388608", 8388608)]
    [InlineData("8M", 8 << 20)]
    [InlineData("8 MiB", 8 << 20)]
    [InlineData("8mb", 8_000_000)]
    [InlineData("0.5GiB", 512 << 20)]
    [InlineData("0", null)]
    [InlineData("-8M", null)]
    [InlineData("8X", null)]
    [InlineData("", null)]
    [InlineData("99999999999999999999999G", null)]
    public void TryParse_Size_IsReadOrRefused(string text, int? bytes)
    {
        Assert.Equal(bytes is not null, Sizes.TryParse(text, out var read));
        if (bytes is not null)
            Assert.Equal(bytes.Value, (int)read);
    }

    [Fact]
    public void IsGone_Holders_OnlyEndedProcessesOfThisHost()
    {
        Assert.False(ProcessIdentity.IsGone(ProcessIdentity.ClientId));
        Assert.True(ProcessIdentity.IsGone($"cli.{ProcessIdentity.Host}.{Environment.ProcessId}.1"));
        Assert.True(ProcessIdentity.IsGone($"cli.{ProcessIdentity.Host}.{int.MaxValue}.1"));
        Assert.False(ProcessIdentity.IsGone($"cli.another-{ProcessIdentity.Host}.1.1"));
        Assert.False(ProcessIdentity.IsGone($"cli.{ProcessIdentity.Host}.nonsense"));
        Assert.False(ProcessIdentity.IsGone("tab-17"));
        Assert.False(ProcessIdentity.IsGone(null));
        Assert.Matches("^[!-~]{1,128}$", ProcessIdentity.ClientId);
    }
}
