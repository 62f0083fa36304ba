using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Media.Client.Hashing;

namespace Media.Client.Uploading;

/// <summary>Whether a part that the store has is the file's. S3's ETag of a part is its MD5, unless it is encrypted with a key of the customer's.</summary>
internal static class PartCheck
{
    [SuppressMessage("Security", "CA5351:Do not use broken cryptographic algorithms", Justification = "S3's ETag is an MD5; nothing is protected by it here.")]
    public static async Task<bool> MatchesAsync(
        SourceFile source, PieceTally? tally, long offset, long length, string? etag, CancellationToken cancellationToken)
    {
        var told = new byte[MD5.HashSizeInBytes];
        if (etag?.Trim('"') is not { Length: 32 } hex || Convert.FromHexString(hex.AsSpan(), told, out _, out _) != OperationStatus.Done)
            return true;

        using var feed = tally?.Feed(offset);
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        var buffer = ArrayPool<byte>.Shared.Rent(1024 * 1024);
        try
        {
            for (long done = 0; done < length;)
            {
                var read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - done)), offset + done, cancellationToken);
                md5.AppendData(buffer.AsSpan(0, read));
                feed?.Append(buffer.AsSpan(0, read));
                done += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return md5.GetHashAndReset().AsSpan().SequenceEqual(told);
    }
}
