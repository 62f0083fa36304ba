using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Media.Client;

/// <summary>Where the server is and who asks.</summary>
public sealed record MediaClientOptions
{
    /// <summary>The server's address, with the path that it is mounted at, if any.</summary>
    public required Uri Server { get; init; }

    /// <summary>An API key or a permission; null only for asking for a permission by password.</summary>
    public string? Key { get; init; }

    /// <summary>How long an answer may take. 60 s unless told.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a store may take to put an object together. 5 min unless told: stores take their time over thousands of parts.</summary>
    public TimeSpan CompletionTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long an event stream may be silent before it is given up. 45 s unless told: the server says something every 15 s.</summary>
    public TimeSpan EventSilence { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>Leaves the key out.</summary>
    public override string ToString() => Server.ToString();
}

/// <summary>
/// The routes of the <c>/v1</c> API, one method each. Nothing is repeated here: a caller that wants to survive an outage repeats a call
/// whose <see cref="MediaException.IsTransient"/> says so; every route can be repeated.
/// </summary>
/// <remarks>All methods throw <see cref="MediaException"/>; a cancelled one throws <see cref="OperationCanceledException"/>.</remarks>
public sealed partial class MediaClient
{
    private readonly ApiTransport _api;
    private readonly MediaClientOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Makes a client over an <see cref="HttpClient"/>, which stays the caller's. Its own time-out should be above those of the options.</summary>
    public MediaClient(HttpClient http, MediaClientOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time ?? TimeProvider.System;
        _api = new ApiTransport(http, options, _time);
    }

    /// <summary>Where the server is.</summary>
    public Uri Server => _options.Server;

    /// <summary>The server's clock, as far as its last answer's <c>Date</c> tells; what an expiry is measured against.</summary>
    public DateTimeOffset ServerTime => _api.ServerTime;

    /// <summary>An <see cref="HttpClient"/> fit for the API: no redirects, no time-out of its own.</summary>
    public static HttpClient CreateHttpClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        AutomaticDecompression = DecompressionMethods.All,
        UseCookies = false,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary><c>POST /v1/permissions</c> with a password, or with the options' API key where <paramref name="password"/> is null.</summary>
    public Task<Permission> CreatePermissionAsync(string? password, CancellationToken cancellationToken = default) =>
        _api.SendAsync(
            HttpMethod.Post,
            "permissions",
            password is null ? null : ApiTransport.Body(new PasswordRequest(password), MediaJson.Default.PasswordRequest),
            MediaJson.Default.Permission,
            cancellationToken,
            anonymous: password is not null);

    /// <summary><c>POST /v1/uploads</c>: creates an upload, or finds the one in progress again.</summary>
    public Task<Upload> CreateUploadAsync(NewUpload request, CancellationToken cancellationToken = default) =>
        _api.SendAsync(HttpMethod.Post, "uploads", ApiTransport.Body(request, MediaJson.Default.NewUpload), MediaJson.Default.Upload, cancellationToken);

    /// <summary><c>POST /v1/uploads:batch</c>: 1 to 1 000 creations, answered in order.</summary>
    public async Task<IReadOnlyList<BatchAnswer>> CreateUploadsAsync(IReadOnlyList<NewUpload> requests, CancellationToken cancellationToken = default)
    {
        var rows = await _api.SendAsync(
            HttpMethod.Post, "uploads:batch", ApiTransport.Body(requests, MediaJson.Default.IReadOnlyListNewUpload), MediaJson.Default.JsonElement, cancellationToken);
        var answers = new List<BatchAnswer>(requests.Count);
        try
        {
            foreach (var row in rows.EnumerateArray())
            {
                answers.Add(row.TryGetProperty("problem", out var problem)
                    ? new BatchAnswer(null, problem.Deserialize(MediaJson.Default.MediaProblem))
                    : new BatchAnswer(row.Deserialize(MediaJson.Default.Upload), null));
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new MediaException(MediaErrors.UnexpectedAnswer, "The server's answer to a batch is not one.", innerException: e);
        }

        return answers;
    }

    /// <summary><c>GET /v1/uploads</c>: a page of the user's uploads, newest first.</summary>
    /// <param name="state">A state's name, <c>active</c> or <c>done</c>; null for all.</param>
    /// <param name="after">The page before's <see cref="UploadPage.Next"/>.</param>
    /// <param name="limit">1 to 1 000.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task<UploadPage> ListUploadsAsync(string? state = null, string? after = null, int? limit = null, CancellationToken cancellationToken = default)
    {
        var query = ApiTransport.Query(("state", state), ("after", after), ("limit", limit?.ToString(CultureInfo.InvariantCulture)));
        return _api.SendAsync(HttpMethod.Get, "uploads" + query, null, MediaJson.Default.UploadPage, cancellationToken);
    }

    /// <summary><c>GET /v1/uploads/{tag}</c>.</summary>
    public Task<Upload> GetUploadAsync(string tag, CancellationToken cancellationToken = default) =>
        _api.SendAsync(HttpMethod.Get, Path(tag), null, MediaJson.Default.Upload, cancellationToken);

    /// <summary><c>POST /v1/uploads/{tag}/urls</c>: where to PUT these parts, at most 1 000.</summary>
    public Task<IReadOnlyList<PartUrl>> GetUrlsAsync(
        string tag, IReadOnlyList<int> parts, string? clientId = null, long? epoch = null, CancellationToken cancellationToken = default) =>
        _api.SendAsync(
            HttpMethod.Post,
            Path(tag, "/urls"),
            ApiTransport.Body(new UrlsRequest(parts, clientId, epoch), MediaJson.Default.UrlsRequest),
            MediaJson.Default.IReadOnlyListPartUrl,
            cancellationToken);

    /// <summary><c>GET /v1/uploads/{tag}/parts</c>: the parts that the store has.</summary>
    public Task<IReadOnlyList<StoredPart>> GetPartsAsync(string tag, CancellationToken cancellationToken = default) =>
        _api.SendAsync(HttpMethod.Get, Path(tag, "/parts"), null, MediaJson.Default.IReadOnlyListStoredPart, cancellationToken);

    /// <summary><c>POST /v1/uploads/{tag}/lease</c>: takes or renews the lease; with <paramref name="takeOver"/> also from another client.</summary>
    public Task<UploadLease> TakeLeaseAsync(string tag, string clientId, bool takeOver = false, CancellationToken cancellationToken = default) =>
        _api.SendAsync(
            HttpMethod.Post,
            Path(tag, "/lease"),
            ApiTransport.Body(new LeaseRequest(clientId, takeOver ? true : null), MediaJson.Default.LeaseRequest),
            MediaJson.Default.UploadLease,
            cancellationToken);

    /// <summary><c>DELETE /v1/uploads/{tag}/lease</c>: gives the lease back.</summary>
    public Task ReleaseLeaseAsync(string tag, string clientId, CancellationToken cancellationToken = default) =>
        _api.SendAsync(HttpMethod.Delete, Path(tag, "/lease") + ApiTransport.Query(("clientId", clientId)), cancellationToken);

    /// <summary><c>POST /v1/uploads/{tag}/challenge</c>: an upload that is a duplicate now, or one to send parts to.</summary>
    /// <param name="tag">The upload.</param>
    /// <param name="digest">The answer; null turns the challenge down.</param>
    /// <param name="clientId">The lease holder, or null to act as the owner by hand.</param>
    /// <param name="epoch">The lease's epoch, where it is to be checked.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task<Upload> AnswerChallengeAsync(
        string tag, string? digest, string? clientId = null, long? epoch = null, CancellationToken cancellationToken = default) =>
        _api.SendAsync(
            HttpMethod.Post,
            Path(tag, "/challenge"),
            ApiTransport.Body(new ChallengeRequest(digest, clientId, epoch), MediaJson.Default.ChallengeRequest),
            MediaJson.Default.Upload,
            cancellationToken);

    /// <summary><c>POST /v1/uploads/{tag}/complete</c>: puts the parts together.</summary>
    /// <param name="tag">The upload.</param>
    /// <param name="parts">Every part's ETag, checked against the store's; null to let the server ask the store alone.</param>
    /// <param name="pieceHash">The file's piece hash, for the server to verify what it finds in the bucket; null where it is not known.</param>
    /// <param name="clientId">The lease holder, or null to act as the owner by hand.</param>
    /// <param name="epoch">The lease's epoch, where it is to be checked.</param>
    /// <param name="cancellationToken">Stops waiting; the server may complete all the same.</param>
    public Task<Upload> CompleteUploadAsync(
        string tag, IReadOnlyList<PartTag>? parts = null, string? pieceHash = null, string? clientId = null, long? epoch = null, CancellationToken cancellationToken = default) =>
        _api.SendAsync(
            HttpMethod.Post,
            Path(tag, "/complete"),
            ApiTransport.Body(new CompleteRequest(parts, pieceHash, clientId, epoch), MediaJson.Default.CompleteRequest),
            MediaJson.Default.Upload,
            cancellationToken,
            slow: true);

    /// <summary><c>DELETE /v1/uploads/{tag}</c>: aborts the upload; again: the same answer.</summary>
    /// <param name="tag">The upload.</param>
    /// <param name="clientId">The lease holder, or null to act as the owner by hand, whoever holds it.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task AbortUploadAsync(string tag, string? clientId = null, CancellationToken cancellationToken = default) =>
        _api.SendAsync(HttpMethod.Delete, Path(tag) + ApiTransport.Query(("clientId", clientId)), cancellationToken);

    /// <summary><c>GET /v1/uploads/{tag}/events</c>: every state change, and how far verification is; ends after a final state, or when the server ends it.</summary>
    /// <param name="tag">The upload.</param>
    /// <param name="lastSequence">Go on after this <see cref="UploadStateEvent.Sequence"/>.</param>
    /// <param name="cancellationToken">Stops listening.</param>
    public async IAsyncEnumerable<UploadEvent> WatchUploadAsync(
        string tag, long? lastSequence = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var response = await _api.OpenEventsAsync(Path(tag, "/events"), lastSequence, cancellationToken);
        await foreach (var news in EventStream.ReadAsync(response, _options.EventSilence, _time, cancellationToken))
            yield return news;
    }

    private static string Path(string tag, string route = "")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(tag);
        return "uploads/" + Uri.EscapeDataString(tag) + route;
    }
}
