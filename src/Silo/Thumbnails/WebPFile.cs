using System.Buffers.Binary;

namespace Media.Silo.Thumbnails;

/// <summary>The container of WebP (RFC 9649, 2.3 to 2.7): RIFF, with chunks for the picture, and others for what is said of it.</summary>
internal static class WebPFile
{
    private const int HeaderLength = 12;
    private const int ChunkHeaderLength = 8;
    private const byte HasAlpha = 0b0001_0000;

    /// <summary>Takes out everything but the picture. libvips is told to, and in some versions forgets it.</summary>
    /// <param name="file">A still picture; changed in place.</param>
    /// <returns>What is left, at its beginning; empty where this is no such file.</returns>
    public static Memory<byte> WithoutMetadata(Memory<byte> file)
    {
        var bytes = file.Span;
        if (bytes.Length < HeaderLength || !bytes.StartsWith("RIFF"u8) || !bytes[8..].StartsWith("WEBP"u8)) return default;
        var kept = HeaderLength;
        for (var at = HeaderLength; at + ChunkHeaderLength <= bytes.Length;)
        {
            var chunk = bytes[at..];
            var length = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            // Chunks begin at even places.
            var whole = ChunkHeaderLength + (long)length + (length & 1);
            if (whole > chunk.Length) return default;
            chunk = chunk[..(int)whole];
            if (chunk.StartsWith("VP8X"u8) && length >= 1) chunk[ChunkHeaderLength] &= HasAlpha;
            if (chunk.StartsWith("VP8"u8) || chunk.StartsWith("ALPH"u8))
            {
                chunk.CopyTo(bytes[kept..]);
                kept += chunk.Length;
            }

            at += (int)whole;
        }

        if (kept == HeaderLength) return default;
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], kept - 8);
        return file[..kept];
    }
}
