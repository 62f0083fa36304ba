using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Media.Fuji;

namespace Media.Client.Uploading;

/// <summary>Answers a challenge from the file.</summary>
internal static class ChallengeDigest
{
    private const int BufferLength = 64 * 1024;

    public static async Task<string> ComputeAsync(SourceFile source, UploadChallenge challenge, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(challenge.Nonce));
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            foreach (var range in challenge.Ranges)
            {
                if (range.Start < 0 || range.End < range.Start || range.End > source.Size)
                    throw new MediaException(MediaErrors.UnexpectedAnswer, "The server's challenge is about bytes that the file does not have.");
                for (var at = range.Start; at < range.End;)
                {
                    var read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, range.End - at)), at, cancellationToken);
                    hash.AppendData(buffer, 0, read);
                    at += read;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        source.ThrowIfChanged();
        return Base32.Encode(hash.GetHashAndReset());
    }
}
