using System.Security.Cryptography;
using Amazon.S3;

namespace Media.EndToEnd.Tests.Support;

/// <summary>A file of bytes that no other file has.</summary>
internal sealed class TestFile
{
    private TestFile(string path, long size, string sha256)
    {
        Path = path;
        Size = size;
        Sha256 = sha256;
    }

    public string Path { get; }

    public long Size { get; }

    public string Sha256 { get; }

    public static async Task<TestFile> CreateAsync(string path, long size, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var stream = File.Create(path);
        var buffer = new byte[1 << 20];
        for (var left = size; left > 0;)
        {
            RandomNumberGenerator.Fill(buffer);
            var take = (int)Math.Min(left, buffer.Length);
            hash.AppendData(buffer, 0, take);
            await stream.WriteAsync(buffer.AsMemory(0, take), cancellationToken);
            left -= take;
        }

        return new TestFile(path, size, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    public static async Task<string> HashObjectAsync(IAmazonS3 client, string bucket, string key, CancellationToken cancellationToken)
    {
        using var answer = await client.GetObjectAsync(bucket, key, cancellationToken);
        await using var body = answer.ResponseStream;
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(body, cancellationToken));
    }
}
