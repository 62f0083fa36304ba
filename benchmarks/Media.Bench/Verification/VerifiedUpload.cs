using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Amazon.S3;
using Amazon.S3.Model;

namespace Media.Bench.Verification;

/// <summary>An upload whose bytes the store copies from another object of its own, and its verification as a client sees it.</summary>
internal sealed class VerifiedUpload(HttpClient api, IAmazonS3 store, string bucket)
{
    private const string ClientId = "bench";
    private int _names;

    /// <returns>How long the silo read and hashed, from the upload's entry into verification to the last byte.</returns>
    public async Task<TimeSpan> MeasureAsync(string source, long size, CancellationToken cancellationToken)
    {
        var fileName = string.Create(CultureInfo.InvariantCulture, $"verified-{_names++}");
        using var created = await api.PostAsJsonAsync("/v1/uploads", new { fileName, contentType = "", size, clientId = ClientId }, cancellationToken);
        var upload = await ReadAsync(created, cancellationToken);
        var (tag, key, uploadId) = (Text(upload, "tag"), Text(upload, "key"), Text(upload, "uploadId"));
        await CopyAsync(source, size, key, uploadId, upload.GetProperty("plan").GetProperty("partSize").GetInt64(), cancellationToken);

        using var stream = await api.GetStreamAsync(new Uri($"/v1/uploads/{tag}/events", UriKind.Relative), cancellationToken);
        using var reader = new StreamReader(stream);
        using var completed = await api.PostAsJsonAsync($"/v1/uploads/{tag}/complete", new { clientId = ClientId }, cancellationToken);
        await ReadAsync(completed, cancellationToken);
        DateTimeOffset? begun = null, hashed = null;
        var state = "";
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            var data = JsonDocument.Parse(line["data: ".Length..]).RootElement;
            if (data.TryGetProperty("state", out var entered))
            {
                state = entered.GetString()!;
                var at = data.GetProperty("at").GetDateTimeOffset();
                if (state == "Verifying") begun = at;
                // Where the last progress came too late to be told.
                else if (state is "Verified" or "Duplicate") hashed ??= at;
            }
            else if (data.GetProperty("verified").GetInt64() == size)
            {
                hashed ??= TimeProvider.System.GetUtcNow();
            }
        }

        return state is "Verified" or "Duplicate" ? hashed!.Value - begun!.Value : throw new InvalidOperationException($"The upload ended as {state}.");
    }

    private Task CopyAsync(string source, long size, string key, string uploadId, long partSize, CancellationToken cancellationToken) => Parallel.ForAsync(
        0,
        (size + partSize - 1) / partSize,
        new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
        async (at, cancel) => await store.CopyPartAsync(
            new CopyPartRequest
            {
                SourceBucket = bucket,
                SourceKey = source,
                FirstByte = at * partSize,
                LastByte = Math.Min((at + 1) * partSize, size) - 1,
                DestinationBucket = bucket,
                DestinationKey = key,
                UploadId = uploadId,
                PartNumber = (int)at + 1,
            },
            cancel));

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken) => answer.IsSuccessStatusCode
        ? await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)
        : throw new InvalidOperationException($"The API answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}");

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
