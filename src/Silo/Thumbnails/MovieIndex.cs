using System.Buffers.Binary;

namespace Media.Silo.Thumbnails;

/// <summary>
/// Finds where the index of an MP4 or QuickTime file is (ISO/IEC 14496-12: a row of boxes, of which <c>moov</c> is the index and <c>mdat</c> the frames).
/// Cameras write it last, when they know all frames.
/// </summary>
internal static class MovieIndex
{
    /// <summary>Where the file goes on behind the last box that begins in its head.</summary>
    /// <param name="head">The file's first bytes.</param>
    /// <param name="size">The file's size.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>An offset behind the head, or null where the index is in the head or nothing is behind it.</returns>
    public static async Task<long?> FindTailAsync(FileStream head, long size, CancellationToken cancellationToken)
    {
        var header = new byte[16];
        for (long offset = 0; offset + header.Length <= head.Length;)
        {
            head.Position = offset;
            await head.ReadExactlyAsync(header, cancellationToken);
            if (header.AsSpan(4, 4).SequenceEqual("moov"u8)) return null;
            var length = (long)BinaryPrimitives.ReadUInt32BigEndian(header);
            if (length == 1) length = BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(8));
            // 0 is to the end; less than a header, or past the end, is broken.
            if (length < 8 || length > size - offset) return null;
            offset += length;
            if (offset >= head.Length) return offset < size ? offset : null;
        }

        return null;
    }
}
