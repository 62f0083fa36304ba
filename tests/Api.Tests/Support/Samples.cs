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

    /// <summary>Uploads a file whole as the usual user, and waits until it is in the catalog.</summary>
    /// <returns>The file.</returns>
    public static async Task<JsonNode> FileAsync(
        ApiClient client, byte[] bytes, string fileName = "film.mp4", string contentType = "video/mp4", string password = ApiServer.Password)
    {
        var upload = await UploadAsync(client, bytes, Body(bytes.Length, fileName: fileName, contentType: contentType), password);
        JsonNode? file = null;
        await Eventually.TrueAsync(
            async () => (file = await FindFileAsync(client, (string)upload["tag"]!, password)) is not null, TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        return file!;
    }

    /// <summary>Random bytes that begin as a film does.</summary>
    public static byte[] Film(int length)
    {
        var bytes = Bytes(length);
        "\0\0\0\u0010ftypmp42\0\0\0\0"u8.CopyTo(bytes);
        return bytes;
    }

    /// <summary>Random bytes.</summary>
    public static byte[] Bytes(long length)
    {
        var bytes = new byte[length];
        Random.Shared.NextBytes(bytes);
        return bytes;
    }

    private static async Task<JsonNode?> FindFileAsync(ApiClient client, string id, string password)
    {
        var answer = await client.AsUserAsync(password, "GET", $"/v1/files/{id}");
        return answer.Status == 404 ? null : answer.Ok();
    }
}
