using System.Text;
using Media.Silo.Thumbnails;

namespace Media.Silo.Tests.Thumbnails;

public sealed class WebPFileTests
{
    [Fact]
    public void WithoutMetadata_ExtendedFile_KeepsThePictureAlone()
    {
        var file = Riff(Chunk("VP8X", [0b0011_1100, 0, 0, 0, 1, 0, 0, 1, 0, 0]), Chunk("ICCP", [1, 2, 3]), Chunk("ALPH", [7]), Chunk("VP8 ", [8, 9]), Chunk("EXIF", [4]), Chunk("XMP ", [5, 6]), Chunk("SECR", [6]));

        var stripped = WebPFile.WithoutMetadata(file);

        Assert.Equal(Riff(Chunk("VP8X", [0b0001_0000, 0, 0, 0, 1, 0, 0, 1, 0, 0]), Chunk("ALPH", [7]), Chunk("VP8 ", [8, 9])), stripped.ToArray());
    }

    [Fact]
    public void WithoutMetadata_SimpleFile_StaysAsItIs()
    {
        var file = Riff(Chunk("VP8L", [1, 2, 3, 4]));

        Assert.Equal(file, WebPFile.WithoutMetadata(file.ToArray()).ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("RIFF____WAVE")]
    [InlineData("RIFF____WEBP")]
    [InlineData("RIFF____WEBPVP8 \u00FF\u00FF\u00FF\u00FFx")]
    [InlineData("RIFF____WEBPEXIF\u0001\0\0\0ab")]
    public void WithoutMetadata_NoPicture_IsEmpty(string file) => Assert.True(WebPFile.WithoutMetadata(Encoding.Latin1.GetBytes(file)).IsEmpty);

    private static byte[] Chunk(string name, byte[] content) =>
        [.. Encoding.ASCII.GetBytes(name), .. BitConverter.GetBytes(content.Length), .. content, .. new byte[content.Length & 1]];

    private static byte[] Riff(params byte[][] chunks)
    {
        byte[] body = [.. "WEBP"u8, .. chunks.SelectMany(chunk => chunk)];
        return [.. "RIFF"u8, .. BitConverter.GetBytes(body.Length), .. body];
    }
}
