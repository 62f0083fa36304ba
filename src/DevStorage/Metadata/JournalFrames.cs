using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Media.DevStorage.Metadata;

/// <summary>How records lie in the journal's files: length, CRC-32C, record.</summary>
internal static class JournalFrames
{
    private const int FrameHeader = 8;
    private const int LargestFrame = 256 << 20;

    public static void Write(ArrayBufferWriter<byte> buffer, JournalRecord record)
    {
        var start = buffer.WrittenCount;
        buffer.GetSpan(FrameHeader)[..FrameHeader].Clear();
        buffer.Advance(FrameHeader);
        if (record is VersionPut version)
        {
            VersionCodec.Write(buffer, version);
        }
        else
        {
            using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
            JsonSerializer.Serialize(json, record, JournalJson.Default.JournalRecord);
        }

        var frame = MemoryMarshal.AsMemory(buffer.WrittenMemory)[start..].Span;
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length - FrameHeader);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], (uint)Crc.Crc32C.Append(0, frame[FrameHeader..]));
    }

    /// <summary>Hands the records of a file to <paramref name="replay"/> in order; gives the bytes that were good.</summary>
    /// <param name="path">The file.</param>
    /// <param name="replay">Takes the records.</param>
    /// <param name="torn">True for a log, whose end may be half a record, of a write that nobody was told of; it is cut off.</param>
    /// <exception cref="InvalidDataException">A snapshot is damaged, or a record is not to be understood.</exception>
    public static long Read(string path, Action<JournalRecord> replay, bool torn)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, 1 << 20);
        var header = new byte[FrameHeader];
        var body = new byte[1 << 16];
        var codec = new VersionCodec();
        long good = 0;
        while (file.ReadAtLeast(header, FrameHeader, throwOnEndOfStream: false) == FrameHeader)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(header);
            if (length is <= 0 or > LargestFrame)
                break;
            if (body.Length < length)
                body = new byte[Math.Max(length, body.Length * 2)];
            var payload = body.AsSpan(0, length);
            if (file.ReadAtLeast(payload, length, throwOnEndOfStream: false) != length
                || (uint)Crc.Crc32C.Append(0, payload) != BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)))
            {
                break;
            }

            replay(payload[0] == VersionCodec.Mark
                ? codec.Read(payload)
                : JsonSerializer.Deserialize(payload, JournalJson.Default.JournalRecord)
                    ?? throw new InvalidDataException($"{path} holds an empty record at {good}"));
            good += FrameHeader + length;
        }

        if (good < file.Length)
        {
            if (!torn)
                throw new InvalidDataException($"{path} is damaged at byte {good.ToString(CultureInfo.InvariantCulture)}");
            file.SetLength(good);
        }

        return good;
    }
}
