using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace Media.Bench.Servers;

/// <summary>
/// The few S3 requests of an upload, by presigned URLs and nothing else: the least work with which a client gets an object into a bucket.
/// Keys and upload ids are letters, digits and what else a URL takes as it is.
/// </summary>
internal sealed class StoreAccess(Uri endpoint, string accessKey, string secretKey, string bucket) : IDisposable
{
    private const string Region = "us-east-1";
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AutomaticDecompression = DecompressionMethods.None })
    {
        Timeout = TimeSpan.FromMinutes(2),
    };

    public HttpClient Http => _http;

    public Task CreateBucketAsync(CancellationToken cancellationToken) => SendAsync(HttpMethod.Put, "", [], null, cancellationToken);

    public async Task<string> CreateUploadAsync(string key, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Post, key, [new("uploads", "")], null, cancellationToken);
        var answer = XDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        return answer.Descendants().First(static element => element.Name.LocalName == "UploadId").Value;
    }

    /// <returns>The part's ETag.</returns>
    public Task<string> PutPartAsync(string key, string uploadId, int part, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        PutAsync(Presign(HttpMethod.Put, key, [new("partNumber", part.ToString(CultureInfo.InvariantCulture)), new("uploadId", uploadId)]), content, cancellationToken);

    public Task<string> PutObjectAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        PutAsync(Presign(HttpMethod.Put, key, []), content, cancellationToken);

    /// <returns>The ETag.</returns>
    public async Task<string> PutAsync(Uri url, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        using var body = new ReadOnlyMemoryContent(content);
        using var response = await _http.PutAsync(url, body, cancellationToken);
        await CheckAsync(response, cancellationToken);
        return response.Headers.ETag!.Tag;
    }

    public async Task CompleteUploadAsync(string key, string uploadId, IReadOnlyList<string> etags, CancellationToken cancellationToken)
    {
        var body = new StringBuilder("<CompleteMultipartUpload>");
        for (var i = 0; i < etags.Count; i++)
            body.Append(CultureInfo.InvariantCulture, $"<Part><PartNumber>{i + 1}</PartNumber><ETag>{etags[i]}</ETag></Part>");
        body.Append("</CompleteMultipartUpload>");
        using var content = new StringContent(body.ToString(), Encoding.UTF8, "application/xml");
        using var response = await SendAsync(HttpMethod.Post, key, [new("uploadId", uploadId)], content, cancellationToken);
        var answer = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!answer.Contains("<ETag>", StringComparison.Ordinal)) throw new InvalidOperationException($"The upload was not completed: {answer}");
    }

    /// <summary>Reads bytes of an object, and throws them away or does with them what it is told.</summary>
    public async Task GetAsync(
        string key, long start, long end, byte[] buffer, CancellationToken cancellationToken, Action<ReadOnlyMemory<byte>>? use = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Presign(HttpMethod.Get, key, []));
        request.Headers.Range = new(start, end - 1);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await CheckAsync(response, cancellationToken);
        await using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
        long read = 0;
        while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            use?.Invoke(buffer.AsMemory(0, count));
            read += count;
        }

        if (read != end - start) throw new InvalidOperationException($"{read} bytes came back, not {end - start}.");
    }

    public void Dispose() => _http.Dispose();

    private static async Task CheckAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"The store answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string key, KeyValuePair<string, string>[] query, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, Presign(method, key, query)) { Content = content };
        var response = await _http.SendAsync(request, cancellationToken);
        await CheckAsync(response, cancellationToken);
        return response;
    }

    // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    private Uri Presign(HttpMethod method, string key, KeyValuePair<string, string>[] query)
    {
        var time = TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var scope = $"{time[..8]}/{Region}/s3/aws4_request";
        var path = key.Length == 0 ? $"/{bucket}" : $"/{bucket}/{key}";
        // Every name of these sorts after X-Amz-….
        var parameters = new StringBuilder($"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={Uri.EscapeDataString($"{accessKey}/{scope}")}&X-Amz-Date={time}&X-Amz-Expires=3600&X-Amz-SignedHeaders=host");
        foreach (var (name, value) in query) parameters.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        var request = $"{method.Method}\n{path}\n{parameters}\nhost:{endpoint.Authority}\n\nhost\nUNSIGNED-PAYLOAD";
        var text = $"AWS4-HMAC-SHA256\n{time}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request)))}";
        var signingKey = Encoding.UTF8.GetBytes("AWS4" + secretKey);
        foreach (var word in (string[])[time[..8], Region, "s3", "aws4_request"]) signingKey = HMACSHA256.HashData(signingKey, Encoding.UTF8.GetBytes(word));
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(signingKey, Encoding.UTF8.GetBytes(text)));
        return new Uri(endpoint, $"{path}?{parameters}&X-Amz-Signature={signature}");
    }
}
