using System.Globalization;

namespace Media.Client;

/// <content>The catalog, and links to what is in it.</content>
public sealed partial class MediaClient
{
    /// <summary>An <see cref="HttpClient"/> fit for links: no redirects, no decompression, no time-out of its own.</summary>
    public static HttpClient CreateDeliveryClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        AutomaticDecompression = System.Net.DecompressionMethods.None,
        UseCookies = false,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary><c>GET /v1/files</c>: a page of the user's files, or an administrator's of anybody's, newest first.</summary>
    public Task<FilePage> ListFilesAsync(FileQuery? query = null, CancellationToken cancellationToken = default)
    {
        query ??= new FileQuery();
        var parameters = ApiTransport.Query(
            ("name", query.Name), ("type", query.Type), ("user", query.User), ("hash", query.Hash), ("after", query.After), ("limit", query.Limit?.ToString(CultureInfo.InvariantCulture)));
        return _api.SendAsync(HttpMethod.Get, "files" + parameters, null, MediaJson.Default.FilePage, cancellationToken);
    }

    /// <summary><c>GET /v1/files/{id}</c>.</summary>
    public Task<CatalogFile> GetFileAsync(string id, CancellationToken cancellationToken = default) =>
        _api.SendAsync(HttpMethod.Get, FilePath(id), null, MediaJson.Default.CatalogFile, cancellationToken);

    /// <summary><c>DELETE /v1/files/{id}</c>: takes the file out of the catalog. Its content goes when no other file has it.</summary>
    public Task DeleteFileAsync(string id, CancellationToken cancellationToken = default) =>
        _api.SendAsync(HttpMethod.Delete, FilePath(id), cancellationToken);

    /// <summary><c>GET /v1/contents</c>: whether a content is stored.</summary>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="tipHash">Its tip hash.</param>
    /// <param name="pieceHash">Its piece hash; without it the answer is never <c>stored</c>.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task<ContentStatus> LookUpContentAsync(long size, string tipHash, string? pieceHash = null, CancellationToken cancellationToken = default)
    {
        var query = ApiTransport.Query(("size", size.ToString(CultureInfo.InvariantCulture)), ("tipHash", tipHash), ("pieceHash", pieceHash));
        return _api.SendAsync(HttpMethod.Get, "contents" + query, null, MediaJson.Default.ContentStatus, cancellationToken);
    }

    /// <summary><c>POST /v1/links</c>: a link to a file of the catalog.</summary>
    /// <param name="fileId">The file.</param>
    /// <param name="lifetime">How long it is to be good for, in whole seconds.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <exception cref="MediaException"><c>delivery_not_configured</c>: this server signs none.</exception>
    public Task<MediaLink> CreateLinkAsync(string fileId, TimeSpan lifetime, CancellationToken cancellationToken = default) =>
        _api.SendAsync(
            HttpMethod.Post,
            "links",
            ApiTransport.Body(new LinkRequest(fileId, (long)lifetime.TotalSeconds), MediaJson.Default.LinkRequest),
            MediaJson.Default.MediaLink,
            cancellationToken);

    private static string FilePath(string id)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        return "files/" + Uri.EscapeDataString(id);
    }
}
