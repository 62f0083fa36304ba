using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Media.DevStorage.Signing;

/// <summary>
/// Takes the <c>aws-chunked</c> framing off a body: chunks of hexadecimal length, signed or not, and a trailer, signed or not.
/// Reading gives the plain bytes; once it gives 0, all signatures have held and <see cref="Trailer"/> is complete.
/// </summary>
internal sealed class AwsChunkedStream(Stream source, PayloadKind kind, ChunkSigner? signer) : Stream
{
    private const int LongestLine = 8 * 1024;

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private readonly IncrementalHash? _hash = signer is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _start;
    private int _end;
    private long _leftInChunk;
    private string _signature = "";
    private bool _first = true;
    private bool _done;

    public Dictionary<string, string> Trailer { get; } = new(StringComparer.OrdinalIgnoreCase);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_done || buffer.IsEmpty)
            return 0;
        if (_leftInChunk == 0)
        {
            await ReadChunkHeaderAsync(cancellationToken);
            if (_leftInChunk == 0)
            {
                CheckChunk();
                await ReadTrailerAsync(cancellationToken);
                _done = true;
                return 0;
            }
        }

        int read;
        if (_start < _end)
        {
            read = (int)Math.Min(Math.Min(buffer.Length, _end - _start), _leftInChunk);
            _buffer.AsSpan(_start, read).CopyTo(buffer.Span);
            _start += read;
        }
        else
        {
            // Large chunks go straight to the reader, never through the line buffer.
            read = await source.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _leftInChunk)], cancellationToken);
            if (read == 0)
                throw S3Error.IncompleteBody();
        }

        _hash?.AppendData(buffer.Span[..read]);
        _leftInChunk -= read;
        if (_leftInChunk == 0)
            CheckChunk();
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read asynchronously");

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && _end >= 0)
        {
            _end = _start = -1;
            ArrayPool<byte>.Shared.Return(_buffer);
            _hash?.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask ReadChunkHeaderAsync(CancellationToken cancellationToken)
    {
        // The line break after a chunk's bytes belongs to the framing.
        if (!_first && (await ReadLineAsync(cancellationToken)).Length != 0)
            throw Malformed();
        _first = false;
        var line = await ReadLineAsync(cancellationToken);
        var semicolon = line.IndexOf(';', StringComparison.Ordinal);
        var size = semicolon < 0 ? line : line[..semicolon];
        if (size.Length is 0 or > 15 || !long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _leftInChunk))
            throw Malformed();
        if (signer is null)
            return;
        const string name = ";chunk-signature=";
        if (semicolon < 0 || !line.AsSpan(semicolon).StartsWith(name))
            throw Malformed();
        _signature = line[(semicolon + name.Length)..];
    }

    private void CheckChunk()
    {
        if (signer is not null && !signer.Accepts(Convert.ToHexStringLower(_hash!.GetHashAndReset()), _signature))
            throw S3Error.SignatureDoesNotMatch("", "");
    }

    private async ValueTask ReadTrailerAsync(CancellationToken cancellationToken)
    {
        var canonical = new StringBuilder();
        string? signature = null;
        for (var lines = 0; ; lines++)
        {
            var line = await ReadLineAsync(cancellationToken, orEnd: true);
            if (line.Length == 0)
                break;
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (kind == PayloadKind.SignedChunks || colon <= 0 || lines > 16)
                throw S3Error.MalformedTrailer();
            var name = line[..colon].Trim().ToLowerInvariant();
            var value = line[(colon + 1)..].Trim();
            if (string.Equals(name, "x-amz-trailer-signature", StringComparison.Ordinal))
            {
                signature = value;
                continue;
            }

            canonical.Append(name).Append(':').Append(value).Append('\n');
            Trailer[name] = value;
        }

        if (kind == PayloadKind.SignedChunksWithTrailer)
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(canonical.ToString())));
            if (signature is null || !signer!.AcceptsTrailer(hash, signature))
                throw S3Error.SignatureDoesNotMatch("", "");
        }

        if (_start < _end || await source.ReadAsync(_buffer.AsMemory(0, 1), cancellationToken) != 0)
            throw S3Error.MalformedTrailer();
    }

    private async ValueTask<string> ReadLineAsync(CancellationToken cancellationToken, bool orEnd = false)
    {
        var line = new StringBuilder();
        while (true)
        {
            var text = _buffer.AsSpan(_start, _end - _start);
            var end = text.IndexOf((byte)'\n');
            line.Append(Encoding.Latin1.GetString(end < 0 ? text : text[..end]));
            if (line.Length > LongestLine)
                throw Malformed();
            if (end >= 0)
            {
                _start += end + 1;
                if (line.Length > 0 && line[^1] == '\r')
                    line.Length--;
                return line.ToString();
            }

            _start = 0;
            _end = await source.ReadAsync(_buffer.AsMemory(0, 4096), cancellationToken);
            if (_end > 0)
                continue;
            return orEnd && line.Length == 0 ? "" : throw S3Error.IncompleteBody();
        }
    }

    private static S3Exception Malformed() => new(400, "InvalidChunkSizeError", "The chunk framing of the body is not well-formed.");
}
