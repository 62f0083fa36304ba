using System.Buffers;
using System.Security.Cryptography;

namespace Media.DevStorage.Operations;

/// <summary>A body that is on disk, hashed and as it was claimed to be, and that nobody can see yet.</summary>
internal sealed record ReceivedBody(BlobWriter Blob, string Md5, ChecksumAlgorithm? Algorithm, string? ChecksumValue) : IDisposable
{
    public long Size => Blob.Length;

    public ObjectPart ToPart(int number, long modified) => new()
    {
        Number = number,
        Size = Size,
        Md5 = Md5,
        ChecksumAlgorithm = Algorithm,
        Checksum = ChecksumValue,
        Slices = Size == 0 ? [] : [Blob.Slice],
        Modified = modified,
    };

    public void Dispose() => Blob.Dispose();
}

/// <summary>
/// Takes bodies in: reads, hashes and writes in turn through a pair of pooled buffers, the hashes of one buffer running while it is
/// written and the next is read. Memory is two buffers per request, whatever the size.
/// </summary>
internal sealed class BodyReceiver(Store store)
{
    private const int BufferSize = 256 * 1024;

    /// <summary>Receives a request's body and checks all that the request claims of it.</summary>
    /// <exception cref="S3Exception">The body is too long, too short, or not what was claimed.</exception>
    public async Task<ReceivedBody> ReceiveAsync(S3Request request, long most, ChecksumAlgorithm? wanted, DataKey? key)
    {
        var claims = BodyClaims.Of(request);
        await using var body = RequestBody.Open(request, mustHaveLength: true);
        if (body.Length > most)
            throw S3Error.EntityTooLarge(body.Length.Value, most);
        using var digests = new Digests(claims.Algorithm ?? wanted, sha256: request.Authentication.PayloadSha256 is not null);
        var blob = store.CreateBlob(body.Length ?? 0, key);
        try
        {
            await CopyAsync(body.Stream, blob, digests, body.Length ?? most, request.Aborted);
            body.CheckLength(blob.Length);
            var received = digests.Finish();
            claims.CheckMd5(received.Md5);
            if (request.Authentication.PayloadSha256 is { } payload)
                claims.CheckPayload(payload, received.Sha256!);
            if (claims.Algorithm is not null)
                claims.CheckChecksum(received.Checksum!, body.Trailer);
            request.Fault?.CorruptStored(blob);
            await blob.FlushAsync();
            return new ReceivedBody(blob, Convert.ToHexStringLower(received.Md5), digests.Algorithm, received.Checksum);
        }
        catch
        {
            blob.Dispose();
            throw;
        }
    }

    /// <summary>Writes a stream that no claims were made about, such as a form's file.</summary>
    /// <exception cref="S3Exception"><c>EntityTooLarge</c></exception>
    public async Task<ReceivedBody> ReceiveAsync(Stream stream, long most, ChecksumAlgorithm? wanted, DataKey? key, CancellationToken cancellationToken)
    {
        using var digests = new Digests(wanted, sha256: false);
        var blob = store.CreateBlob(0, key);
        try
        {
            await CopyAsync(stream, blob, digests, most, cancellationToken);
            var received = digests.Finish();
            await blob.FlushAsync();
            return new ReceivedBody(blob, Convert.ToHexStringLower(received.Md5), digests.Algorithm, received.Checksum);
        }
        catch
        {
            blob.Dispose();
            throw;
        }
    }

    /// <summary>Hashes bytes that are stored already, without writing them anew.</summary>
    public static async Task<(string Md5, string? Checksum)> HashAsync(
        SliceReader reader, ChecksumAlgorithm? algorithm, CancellationToken cancellationToken)
    {
        using var digests = new Digests(algorithm, sha256: false);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (int read; (read = reader.Read(buffer.AsSpan(0, BufferSize))) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                digests.Append(buffer.AsSpan(0, read));
                await Task.Yield();
            }

            var done = digests.Finish();
            return (Convert.ToHexStringLower(done.Md5), done.Checksum);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task CopyAsync(Stream stream, BlobWriter blob, Digests digests, long most, CancellationToken cancellationToken)
    {
        var size = (int)Math.Clamp(most, 1, BufferSize);
        var reading = ArrayPool<byte>.Shared.Rent(size);
        var hashed = ArrayPool<byte>.Shared.Rent(size);
        var hashing = Task.CompletedTask;
        try
        {
            while (true)
            {
                var length = await stream.ReadAtLeastAsync(reading.AsMemory(0, size), size, throwOnEndOfStream: false, cancellationToken);
                await hashing;
                if (length == 0)
                    return;
                if (blob.Length + length > most)
                    throw S3Error.EntityTooLarge(blob.Length + length, most);
                (reading, hashed) = (hashed, reading);
                if (length < BufferSize)
                {
                    digests.Append(hashed.AsSpan(0, length));
                    blob.Write(hashed.AsSpan(0, length));
                    if (length < size)
                        return;
                    continue;
                }

                var full = hashed;
                hashing = Task.Run(() => digests.Append(full.AsSpan(0, BufferSize)), CancellationToken.None);
                blob.Write(full.AsSpan(0, BufferSize));
            }
        }
        finally
        {
            // A buffer that is still being hashed must not go back to the pool.
            await hashing;
            ArrayPool<byte>.Shared.Return(reading);
            ArrayPool<byte>.Shared.Return(hashed);
        }
    }

    private sealed class Digests(ChecksumAlgorithm? algorithm, bool sha256) : IDisposable
    {
        private readonly IncrementalHash _md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        private readonly IncrementalHash? _sha256 = sha256 ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        private readonly Checksum? _checksum = algorithm is { } a ? new Checksum(a) : null;

        public ChecksumAlgorithm? Algorithm => algorithm;

        public void Append(ReadOnlySpan<byte> data)
        {
            _md5.AppendData(data);
            _sha256?.AppendData(data);
            _checksum?.Append(data);
        }

        public (byte[] Md5, byte[]? Sha256, string? Checksum) Finish() =>
            (_md5.GetHashAndReset(), _sha256?.GetHashAndReset(), _checksum is null ? null : Convert.ToBase64String(_checksum.Finish()));

        public void Dispose()
        {
            _md5.Dispose();
            _sha256?.Dispose();
            _checksum?.Dispose();
        }
    }
}
