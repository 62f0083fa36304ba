using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Media.Grains.Uploads;

namespace Media.Grains.Tests.Uploads;

public sealed class FileNamesTests
{
    [Theory]
    [InlineData("holiday.mp4", "holiday.mp4")]
    [InlineData("../../etc/passwd", "passwd")]
    [InlineData(@"C:\Users\me\a b.txt", "a b.txt")]
    [InlineData("..", "file")]
    [InlineData("a/", "file")]
    [InlineData("", "file")]
    [InlineData(" . ", "file")]
    [InlineData("nul\0byte.txt", "nulbyte.txt")]
    [InlineData("line\r\nbreak\t.txt", "line break .txt")]
    [InlineData("exe\u202Egpj.scr", "exegpj.scr")]
    [InlineData("\u200Fright\u2067 to \u2069left.txt", "right to left.txt")]
    [InlineData("what? <this>: \"that\"|*.txt", "what- -this-- -that---.txt")]
    [InlineData("con", "_con")]
    [InlineData("NUL.tar.gz", "_NUL.tar.gz")]
    [InlineData("console.txt", "console.txt")]
    [InlineData("Screenshot 2026-01-27 at 10.00.00\u202FAM.png", "Screenshot 2026-01-27 at 10.00.00 AM.png")]
    [InlineData("日本語 – größer 😀.jpg", "日本語 – größer 😀.jpg")]
    [InlineData("👩\u200D👩\u200D👧.png", "👩\u200D👩\u200D👧.png")]
    public void Clean_NamesFromTheWild_AreSafeAndStillReadable(string given, string expected) => Assert.Equal(expected, FileNames.Clean(given));

    [Theory]
    [InlineData(251, 255)]
    [InlineData(252, 255)]
    [InlineData(300, 255)]
    public void Clean_LongName_IsCutToTheLimitAndKeepsItsExtension(int stem, int length)
    {
        var cleaned = FileNames.Clean(new string('x', stem) + ".mp4");

        Assert.Equal(length, cleaned.Length);
        Assert.EndsWith("x.mp4", cleaned, StringComparison.Ordinal);
    }

    [Fact]
    public void Clean_LongNameOfWideCharacters_IsNotCutInsideOne()
    {
        var cleaned = FileNames.Clean(string.Concat(Enumerable.Repeat("😀", 100)) + ".png");

        Assert.True(Encoding.UTF8.GetByteCount(cleaned) <= FileNames.MaxBytes);
        Assert.DoesNotContain('\uFFFD', cleaned);
        Assert.EndsWith("😀.png", cleaned, StringComparison.Ordinal);
    }

    [Fact]
    public void Clean_AnyText_NeverLeavesWhatCouldEscapeAFolder() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<string>().Filter(s => s is not null),
            text =>
            {
                var cleaned = FileNames.Clean(text);
                Assert.NotEmpty(cleaned);
                Assert.Equal(-1, cleaned.IndexOfAny(['/', '\\', '\0', '\r', '\n', '"', ':', '<', '>', '|', '?', '*']));
                Assert.NotEqual('.', cleaned[0]);
                Assert.NotEqual('.', cleaned[^1]);
                Assert.True(Encoding.UTF8.GetByteCount(cleaned) <= FileNames.MaxBytes + 1);
                Assert.Equal(cleaned, FileNames.Clean(cleaned));
            }).QuickCheckThrowOnFailure();
}
