using System.Runtime.InteropServices;

namespace Media.Fuji;

/// <summary>A half-open range of a file, <c>[Start, End)</c>, in bytes.</summary>
/// <param name="Start">The first byte.</param>
/// <param name="End">One past the last byte.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct FujiRange(long Start, long End)
{
    /// <summary>How many bytes the range has.</summary>
    public long Length => End - Start;
}

/// <summary>
/// Reads bytes of a file from <paramref name="offset"/> on into <paramref name="destination"/>, from any thread, several at once.
/// </summary>
/// <param name="offset">Where to read from, in bytes.</param>
/// <param name="destination">Where the bytes go; filling a part of it is enough, the rest is asked for again.</param>
/// <param name="cancellationToken">Stops the read.</param>
/// <returns>How many bytes were read; 0 only at the end of the file.</returns>
public delegate ValueTask<int> FujiRangeReader(long offset, Memory<byte> destination, CancellationToken cancellationToken);

/// <summary>
/// Opens a stream of the bytes <c>[start, end)</c> of a file, such as an HTTP request with a <c>Range</c>; from any thread, several at once.
/// The stream is read to its end once and disposed of. One that gives fewer or more bytes than the range is an error.
/// </summary>
/// <param name="start">The first byte.</param>
/// <param name="end">One past the last byte.</param>
/// <param name="cancellationToken">Stops the opening.</param>
public delegate ValueTask<Stream> FujiRangeOpener(long start, long end, CancellationToken cancellationToken);
