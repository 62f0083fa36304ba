using System.Net.Http.Headers;
using System.Security.Cryptography;
using Media.Api.Delivery;
using Media.Api.Tests.Support;
using static Media.Api.Tests.Support.Samples;

namespace Media.Api.Tests.Delivery;

/// <summary>An API that delivers, and what it takes to upload and to ask by link.</summary>
public sealed class DeliveryServer(ApiFixture api) : IAsyncLifetime
{
    public const string Referer = ApiServer.Origin + "/page";
    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(32);
    private ApiServer? server;

    public static string HexSecret => Convert.ToHexString(Secret);

    public ApiServer Server => server!;

    public ApiClient Client => Server.Client;

    public async ValueTask InitializeAsync() => server = await api.StartAnotherAsync(settings: ("Media:Delivery:Secrets:0", HexSecret));

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
    }

    /// <summary>Uploads a file whole, and waits until it is in the catalog.</summary>
    public async Task<FiledUpload> UploadAsync(byte[] bytes, string fileName = "film.mp4", string contentType = "video/mp4")
    {
        var file = await FileAsync(Client, bytes, fileName, contentType);
        return new FiledUpload((string)file["id"]!, file["pieceHash"] is { } hash ? $"/hash/{hash}/" : $"/upload/{file["id"]}/");
    }

    /// <summary>Signs any folder, as whoever has the secret can.</summary>
    public static string Sign(string folder, TimeSpan? lifetime = null) =>
        DeliverySigner.Sign(Secret, folder, TimeProvider.System.GetUtcNow() + (lifetime ?? TimeSpan.FromHours(1)), "LsX2IlDdSRQ5ioFccXBOL");

    /// <summary>A signed address of what is still under its upload's key.</summary>
    public static string LinkOf(string tag, string name = "film.mp4") => $"/media/upload/{tag}/{name}?{Sign($"/upload/{tag}/")}";

    /// <summary>Asks as a page of an allowed origin does.</summary>
    public async Task<HttpResponseMessage> GetAsync(string target, string method = "GET", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), target);
        request.Headers.TryAddWithoutValidation("Referer", Referer);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await Client.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public static string? HeaderOf(HttpResponseMessage response, string name) => Find(response.Headers, name) ?? Find(response.Content.Headers, name);

    private static string? Find(HttpHeaders headers, string name) => headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;
}

/// <summary>A file in the catalog.</summary>
/// <param name="Tag">Its id, and its upload's tag.</param>
/// <param name="Folder">The folder that its object is in, as links have it.</param>
public sealed record FiledUpload(string Tag, string Folder)
{
    /// <summary>A signed address of it.</summary>
    public string Link(string name = "film.mp4") => $"/media{Folder}{name}?{DeliveryServer.Sign(Folder)}";
}
