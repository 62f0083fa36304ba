using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Media.DevStorage.Metadata;

/// <summary>
/// The compact form of the one kind of record that there may be a hundred thousand of when a store opens. What objects have in common
/// (bucket, properties) is decoded once and shared. All other records are JSON.
/// </summary>
internal sealed class VersionCodec
{
    /// <summary>The first byte of a record in this form; a JSON record begins with a brace.</summary>
    public const byte Mark = 1;

    private const byte NoAlgorithm = 0;
    private const int MostShared = 4096;

    private readonly Dictionary<int, (byte[] Bytes, ObjectProperties Properties)> _shared = [];
    private string _bucket = "";

    [Flags]
    private enum Traits
    {
        None = 0,
        InPlace = 1,
        DeleteMarker = 2,
        Checksum = 4,
    }

    public static void Write(ArrayBufferWriter<byte> output, VersionPut record)
    {
        var version = record.Version;
        var traits = (record.InPlace ? Traits.InPlace : Traits.None) | (version.DeleteMarker ? Traits.DeleteMarker : Traits.None)
            | (version.Checksum is null ? Traits.None : Traits.Checksum);
        WriteByte(output, Mark);
        WriteByte(output, (byte)traits);
        WriteText(output, record.Bucket);
        WriteText(output, version.Key);
        WriteText(output, version.VersionId);
        WriteText(output, version.ETag);
        WriteNumber(output, version.Size);
        WriteNumber(output, version.Modified);
        WriteBytes(output, JsonSerializer.SerializeToUtf8Bytes(version.Properties, JournalJson.Default.ObjectProperties));
        if (version.Checksum is { } checksum)
        {
            WriteByte(output, (byte)checksum.Algorithm);
            WriteByte(output, (byte)checksum.Type);
            WriteText(output, checksum.Value);
        }

        WriteNumber(output, version.Parts.Count);
        foreach (var part in version.Parts)
            WritePart(output, part, version.ETag);
    }

    /// <exception cref="InvalidDataException">The record is not in this form.</exception>
    public VersionPut Read(ReadOnlySpan<byte> input)
    {
        try
        {
            return ReadRecord(ref input);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new InvalidDataException("a record of the journal is cut short", e);
        }
    }

    private VersionPut ReadRecord(ref ReadOnlySpan<byte> input)
    {
        ReadByte(ref input);
        var traits = (Traits)ReadByte(ref input);
        var bucket = ReadText(ref input);
        _bucket = string.Equals(bucket, _bucket, StringComparison.Ordinal) ? _bucket : bucket;
        var key = ReadText(ref input);
        var versionId = ReadText(ref input);
        var etag = ReadText(ref input);
        var version = new ObjectVersion
        {
            Key = key,
            VersionId = string.Equals(versionId, ObjectVersion.NullId, StringComparison.Ordinal) ? ObjectVersion.NullId : versionId,
            ETag = etag,
            DeleteMarker = traits.HasFlag(Traits.DeleteMarker),
            Size = ReadNumber(ref input),
            Modified = ReadNumber(ref input),
            Properties = ReadProperties(ref input),
            Checksum = traits.HasFlag(Traits.Checksum)
                ? new ObjectChecksum((ChecksumAlgorithm)ReadByte(ref input), (ChecksumType)ReadByte(ref input), ReadText(ref input))
                : null,
            Parts = ReadParts(ref input, etag),
        };
        return new VersionPut(_bucket, version, traits.HasFlag(Traits.InPlace));
    }

    private ObjectProperties ReadProperties(ref ReadOnlySpan<byte> input)
    {
        var bytes = ReadBytes(ref input);
        var hash = default(HashCode);
        hash.AddBytes(bytes);
        var code = hash.ToHashCode();
        if (_shared.TryGetValue(code, out var shared) && bytes.SequenceEqual(shared.Bytes))
            return shared.Properties;
        var properties = JsonSerializer.Deserialize(bytes, JournalJson.Default.ObjectProperties) ?? ObjectProperties.Empty;
        if (_shared.Count >= MostShared)
            _shared.Clear();
        _shared[code] = (bytes.ToArray(), properties);
        return properties;
    }

    private static void WritePart(ArrayBufferWriter<byte> output, ObjectPart part, string etag)
    {
        WriteNumber(output, part.Number);
        WriteNumber(output, part.Size);
        WriteText(output, string.Equals(part.Md5, etag, StringComparison.Ordinal) ? "" : part.Md5);
        WriteByte(output, part.ChecksumAlgorithm is { } algorithm ? (byte)algorithm : NoAlgorithm);
        if (part.ChecksumAlgorithm is not null)
            WriteText(output, part.Checksum ?? "");
        WriteNumber(output, part.Modified);
        WriteNumber(output, part.Slices.Count);
        foreach (var slice in part.Slices)
        {
            WriteNumber(output, slice.Blob);
            WriteNumber(output, slice.Offset);
            WriteNumber(output, slice.Length);
            WriteBytes(output, slice.Key ?? []);
        }
    }

    private static ObjectPart[] ReadParts(ref ReadOnlySpan<byte> input, string etag)
    {
        var parts = new ObjectPart[Math.Min(ReadNumber(ref input), S3Limits.MostParts)];
        for (var i = 0; i < parts.Length; i++)
        {
            var number = (int)ReadNumber(ref input);
            var size = ReadNumber(ref input);
            var md5 = ReadText(ref input);
            var algorithm = ReadByte(ref input);
            parts[i] = new ObjectPart
            {
                Number = number,
                Size = size,
                Md5 = md5.Length == 0 ? etag : md5,
                ChecksumAlgorithm = algorithm == NoAlgorithm ? null : (ChecksumAlgorithm)algorithm,
                Checksum = algorithm == NoAlgorithm ? null : ReadText(ref input),
                Modified = ReadNumber(ref input),
                Slices = ReadSlices(ref input),
            };
        }

        return parts;
    }

    private static Slice[] ReadSlices(ref ReadOnlySpan<byte> input)
    {
        var slices = new Slice[ReadNumber(ref input)];
        for (var i = 0; i < slices.Length; i++)
        {
            var blob = ReadNumber(ref input);
            var offset = ReadNumber(ref input);
            var length = ReadNumber(ref input);
            var key = ReadBytes(ref input);
            slices[i] = new Slice(blob, offset, length, key.IsEmpty ? null : key.ToArray());
        }

        return slices;
    }

    private static void WriteByte(ArrayBufferWriter<byte> output, byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    // Seven bits a byte, the low ones first. Times before 1970 come out long and are read back right.
    private static void WriteNumber(ArrayBufferWriter<byte> output, long value)
    {
        var rest = (ulong)value;
        for (; rest >= 0x80; rest >>= 7)
            WriteByte(output, (byte)(rest | 0x80));
        WriteByte(output, (byte)rest);
    }

    private static void WriteText(ArrayBufferWriter<byte> output, string text)
    {
        WriteNumber(output, Encoding.UTF8.GetByteCount(text));
        output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
    }

    private static void WriteBytes(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        WriteNumber(output, bytes.Length);
        output.Write(bytes);
    }

    private static byte ReadByte(ref ReadOnlySpan<byte> input)
    {
        var value = input[..1][0];
        input = input[1..];
        return value;
    }

    private static long ReadNumber(ref ReadOnlySpan<byte> input)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = ReadByte(ref input);
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return (long)value;
        }
    }

    private static ReadOnlySpan<byte> ReadBytes(ref ReadOnlySpan<byte> input)
    {
        var length = (int)ReadNumber(ref input);
        var bytes = input[..length];
        input = input[length..];
        return bytes;
    }

    private static string ReadText(ref ReadOnlySpan<byte> input) => Encoding.UTF8.GetString(ReadBytes(ref input));
}
