using System.Text.Json.Nodes;
using Media.Fuji;
using Media.Tests.Support;

namespace Media.Api.Tests.Support;

/// <summary>Uploads that tests begin with.</summary>
public static class Samples
{
    public const long MiB = 1 << 20;

    public static string NewClientId() => $"client-{Guid.NewGuid():N}";

    /// <summary>A body for a creation.</summary>
    public static JsonObject Body(long size, string? tipHash = null, string? clientId = null, string fileName = "holiday.mp4", string contentType = "video/mp4") => new()
    {
        ["fileName"] = fileName,
        ["contentType"] = contentType,
        ["size"] = size,
        ["tipHash"] = tipHash,
        ["clientId"] = clientId ?? NewClientId(),
    };

    /// <summary>A new upload of the usual user.</summary>
    public static async Task<JsonNode> CreateAsync(ApiClient client, long size = 20 * MiB, string? clientId = null) =>
        (await client.AsAsync("POST", "/v1/uploads", Body(size, clientId: clientId))).Ok(201);

    /// <summary>Creates an upload, puts its parts and completes it.</summary>
    /// <returns>The upload as it was completed.</returns>
    public static async Task<JsonNode> UploadAsync(ApiClient client, byte[] bytes, JsonObject? body = null, string password = ApiServer.Password)
    {
        var created = (await client.AsUserAsync(password, "POST", "/v1/uploads", body ?? Body(bytes.Length))).Ok(201);
        await PutAsync(client, created, bytes);
        return (await client.AsUserAsync(password, "POST", $"/v1/uploads/{created["tag"]}/complete")).Ok();
    }

    /// <summary>Puts the parts that an answer has URLs of.</summary>
    public static async Task PutAsync(ApiClient client, JsonNode opened, byte[] bytes)
    {
        var partSize = (int)opened["plan"]!["partSize"]!;
        foreach (var url in opened["urls"]!.AsArray())
        {
            var offset = ((int)url!["part"]! - 1) * partSize;
            await client.PutAsync((string)url["url"]!, bytes[offset..Math.Min(bytes.Length, offset + partSize)], url["headers"]);
        }
    }

    /// <summary>Waits until verification has come to an end.</summary>
    /// <returns>The upload as it ended.</returns>
    public static async Task<JsonNode> UntilEndedAsync(ApiClient client, string tag, string password = ApiServer.Password)
    {
        JsonNode? upload = null;
        await Eventually.TrueAsync(
            async () => (string?)(upload = (await client.AsUserAsync(password, "GET", $"/v1/uploads/{tag}")).Ok())["state"] is not ("Stored" or "Verifying"),
            TimeSpan.FromSeconds(60));
        return upload!;
    }

    /// <summary>What the library says that the hashes of these bytes are.</summary>
    public static async Task<FujiHashes> HashAsync(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        return await FujiHash.StreamAsync(stream, bytes.Length);
    }

    /// <summary>A random hash in base32 of 52 characters.</summary>
    public static string NewHash()
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        return string.Concat(Enumerable.Range(0, 51).Select(_ => alphabet[Random.Shared.Next(32)])) + "A";
    }

    /// <summary>Random bytes.</summary>
    public static byte[] Bytes(long length)
    {
        var bytes = new byte[length];
        Random.Shared.NextBytes(bytes);
        return bytes;
    }
}
