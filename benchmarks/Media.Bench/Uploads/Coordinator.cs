using System.Net.Http.Json;
using System.Text.Json.Serialization;

namespace Media.Bench.Uploads;

/// <summary>The requests of an upload through the API, as a client makes them.</summary>
internal sealed class Coordinator(HttpClient api, string clientId)
{
    private const string ContentType = "application/octet-stream";

    public async Task<CreatedUpload> CreateAsync(string fileName, long size, CancellationToken cancellationToken)
    {
        var body = new { fileName, contentType = ContentType, size, clientId };
        using var answer = await api.PostAsJsonAsync("/v1/uploads", body, cancellationToken);
        return await ReadAsync<CreatedUpload>(answer, cancellationToken);
    }

    /// <summary>Creates sessions in one request, at most 1 000.</summary>
    public async Task CreateBatchAsync(string prefix, int count, long size, CancellationToken cancellationToken)
    {
        var body = new object[count];
        for (var i = 0; i < count; i++) body[i] = new { fileName = $"{prefix}-{i}", contentType = ContentType, size, clientId };
        using var answer = await api.PostAsJsonAsync("/v1/uploads:batch", body, cancellationToken);
        foreach (var upload in await ReadAsync<CreatedUpload[]>(answer, cancellationToken))
        {
            if (upload.Status != "created") throw new InvalidOperationException($"A session was {upload.Status}, not created.");
        }
    }

    public async Task<PartUrl[]> SignAsync(string tag, int from, int to, CancellationToken cancellationToken)
    {
        using var answer = await api.PostAsJsonAsync($"/v1/uploads/{tag}/urls", new { from, to, clientId }, cancellationToken);
        return await ReadAsync<PartUrl[]>(answer, cancellationToken);
    }

    public async Task CompleteAsync(string tag, IReadOnlyList<string> etags, CancellationToken cancellationToken)
    {
        var parts = new object[etags.Count];
        for (var i = 0; i < parts.Length; i++) parts[i] = new { part = i + 1, etag = etags[i] };
        using var answer = await api.PostAsJsonAsync($"/v1/uploads/{tag}/complete", new { parts, clientId }, cancellationToken);
        var upload = await ReadAsync<StoredUpload>(answer, cancellationToken);
        if (upload.State is not ("Stored" or "Verified")) throw new InvalidOperationException($"The upload is {upload.State}.");
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, CancellationToken cancellationToken) => answer.IsSuccessStatusCode
        ? (await answer.Content.ReadFromJsonAsync<T>(cancellationToken))!
        : throw new InvalidOperationException($"The API answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
}

/// <summary>What is needed of an answer to a creation.</summary>
internal sealed record CreatedUpload(string Status, string Tag, UploadPlan Plan, PartUrl[] Urls);

/// <summary>Into what the file is cut.</summary>
internal sealed record UploadPlan(long PartSize, int PartCount);

/// <summary>Where a part goes.</summary>
internal sealed record PartUrl([property: JsonPropertyName("part")] int Number, Uri Url);

/// <summary>What is needed of an answer to a completion.</summary>
internal sealed record StoredUpload(string State);
