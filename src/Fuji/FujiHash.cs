using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Media.Fuji;

/// <summary>
/// Computes the Fuji hashes of a file: from a stream or pipe in one pass, from memory or anything with random access in parallel, or the
/// tip hash alone from a few kilobytes. Every way to a hash gives the same one.
/// </summary>
/// <remarks>
/// All methods throw <see cref="FujiException"/>: <see cref="FujiError.Empty"/> for a size below 1, <see cref="FujiError.TooShort"/>
/// and <see cref="FujiError.TooLong"/> where the content's length is not the announced size. What the source itself throws comes through.
/// </remarks>
public static class FujiHash
{
    /// <summary>
    /// Both hashes in one pass over a stream, which is left open at its end. A <see cref="MemoryStream"/> is hashed where it is.
    /// Memory: one piece for each processor and one more; with a parallelism of 1, 256 KiB.
    /// </summary>
    /// <param name="content">The file's bytes, read from where the stream stands.</param>
    /// <param name="size">How many bytes there are.</param>
    /// <param name="options">Protocol and parallelism.</param>
    /// <param name="progress">Told the number of bytes hashed so far, after each piece.</param>
    /// <param name="cancellationToken">Stops the pass between reads, and between the pieces of what is in memory.</param>
    public static async Task<FujiHashes> StreamAsync(
        Stream content, long size, FujiOptions? options = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        FujiException.ThrowIfEmpty(size);
        options ??= FujiOptions.Default;
        // A derived one may read as it likes.
        if (content.GetType() == typeof(MemoryStream))
            return await MemoryStreamAsync((MemoryStream)content, size, options, progress, cancellationToken);
        if (IsForOneCore(size, options))
        {
            await LeaveCallersThreadAsync();
            using var inOrder = new OrderedPass(size, options.Protocol, progress);
            return await inOrder.StreamAsync(content, cancellationToken);
        }

        using var pass = new StreamPass(content, size, options, progress);
        return await pass.RunAsync(cancellationToken);
    }

    /// <summary>
    /// Both hashes in one pass over a pipe, which is not completed. With a parallelism of 1 its bytes are hashed where they are. Else as
    /// <see cref="StreamAsync"/>.
    /// </summary>
    public static async Task<FujiHashes> PipeAsync(
        PipeReader content, long size, FujiOptions? options = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        FujiException.ThrowIfEmpty(size);
        options ??= FujiOptions.Default;
        if (IsForOneCore(size, options))
        {
            await LeaveCallersThreadAsync();
            using var inOrder = new OrderedPass(size, options.Protocol, progress);
            return await inOrder.PipeAsync(content, cancellationToken);
        }

        await using var stream = content.AsStream(leaveOpen: true);
        return await StreamAsync(stream, size, options, progress, cancellationToken);
    }

    /// <summary>Both hashes of a file that is in memory, in parallel and where it is.</summary>
    /// <param name="content">The whole file; it must not change meanwhile.</param>
    /// <param name="options">Protocol and parallelism.</param>
    /// <param name="progress">As with a file.</param>
    /// <param name="cancellationToken">Stops the hashing within a piece's time.</param>
    public static async Task<FujiHashes> MemoryAsync(
        ReadOnlyMemory<byte> content, FujiOptions? options = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= FujiOptions.Default;
        using var tip = new TipCollector(options.Protocol, content.Length);
        tip.Append(0, content.Span);
        var checkpoint = new PieceCheckpoint(content.Length, options.Protocol);
        await new MemoryPass(content, checkpoint, options, progress).RunAsync(cancellationToken);
        return new FujiHashes(content.Length, tip.Finish(), checkpoint.PieceHash());
    }

    /// <summary>Both hashes of a file on disk, in parallel.</summary>
    /// <param name="path">The file; it must not change meanwhile (another length is noticed).</param>
    /// <param name="options">Protocol and parallelism.</param>
    /// <param name="progress">Told the number of bytes hashed so far, after each piece, from several threads but one at a time.</param>
    /// <param name="cancellationToken">Stops the hashing within a piece's time.</param>
    public static async Task<FujiHashes> FileAsync(
        string path, FujiOptions? options = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        using var file = File.OpenHandle(path);
        return await FileAsync(file, options, progress, cancellationToken);
    }

    /// <summary>Both hashes of an open file, in parallel; else as the other overload. The handle is left open.</summary>
    public static async Task<FujiHashes> FileAsync(
        SafeFileHandle file, FujiOptions? options = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        var size = RandomAccess.GetLength(file);
        var hashes = await RangesAsync(ReaderOf(file), size, options, progress, cancellationToken);
        var now = RandomAccess.GetLength(file);
        if (now > size)
            throw FujiException.TooLong(size);
        return now == size ? hashes : throw FujiException.TooShort(size, now);
    }

    /// <summary>Both hashes by random access, in parallel.</summary>
    /// <param name="source">Gives the bytes; it is asked from several threads at once, and never for bytes past the size.</param>
    /// <param name="size">How many bytes there are.</param>
    /// <param name="options">Protocol and parallelism.</param>
    /// <param name="progress">As with a file.</param>
    /// <param name="cancellationToken">Stops the hashing.</param>
    public static Task<FujiHashes> RangesAsync(
        FujiRangeReader source, long size, FujiOptions? options = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        RangesAsync(OpenerOf(source), size, options, progress, cancellationToken);

    /// <summary>Both hashes by ranges that are opened as streams, in parallel; else as the other overload.</summary>
    public static async Task<FujiHashes> RangesAsync(
        FujiRangeOpener source, long size, FujiOptions? options = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= FujiOptions.Default;
        var tip = await TipAsync(source, size, options.Protocol, cancellationToken);
        var pieces = await PiecesAsync(source, new PieceCheckpoint(size, options.Protocol), options, progress, cancellationToken);
        return new FujiHashes(size, tip, pieces);
    }

    /// <summary>
    /// The piece hash by random access, in parallel, going on from a checkpoint. Finished pieces are recorded in
    /// <paramref name="checkpoint"/> as they come, so that it is worth keeping when this throws. Its protocol is used.
    /// </summary>
    public static Task<string> PiecesAsync(
        FujiRangeReader source, PieceCheckpoint checkpoint, FujiOptions? options = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        PiecesAsync(OpenerOf(source), checkpoint, options, progress, cancellationToken);

    /// <summary>The piece hash by ranges that are opened as streams; else as the other overload.</summary>
    public static async Task<string> PiecesAsync(
        FujiRangeOpener source, PieceCheckpoint checkpoint, FujiOptions? options = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(checkpoint);
        await new RangePass(source, checkpoint, options ?? FujiOptions.Default, progress).RunAsync(cancellationToken);
        return checkpoint.PieceHash();
    }

    /// <summary>The tip hash of an open file: at most four short reads.</summary>
    public static Task<string> TipAsync(SafeFileHandle file, FujiProtocol? protocol = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        return TipAsync(ReaderOf(file), RandomAccess.GetLength(file), protocol, cancellationToken);
    }

    /// <summary>The tip hash by random access: at most four short reads.</summary>
    public static Task<string> TipAsync(FujiRangeReader source, long size, FujiProtocol? protocol = null, CancellationToken cancellationToken = default) =>
        TipAsync(OpenerOf(source), size, protocol, cancellationToken);

    /// <summary>The tip hash by ranges that are opened as streams: at most four short ones.</summary>
    public static async Task<string> TipAsync(FujiRangeOpener source, long size, FujiProtocol? protocol = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        protocol ??= FujiProtocol.Default;
        using var hash = new TitledHash(protocol.TipTitle, size);
        foreach (var stripe in protocol.StripesOf(size))
        {
            var buffer = new byte[stripe.Length];
            await using var content = await source(stripe.Start, stripe.End, cancellationToken);
            var read = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            if (read < buffer.Length)
                throw FujiException.TooShort(size, stripe.Start + read);
            if (await content.ReadAsync(new byte[1], cancellationToken) != 0)
                throw FujiException.RangeTooLong(stripe.Start, stripe.End);
            hash.Append(buffer);
        }

        return hash.Finish();
    }

    private static async Task<FujiHashes> MemoryStreamAsync(
        MemoryStream content, long size, FujiOptions options, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var left = content.Length - content.Position;
        if (left > size)
            throw FujiException.TooLong(size);
        if (left < size)
            throw FujiException.TooShort(size, Math.Max(0, left));
        FujiHashes? hashes = null;
        await using var sink = new MemoryStreamSink(async (bytes, stop) => hashes = await MemoryAsync(bytes, options, progress, stop));
        await content.CopyToAsync(sink, cancellationToken);
        return hashes!;
    }

    private static bool IsForOneCore(long size, FujiOptions options) => options.Parallelism <= 1 || size <= options.Protocol.PieceUnit;

    // A source that never waits would have the caller's thread hash it all.
    private static ConfiguredTaskAwaitable LeaveCallersThreadAsync() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    // Reads of a file are made on the thread that hashes next: there is nothing else for it to do meanwhile.
    private static FujiRangeReader ReaderOf(SafeFileHandle file) => (offset, destination, cancellationToken) =>
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(RandomAccess.Read(file, destination.Span, offset));
    };

    private static FujiRangeOpener OpenerOf(FujiRangeReader source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return (start, end, _) => ValueTask.FromResult<Stream>(new RangeReaderStream(source, start, end));
    }
}
