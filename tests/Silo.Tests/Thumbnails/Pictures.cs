using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Media.Tests.Support;

namespace Media.Silo.Tests.Thumbnails;

/// <summary>Makes pictures and videos, and looks at pictures.</summary>
internal static class Pictures
{
    public static readonly (byte R, byte G, byte B, byte A) Red = (255, 0, 0, 255);
    public static readonly (byte R, byte G, byte B, byte A) Green = (0, 255, 0, 255);
    public static readonly (byte R, byte G, byte B, byte A) Blue = (0, 0, 255, 255);
    public static readonly (byte R, byte G, byte B, byte A) White = (255, 255, 255, 255);

    private static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(CrcOf)];

    /// <summary>A PNG whose quarters are red and green above blue and white.</summary>
    public static byte[] Quarters(int width, int height) =>
        Png(width, height, (x, y) => y < height / 2 ? x < width / 2 ? Red : Green : x < width / 2 ? Blue : White);

    /// <summary>A PNG that compresses badly.</summary>
    public static byte[] Noise(int width, int height)
    {
        var random = new Random(1);
        return Png(width, height, (_, _) => ((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256), 255));
    }

    public static byte[] Png(int width, int height, Func<int, int, (byte R, byte G, byte B, byte A)> pixel)
    {
        using var rows = new MemoryStream();
        using (var deflate = new ZLibStream(rows, CompressionLevel.Fastest, leaveOpen: true))
        {
            var row = new byte[1 + (4 * width)];
            for (var y = 0; y < height; y++)
            {
                for (var x = 0; x < width; x++) (row[1 + (4 * x)], row[2 + (4 * x)], row[3 + (4 * x)], row[4 + (4 * x)]) = pixel(x, y);
                deflate.Write(row);
            }
        }

        return PngOf(width, height, bits: 8, colour: 6, rows.ToArray());
    }

    /// <summary>A black PNG of one bit a pixel: a few hundred kilobytes for billions of pixels.</summary>
    public static byte[] Bomb(int side)
    {
        using var rows = new MemoryStream();
        using (var deflate = new ZLibStream(rows, CompressionLevel.Optimal, leaveOpen: true))
        {
            var row = new byte[1 + ((side + 7) / 8)];
            for (var y = 0; y < side; y++) deflate.Write(row);
        }

        return PngOf(side, side, bits: 1, colour: 0, rows.ToArray());
    }

    /// <summary>The same, interlaced: whoever reads it has to have all of it in memory.</summary>
    public static byte[] InterlacedBomb(int side)
    {
        using var rows = new MemoryStream();
        using (var deflate = new ZLibStream(rows, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var (x, y, across, down) in ((int, int, int, int)[])[(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)])
            {
                var row = new byte[1 + (((side - x + across - 1) / across) + 7) / 8];
                for (var line = y; line < side; line += down) deflate.Write(row);
            }
        }

        return PngOf(side, side, bits: 1, colour: 0, rows.ToArray(), interlaced: 1);
    }

    /// <summary>A PNG that says of itself what it likes.</summary>
    public static byte[] PngOf(int width, int height, byte bits, byte colour, byte[] data, byte interlaced = 0)
    {
        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = (bits, colour, interlaced);
        WriteChunk(png, "IHDR", header);
        WriteChunk(png, "IDAT", data);
        WriteChunk(png, "IEND", []);
        return png.ToArray();
    }

    /// <summary>A picture in another format, by its extension with libvips' options.</summary>
    public static async Task<byte[]> ConvertAsync(byte[] picture, string extension, string options = "")
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.Path("in"), picture);
        await RunAsync("vips", folder, "copy", "in", $"out.{extension}{options}");
        return await File.ReadAllBytesAsync(folder.Path($"out.{extension}"));
    }

    /// <summary>A video that ffmpeg makes of these arguments.</summary>
    public static async Task<byte[]> VideoAsync(string extension, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        await RunAsync("ffmpeg", folder, ["-nostdin", "-loglevel", "error", .. arguments, $"out.{extension}"]);
        return await File.ReadAllBytesAsync(folder.Path($"out.{extension}"));
    }

    /// <summary>A JPEG with an EXIF segment: orientation, the camera's maker, and where it was.</summary>
    public static byte[] WithExif(byte[] jpeg, ushort orientation)
    {
        using var exif = new MemoryStream();
        exif.Write("Exif\0\0"u8);
        exif.Write([(byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 3]);
        WriteEntry(exif, tag: 0x010F, type: 2, count: 12, value: 50);
        WriteEntry(exif, tag: 0x0112, type: 3, count: 1, value: (uint)orientation << 16);
        WriteEntry(exif, tag: 0x8825, type: 4, count: 1, value: 62);
        exif.Write([0, 0, 0, 0]);
        exif.Write("SecretMaker\0"u8);
        exif.Write([0, 1]);
        WriteEntry(exif, tag: 0x0001, type: 2, count: 2, value: 0x4E00_0000);
        exif.Write([0, 0, 0, 0]);

        var segment = exif.ToArray();
        var length = segment.Length + 2;
        return [.. jpeg[..2], 0xFF, 0xE1, (byte)(length >> 8), (byte)length, .. segment, .. jpeg[2..]];
    }

    /// <summary>Decodes a picture.</summary>
    public static async Task<Pixels> DecodeAsync(ReadOnlyMemory<byte> picture)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.Path("in"), picture.ToArray());
        await RunAsync("vips", folder, "copy", "in", "out.v");
        // libvips' own form: a header in this machine's order of bytes, with the numbers of columns, lines and bands behind a mark; then the pixels.
        var file = await File.ReadAllBytesAsync(folder.Path("out.v"));
        var (width, height, bands) = (BitConverter.ToInt32(file, 4), BitConverter.ToInt32(file, 8), BitConverter.ToInt32(file, 12));
        return new Pixels(width, bands, file[64..(64 + (width * height * bands))]);
    }

    public static async Task<string> RunAsync(string program, TemporaryFolder folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            WorkingDirectory = folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await error}");
        return await output;
    }

    private static void WriteEntry(MemoryStream exif, ushort tag, ushort type, uint count, uint value)
    {
        Span<byte> entry = stackalloc byte[12];
        BinaryPrimitives.WriteUInt16BigEndian(entry, tag);
        BinaryPrimitives.WriteUInt16BigEndian(entry[2..], type);
        BinaryPrimitives.WriteUInt32BigEndian(entry[4..], count);
        BinaryPrimitives.WriteUInt32BigEndian(entry[8..], value);
        exif.Write(entry);
    }

    private static void WriteChunk(MemoryStream png, string type, byte[] data)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        var number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        png.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~body.Aggregate(~0u, static (crc, value) => CrcTable[(byte)(crc ^ value)] ^ (crc >> 8)));
        png.Write(number);
    }

    private static uint CrcOf(int value)
    {
        var crc = (uint)value;
        for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
        return crc;
    }
}

/// <summary>A decoded picture of eight bits a band.</summary>
internal sealed class Pixels(int width, int bands, byte[] values)
{
    public int Width => width;

    public int Height => values.Length / bands / width;

    public int Bands => bands;

    public ReadOnlySpan<byte> At(int x, int y) => values.AsSpan(((y * width) + x) * bands, bands);

    /// <summary>Fails unless a pixel is about this colour; none of these formats keeps colours exactly.</summary>
    public void AssertColour((byte R, byte G, byte B, byte A) expected, int x, int y)
    {
        var found = At(x, y);
        var text = $"({string.Join(", ", found.ToArray())}) at {x}, {y}";
        Assert.True(Math.Abs(found[0] - expected.R) < 60 && Math.Abs(found[1] - expected.G) < 60 && Math.Abs(found[2] - expected.B) < 60, $"expected {expected}, found {text}");
    }

    /// <summary>Fails unless the quarters have these colours, from the left above to the right below.</summary>
    public void AssertQuarters(params ReadOnlySpan<(byte R, byte G, byte B, byte A)> colours)
    {
        AssertColour(colours[0], width / 8, Height / 8);
        AssertColour(colours[1], width - 1 - (width / 8), Height / 8);
        AssertColour(colours[2], width / 8, Height - 1 - (Height / 8));
        AssertColour(colours[3], width - 1 - (width / 8), Height - 1 - (Height / 8));
    }
}
