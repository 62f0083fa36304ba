using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Media.Tests.Support;

namespace Media.EndToEnd.Tests.Support;

/// <summary>Uploads through <c>/v1</c> as a client does.</summary>
internal static class Uploading
{
    private static readonly HttpClient Store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Asks for an upload.</summary>
    /// <returns>The answer, whose status is among the good ones.</returns>
    public static Task<JsonElement> OpenAsync(
        this HttpClient http, string name, long size, string client, string? tipHash = null, string? pieceHash = null, long? partSize = null) =>
        http.PostAsync("/v1/uploads", new { fileName = name, contentType = "application/octet-stream", size, clientId = client, tipHash, pieceHash, partSize });

    /// <summary>Sends the parts that an answer has URLs of.</summary>
    public static async Task SendPartsAsync(JsonElement opened, byte[] bytes)
    {
        var partSize = opened.GetProperty("plan").GetProperty("partSize").GetInt64();
        foreach (var url in opened.GetProperty("urls").EnumerateArray())
        {
            var start = (int)((url.GetProperty("part").GetInt32() - 1) * partSize);
            using var content = new ByteArrayContent(bytes, start, (int)Math.Min(partSize, bytes.Length - start));
            foreach (var header in url.GetProperty("headers").EnumerateObject())
                content.Headers.TryAddWithoutValidation(header.Name, header.Value.GetString());
            using var put = await Store.PutAsync(url.GetProperty("url").GetString(), content, Token);
            Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync(Token));
        }
    }

    /// <summary>Says that all parts are there.</summary>
    public static Task<JsonElement> CompleteAsync(this HttpClient http, string tag, string? client = null) =>
        http.PostAsync($"/v1/uploads/{tag}/complete", new { clientId = client });

    /// <summary>Opens, sends and completes.</summary>
    /// <returns>The tag.</returns>
    public static async Task<string> UploadAsync(
        this HttpClient http, string name, byte[] bytes, string client = "one", string? tipHash = null, string? pieceHash = null)
    {
        var opened = await http.OpenAsync(name, bytes.Length, client, tipHash, pieceHash);
        await SendPartsAsync(opened, bytes);
        var tag = opened.GetProperty("tag").GetString()!;
        await http.CompleteAsync(tag, client);
        return tag;
    }

    /// <summary>Waits until verification has come to an end.</summary>
    /// <returns>The upload as it ended.</returns>
    public static async Task<JsonElement> UntilEndedAsync(this HttpClient http, string tag, TimeSpan? timeout = null)
    {
        JsonElement upload = default;
        await Eventually.TrueAsync(
            async () =>
            {
                upload = await http.GetFromJsonAsync<JsonElement>($"/v1/uploads/{tag}", Token);
                return upload.GetProperty("state").GetString() is not ("Created" or "Uploading" or "Completing" or "Stored" or "Verifying");
            },
            timeout ?? TimeSpan.FromSeconds(120));
        return upload;
    }

    // As a client does: 503 says that nothing was lost, and when to come again.
    private static async Task<JsonElement> PostAsync<T>(this HttpClient http, string path, T body)
    {
        for (var patience = 30; ; patience--)
        {
            using var answer = await http.PostAsJsonAsync(path, body, Token);
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable && patience > 0)
            {
                await Task.Delay(answer.Headers.RetryAfter!.Delta!.Value, Token);
                continue;
            }

            var content = await answer.Content.ReadAsStringAsync(Token);
            Assert.True(answer.IsSuccessStatusCode, content);
            return JsonDocument.Parse(content).RootElement;
        }
    }
}
