using System.Text.Json.Nodes;

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
