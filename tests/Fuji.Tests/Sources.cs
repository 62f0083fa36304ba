using System.IO.Pipelines;
using System.Text.Json;

namespace Media.Fuji.Tests;

/// <summary>Where the tests' bytes come from.</summary>
internal static class Sources
{
    public static FujiProtocol FourBytes { get; } = new("Test.Both.SHA256.4B.", 4, "Test.Both.SHA256.4B.", 4);

    public static IReadOnlyList<FujiVector> Vectors { get; } = JsonSerializer.Deserialize<List<FujiVector>>(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fuji-vectors.json")), JsonSerializerOptions.Web)!;

    /// <summary>The generator that the vectors' files come from.</summary>
    public static byte[] Generate(uint seed, int size)
    {
        var bytes = new byte[size];
        var x = seed;
        for (var i = 0; i < size; i++)
        {
            x = x * 1664525 + 1013904223;
            bytes[i] = (byte)(x >> 24);
        }

        return bytes;
    }

    /// <summary>Reads from memory, giving at most <paramref name="most"/> bytes a time.</summary>
    public static FujiRangeReader ReaderOf(byte[] bytes, int most = int.MaxValue) => (offset, destination, _) =>
    {
        var take = Math.Min(Math.Min(destination.Length, most), (int)Math.Max(0, bytes.Length - offset));
        bytes.AsSpan((int)Math.Min(offset, bytes.Length), take).CopyTo(destination.Span);
        return ValueTask.FromResult(take);
    };

    /// <summary>A pipe whose every read gives one more of the chunks, each in a segment of its own, and what was left unread.</summary>
    public static PipeReader PipeOf(byte[] bytes, params int[] chunks) =>
        PipeReader.Create(new ChunkedStream(bytes, chunks), new StreamPipeReaderOptions(bufferSize: 64, minimumReadSize: 16));
}

internal sealed record FujiVector(uint Seed, int Size, string TipHash, string PieceHash);

/// <summary>A stream that gives its bytes in chunks of the sizes told, over and over, and says how it was read.</summary>
internal sealed class ChunkedStream(byte[] bytes, params int[] chunks) : MemoryStream(bytes)
{
    private int _next;

    public override int Read(Span<byte> buffer) => base.Read(Cut(buffer.Length) is var n && n < buffer.Length ? buffer[..n] : buffer);

    public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Cut(count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<int>(cancellationToken) : ValueTask.FromResult(Read(buffer.Span));

    private int Cut(int count) => Math.Min(count, Math.Max(1, chunks[_next++ % chunks.Length]));
}

/// <summary>Progress that is told at once, on the thread that tells it.</summary>
internal sealed class InlineProgress(Action<long> report) : IProgress<long>
{
    public void Report(long value) => report(value);
}
