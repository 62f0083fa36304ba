using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Media.Api.Tests.Support;

/// <summary>Sends requests as they are written, and reads answers whole.</summary>
public sealed class ApiClient(Uri address) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        BaseAddress = address,
        Timeout = TimeSpan.FromSeconds(60),
    };

    private readonly ConcurrentDictionary<string, string> permissions = new(StringComparer.Ordinal);

    public HttpClient Http => http;

    /// <summary>A permission for a password; asked for once.</summary>
    public async Task<string> PermissionAsync(string password = ApiServer.Password)
    {
        if (permissions.TryGetValue(password, out var permission))
            return permission;
        var answer = await SendAsync("POST", "/v1/permissions", new { password });
        Assert.Equal(200, answer.Status);
        return permissions[password] = answer.Json["permission"]!.GetValue<string>();
    }

    /// <summary>Sends as a user, who has a permission.</summary>
    public async Task<Answer> AsUserAsync(string password, string method, string path, object? body = null) =>
        await SendAsync(method, path, body, await PermissionAsync(password));

    /// <summary>Sends as the usual user.</summary>
    public Task<Answer> AsAsync(string method, string path, object? body = null) => AsUserAsync(ApiServer.Password, method, path, body);

    /// <summary>Sends a request. A body that is text is sent as it is, anything else as JSON.</summary>
    public async Task<Answer> SendAsync(
        string method, string path, object? body = null, string? bearer = null, string? origin = null, string? contentType = "application/json",
        IEnumerable<(string Name, string Value)>? headers = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            var bytes = body as byte[] ?? (body is string text ? Encoding.UTF8.GetBytes(text) : JsonSerializer.SerializeToUtf8Bytes(body, JsonSerializerOptions.Web));
            request.Content = new ByteArrayContent(bytes);
            if (contentType is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        if (bearer is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        foreach (var (name, value) in headers ?? [])
            request.Headers.TryAddWithoutValidation(name, value);

        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var content = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Answer(
            (int)response.StatusCode,
            content,
            response.Content.Headers.ContentType?.MediaType,
            name => Values(response.Headers, name) ?? Values(response.Content.Headers, name));
    }

    /// <summary>Puts bytes to a presigned URL.</summary>
    /// <returns>The ETag.</returns>
    public async Task<string> PutAsync(string url, byte[] bytes, JsonNode? headers = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new ByteArrayContent(bytes) };
        foreach (var (name, value) in headers?.AsObject() ?? [])
        {
            if (!request.Headers.TryAddWithoutValidation(name, value!.GetValue<string>()))
            {
                request.Content.Headers.Remove(name);
                request.Content.Headers.TryAddWithoutValidation(name, value.GetValue<string>());
            }
        }

        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response.Headers.GetValues("ETag").Single();
    }

    /// <summary>Posts a signed form as a browser does: the fields, then the file.</summary>
    public async Task<int> PostAsync(JsonNode form, byte[] bytes)
    {
        using var content = new MultipartFormDataContent();
        foreach (var (name, value) in form["fields"]!.AsObject())
            content.Add(new StringContent((string)value!), name);
        content.Add(new ByteArrayContent(bytes), "file", "file");
        using var answer = await http.PostAsync(new Uri((string)form["url"]!), content, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    public void Dispose() => http.Dispose();

    private static string? Values(HttpHeaders headers, string name) => headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;
}

/// <summary>An answer.</summary>
public sealed record Answer(int Status, string Content, string? ContentType, Func<string, string?> Header)
{
    public JsonNode Json => JsonNode.Parse(Content)!;

    public string? Code => (string?)Json["code"];

    /// <summary>Asserts that it is a problem, well-formed and without a stack trace.</summary>
    public JsonNode Problem(int status, string code)
    {
        Assert.True(Status == status, $"{Status} instead of {status} {code}: {Content}");
        Assert.Equal("application/problem+json", ContentType);
        Assert.Equal(code, Code);
        Assert.Equal($"urn:media:problem:{code}", (string?)Json["type"]);
        Assert.Equal(status, (int)Json["status"]!);
        Assert.False(string.IsNullOrEmpty((string?)Json["title"]));
        Assert.DoesNotContain("   at ", Content, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", Content, StringComparison.Ordinal);
        return Json;
    }

    /// <summary>Asserts that it is JSON with this status.</summary>
    public JsonNode Ok(int status = 200)
    {
        Assert.True(Status == status, $"{Status} instead of {status}: {Content}");
        Assert.Equal("application/json", ContentType);
        return Json;
    }
}
