using System.Text;
using Media.Grains.Contents;
using Media.Silo.Thumbnails;
using Media.Tests.Support;

namespace Media.Silo.Tests.Thumbnails;

/// <summary>Pictures by the real programs.</summary>
public sealed class ImageThumbnailsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("jpg", "image/jpeg")]
    [InlineData("png", "image/png")]
    [InlineData("webp", "image/webp")]
    [InlineData("gif", "image/gif")]
    [InlineData("avif", "image/avif")]
    [InlineData("heic", "image/heic")]
    public async Task Make_EachFormat_FitsTheSquaresAndLooksAlike(string extension, string type)
    {
        var source = await Pictures.ConvertAsync(Pictures.Quarters(1_200, 600), extension);
        Assert.Equal(type, TypeSniffer.Detect(source));
        using var bench = new Workbench();

        var outcome = await bench.MakeAsync(source, type);

        Assert.Null(outcome.Failure);
        Assert.Equal([128, 512], outcome.Thumbnails.Select(thumbnail => thumbnail.Width));
        foreach (var thumbnail in outcome.Thumbnails)
        {
            Assert.Equal("image/webp", TypeSniffer.Detect(thumbnail.Content.Span));
            var pixels = await Pictures.DecodeAsync(thumbnail.Content);
            Assert.Equal((thumbnail.Width, thumbnail.Width / 2), (pixels.Width, pixels.Height));
            pixels.AssertQuarters(Pictures.Red, Pictures.Green, Pictures.Blue, Pictures.White);
        }
    }

    [Theory]
    [InlineData(1, "RGBW")]
    [InlineData(2, "GRWB")]
    [InlineData(3, "WBGR")]
    [InlineData(4, "BWRG")]
    [InlineData(5, "RBGW")]
    [InlineData(6, "BRWG")]
    [InlineData(7, "WGBR")]
    [InlineData(8, "GWRB")]
    public async Task Make_Orientation_IsUpright(int orientation, string quarters)
    {
        var source = Pictures.WithExif(await Pictures.ConvertAsync(Pictures.Quarters(800, 400), "jpg", "[Q=95]"), (ushort)orientation);
        using var bench = new Workbench();

        var outcome = await bench.MakeAsync(source, "image/jpeg");

        foreach (var thumbnail in outcome.Thumbnails)
        {
            var pixels = await Pictures.DecodeAsync(thumbnail.Content);
            Assert.Equal(orientation < 5 ? (thumbnail.Width, thumbnail.Width / 2) : (thumbnail.Width / 2, thumbnail.Width), (pixels.Width, pixels.Height));
            pixels.AssertQuarters([.. quarters.Select(colour => colour switch { 'R' => Pictures.Red, 'G' => Pictures.Green, 'B' => Pictures.Blue, _ => Pictures.White })]);
        }
    }

    [Fact]
    public async Task Make_Metadata_IsGone()
    {
        var source = Pictures.WithExif(await Pictures.ConvertAsync(Pictures.Quarters(800, 400), "jpg", "[profile=srgb]"), 6);
        Assert.Contains("SecretMaker", Encoding.Latin1.GetString(source), StringComparison.Ordinal);
        Assert.Contains("ICC_PROFILE", Encoding.Latin1.GetString(source), StringComparison.Ordinal);
        using var bench = new Workbench();

        var outcome = await bench.MakeAsync(source, "image/jpeg");

        foreach (var thumbnail in outcome.Thumbnails)
        {
            var text = Encoding.Latin1.GetString(thumbnail.Content.Span);
            Assert.DoesNotContain("SecretMaker", text, StringComparison.Ordinal);
            Assert.DoesNotContain("EXIF", text, StringComparison.Ordinal);
            Assert.DoesNotContain("XMP ", text, StringComparison.Ordinal);
            Assert.DoesNotContain("ICCP", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Make_GreyAndCmyk_BecomeWhatTheyLookLike()
    {
        var grey = await Pictures.ConvertAsync(Pictures.Png(300, 300, (_, _) => (100, 100, 100, 255)), "jpg", "[Q=95]");
        var cmyk = await Pictures.ConvertAsync(await ToProfileAsync(Pictures.Png(300, 300, (_, _) => (200, 100, 50, 255)), "cmyk", "tif"), "jpg", "[Q=95]");
        using var bench = new Workbench();
        using var another = new Workbench();

        var greys = await Pictures.DecodeAsync((await bench.MakeAsync(grey, "image/jpeg")).Thumbnails[0].Content);
        var colours = await Pictures.DecodeAsync((await another.MakeAsync(cmyk, "image/jpeg")).Thumbnails[0].Content);

        greys.AssertColour((100, 100, 100, 255), 64, 64);
        colours.AssertColour((200, 100, 50, 255), 64, 64);
    }

    [Fact]
    public async Task Make_OtherColourSpace_LooksTheSameWithoutItsProfile()
    {
        var source = await Pictures.ConvertAsync(await ToProfileAsync(Pictures.Quarters(800, 400), "p3"), "jpg", "[Q=95]");
        using var bench = new Workbench();

        var outcome = await bench.MakeAsync(source, "image/jpeg");

        Assert.Null(outcome.Failure);
        var red = (await Pictures.DecodeAsync(outcome.Thumbnails[1].Content)).At(64, 32).ToArray();
        // Pure red of sRGB is 234, 51, 35 in Display P3.
        Assert.True(red[0] > 245 && red[1] < 20 && red[2] < 20, string.Join(", ", red));
    }

    [Fact]
    public async Task Make_Animation_ShowsItsFirstFrame()
    {
        var source = await Pictures.VideoAsync(
            "gif", "-f", "lavfi", "-i", "color=red:size=300x200:duration=1:rate=2", "-f", "lavfi", "-i", "color=blue:size=300x200:duration=1:rate=2", "-filter_complex", "[0][1]concat");
        using var bench = new Workbench();

        var outcome = await bench.MakeAsync(source, "image/gif");

        var pixels = await Pictures.DecodeAsync(outcome.Thumbnails[0].Content);
        Assert.Equal((128, 85), (pixels.Width, pixels.Height));
        pixels.AssertColour(Pictures.Red, 64, 40);
    }

    [Fact]
    public async Task Make_Transparency_Stays()
    {
        using var bench = new Workbench();

        var outcome = await bench.MakeAsync(Pictures.Png(600, 600, (x, _) => x < 300 ? default : Pictures.Green), "image/png");

        var pixels = await Pictures.DecodeAsync(outcome.Thumbnails[1].Content);
        Assert.Equal(4, pixels.Bands);
        Assert.Equal(0, pixels.At(100, 256)[3]);
        Assert.Equal(255, pixels.At(400, 256)[3]);
        pixels.AssertColour(Pictures.Green, 400, 256);
    }

    [Fact]
    public async Task Make_SmallerThanTheSquare_IsNotEnlarged()
    {
        using var bench = new Workbench();

        var outcome = await bench.MakeAsync(Pictures.Quarters(200, 100), "image/png");

        var sizes = new List<(int, int)>();
        foreach (var thumbnail in outcome.Thumbnails)
        {
            var pixels = await Pictures.DecodeAsync(thumbnail.Content);
            sizes.Add((pixels.Width, pixels.Height));
        }

        Assert.Equal([(128, 64), (200, 100)], sizes);
    }

    [Fact]
    public async Task Make_VeryLongAndThin_KeepsAtLeastAPixel()
    {
        using var bench = new Workbench();

        var outcome = await bench.MakeAsync(Pictures.Quarters(4_000, 2), "image/png");

        Assert.Null(outcome.Failure);
        Assert.Equal(1, (await Pictures.DecodeAsync(outcome.Thumbnails[0].Content)).Height);
    }

    [Theory]
    [InlineData(60_001, null)]
    [InlineData(60_000, null)]
    [InlineData(59_999, ThumbnailFailureReasons.TooManyPixels)]
    public async Task Make_AtTheMostPixels_IsTheLastThatIsMade(long most, string? failure)
    {
        using var bench = new Workbench(options => options.MaxPixels = most);

        var outcome = await bench.MakeAsync(Pictures.Quarters(300, 200), "image/png");

        Assert.Equal(failure, outcome.Failure?.Reason);
    }

    [Fact]
    public async Task Make_Bomb_IsRefusedByItsHeader()
    {
        var bomb = Pictures.Bomb(50_000);
        Assert.True(bomb.Length < 2_000_000);
        using var bench = new Workbench();
        var start = System.Diagnostics.Stopwatch.StartNew();

        var outcome = await bench.MakeAsync(bomb, "image/png");

        Assert.Equal(ThumbnailFailureReasons.TooManyPixels, outcome.Failure?.Reason);
        Assert.Contains("50000 x 50000", outcome.Failure!.Detail, StringComparison.Ordinal);
        Assert.True(start.Elapsed < TimeSpan.FromSeconds(30), $"{start.Elapsed}");
    }

    [Fact]
    public async Task Make_MoreThanTheLimitOfMemory_IsSaidSo()
    {
        var source = Pictures.InterlacedBomb(20_000);
        using var bench = new Workbench(options =>
        {
            options.MemoryLimit = 400L << 20;
            options.MaxPixels = 1_000_000_000;
        });

        var outcome = await bench.MakeAsync(source, "image/png");

        Assert.Equal(ThumbnailFailureReasons.OutOfMemory, outcome.Failure?.Reason);
    }

    [Theory]
    [InlineData("jpg", "image/jpeg")]
    [InlineData("png", "image/png")]
    [InlineData("webp", "image/webp")]
    [InlineData("gif", "image/gif")]
    [InlineData("avif", "image/avif")]
    public async Task Make_CutOff_IsUnreadable(string extension, string type)
    {
        var source = await Pictures.ConvertAsync(Pictures.Noise(400, 300), extension);
        using var bench = new Workbench();

        var outcome = await bench.MakeAsync(source[..(source.Length * 6 / 10)], type);

        Assert.Equal(ThumbnailFailureReasons.Unreadable, outcome.Failure?.Reason);
        Assert.NotEmpty(outcome.Failure!.Detail);
        Assert.DoesNotContain(bench.Folder.FullName, outcome.Failure.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("This is no picture.")]
    [InlineData("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>")]
    [InlineData("P6 2 1 255 abcdef")]
    [InlineData("")]
    public async Task Make_NoPictureOfAnAllowedKind_IsUnreadable(string content)
    {
        using var bench = new Workbench();

        var outcome = await bench.MakeAsync(Encoding.UTF8.GetBytes(content), "image/jpeg");

        Assert.Equal(ThumbnailFailureReasons.Unreadable, outcome.Failure?.Reason);
    }

    [Fact]
    public async Task Make_AnotherKindThanWasFound_IsAMismatch()
    {
        using var bench = new Workbench();

        var outcome = await bench.MakeAsync(Pictures.Quarters(20, 10), "image/jpeg");

        Assert.Equal(ThumbnailFailureReasons.TypeMismatch, outcome.Failure?.Reason);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(10, 0)]
    public async Task Make_NoWidthOrHeight_IsUnreadable(int width, int height)
    {
        using var bench = new Workbench();

        var outcome = await bench.MakeAsync(Pictures.PngOf(width, height, 8, 6, []), "image/png");

        Assert.Equal(ThumbnailFailureReasons.Unreadable, outcome.Failure?.Reason);
    }

    [Theory]
    [InlineData("mp4", "video/mp4", "mov")]
    [InlineData("mov", "video/quicktime", "mov")]
    [InlineData("webm", "video/webm", "matroska")]
    [InlineData("mkv", "video/matroska", "matroska")]
    [InlineData("avi", "video/x-msvideo", "avi")]
    [InlineData("ogv", "video/ogg", "ogg")]
    [InlineData("ts", "video/mp2t", "mpegts")]
    [InlineData("mpg", "video/mpeg", "mpeg")]
    public async Task Take_EachKindOfVideo_ShowsTheFrameOfItsFirstSecond(string extension, string type, string demuxer)
    {
        // A black second, then red.
        var video = await Pictures.VideoAsync(
            extension, "-f", "lavfi", "-i", "color=black:size=640x360:duration=0.9:rate=25", "-f", "lavfi", "-i", "color=red:size=640x360:duration=1.1:rate=25",
            "-filter_complex", "[0][1]concat", "-pix_fmt", "yuv420p", "-g", "5");
        Assert.Equal(type, TypeSniffer.Detect(video));
        Assert.Equal(demuxer, ThumbnailFormats.DemuxerOf(type));
        using var bench = new Workbench();
        await File.WriteAllBytesAsync(bench.Folder.PathOf("source"), video, Token);

        Assert.Null(await bench.Posters.TakeAsync(bench.Folder, "source", demuxer, "poster", Token));

        var poster = await Pictures.DecodeAsync(await File.ReadAllBytesAsync(bench.Folder.PathOf("poster"), Token));
        Assert.Equal((512, 288), (poster.Width, poster.Height));
        poster.AssertColour(Pictures.Red, 256, 144);
        var outcome = await bench.Images.MakeAsync(bench.Folder, "poster", "pngload", Token);
        Assert.Equal([128, 512], outcome.Thumbnails.Select(thumbnail => thumbnail.Width));
    }

    [Fact]
    public async Task Take_ShorterThanASecondAndPixelsThatAreNotSquare_ShowsTheFirstFrameInItsShape()
    {
        var video = await Pictures.VideoAsync("mp4", "-f", "lavfi", "-i", "color=blue:size=200x200:duration=0.2:rate=25,setsar=2/1", "-pix_fmt", "yuv420p");
        using var bench = new Workbench();
        await File.WriteAllBytesAsync(bench.Folder.PathOf("source"), video, Token);

        Assert.Null(await bench.Posters.TakeAsync(bench.Folder, "source", "mov", "poster", Token));

        var poster = await Pictures.DecodeAsync(await File.ReadAllBytesAsync(bench.Folder.PathOf("poster"), Token));
        Assert.Equal((400, 200), (poster.Width, poster.Height));
        poster.AssertColour(Pictures.Blue, 200, 100);
    }

    [Theory]
    [InlineData("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n")]
    [InlineData("ffconcat version 1.0\nfile /etc/passwd\n")]
    public async Task Take_ListsOfOtherFiles_AreNotFollowed(string content)
    {
        using var bench = new Workbench();
        await File.WriteAllTextAsync(bench.Folder.PathOf("source"), content, Token);

        var failure = await bench.Posters.TakeAsync(bench.Folder, "source", "mov", "poster", Token);

        Assert.Equal(ThumbnailFailureReasons.Unreadable, failure?.Reason);
    }

    [Fact]
    public async Task Take_SoundAlone_IsUnreadable()
    {
        var sound = await Pictures.VideoAsync("mp4", "-f", "lavfi", "-i", "sine=duration=1");
        using var bench = new Workbench();
        await File.WriteAllBytesAsync(bench.Folder.PathOf("source"), sound, Token);

        var failure = await bench.Posters.TakeAsync(bench.Folder, "source", "mov", "poster", Token);

        Assert.Equal(ThumbnailFailureReasons.Unreadable, failure?.Reason);
    }

    private static async Task<byte[]> ToProfileAsync(byte[] picture, string profile, string extension = "png")
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.Path("in.png"), await Pictures.ConvertAsync(await Pictures.ConvertAsync(picture, "jpg", "[Q=95]"), "png"), Token);
        await Pictures.RunAsync("vips", folder, "icc_transform", "in.png", $"out.{extension}", profile, "--input-profile", "srgb");
        return await File.ReadAllBytesAsync(folder.Path($"out.{extension}"), Token);
    }
}
