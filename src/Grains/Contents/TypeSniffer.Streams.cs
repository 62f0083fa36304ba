using System.Buffers.Binary;

namespace Media.Grains.Contents;

// Streams of frames or packets that begin anywhere: known by the beginnings of several, one after another.
public static partial class TypeSniffer
{
    // kbit/s by the index in the header, for layer III of MPEG 1, layer II of MPEG 1, and layers II and III of MPEG 2 (ISO/IEC 11172-3, 13818-3).
    private static ReadOnlySpan<short> Layer3Rates => [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];

    private static ReadOnlySpan<short> Layer2Rates => [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];

    private static ReadOnlySpan<short> LowRates => [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

    private static ReadOnlySpan<int> SamplesPerSecond => [44_100, 48_000, 32_000];

    private static string? DetectTransportStream(ReadOnlySpan<byte> head) => IsTransportStream(head, 0, 188) || IsTransportStream(head, 4, 192) ? "video/mp2t" : null;

    private static bool IsTransportStream(ReadOnlySpan<byte> head, int offset, int packet)
    {
        const byte sync = 0x47;
        var packets = 0;
        for (; offset < head.Length; offset += packet, packets++)
        {
            if (head[offset] != sync)
                return false;
        }

        return packets >= 3;
    }

    private static string? DetectMpegAudio(ReadOnlySpan<byte> head)
    {
        if (!head.StartsWith("ID3"u8))
            return OfFrames(head);
        if (head.Length < 10 || head[3] is < 2 or > 4)
            return null;
        // ID3v2: four times seven bits of length. What follows a long tag, such as one with a picture, is not seen; it is MP3 most of the time.
        var length = 10L + ((head[6] & 0x7F) << 21 | (head[7] & 0x7F) << 14 | (head[8] & 0x7F) << 7 | (head[9] & 0x7F));
        return length < head.Length ? OfFrames(head[(int)length..]) ?? "audio/mpeg" : "audio/mpeg";
    }

    private static string? OfFrames(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("fLaC"u8))
            return "audio/flac";
        if (AacFrame(head) is { } aac && IsFollowed(head, aac, AacFrame))
            return "audio/aac";
        return MpegFrame(head) is { } mpeg && IsFollowed(head, mpeg, MpegFrame) ? "audio/mpeg" : null;
    }

    private static bool IsFollowed(ReadOnlySpan<byte> head, int length, Func<ReadOnlySpan<byte>, int?> frame) =>
        length == head.Length || (length < head.Length && (frame(head[length..]) is not null || head.Length - length < 7));

    /// <summary>The length of an ADTS frame (ISO/IEC 13818-7), or null where there is none.</summary>
    private static int? AacFrame(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 7 || bytes[0] != 0xFF || (bytes[1] & 0xF6) != 0xF0 || (bytes[2] & 0x3C) >> 2 > 12)
            return null;
        var length = (bytes[3] & 0x03) << 11 | bytes[4] << 3 | bytes[5] >> 5;
        return length >= 7 ? length : null;
    }

    /// <summary>The length of an MPEG audio frame of layer II or III, or null where there is none.</summary>
    private static int? MpegFrame(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4)
            return null;
        var header = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        var version = header >> 19 & 3;
        var layer = header >> 17 & 3;
        var rate = (int)(header >> 12 & 15);
        var frequency = (int)(header >> 10 & 3);
        if (header >> 21 != 0x7FF || version == 1 || layer is 0 or 3 || rate is 0 or 15 || frequency == 3)
            return null;
        var first = version == 3;
        var kilobits = first ? (layer == 1 ? Layer3Rates : Layer2Rates)[rate] : LowRates[rate];
        var samples = SamplesPerSecond[frequency] >> (first ? 0 : version == 2 ? 1 : 2);
        var factor = !first && layer == 1 ? 72_000 : 144_000;
        return (factor * kilobits / samples) + (int)(header >> 9 & 1);
    }
}
