using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Media.Client.Tests.Peer;

/// <summary>What a test can do to a request, before it is dealt with; true means that the test answered, or ended, it.</summary>
internal delegate Task<bool> ApiFault(HttpContext context, string route, int attempt);

/// <summary>
/// The documented <c>/v1</c> upload routes over a <see cref="StorePeer"/>, in memory. Only part sizes are smaller than the real
/// server's, and URLs and leases shorter, so that tests are quick.
/// </summary>
internal sealed partial class ApiPeer : IAsyncDisposable
{
    public const string Key = "key-of-the-tests";

    private readonly StorePeer _store;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, int> _attempts = new();

    public ApiPeer(StorePeer store)
    {
        _store = store;
        Host = new PeerHost(HandleAsync);
    }

    public PeerHost Host { get; }

    public ConcurrentDictionary<string, PeerUpload> Uploads { get; } = new();

    public long PartSize { get; set; } = 64 * 1024;

    public TimeSpan UrlLifetime { get; set; } = TimeSpan.FromMinutes(10);

    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(60);

    public int FirstUrls { get; set; } = 32;

    public ApiFault? Fault { get; set; }

    /// <summary>A request was dealt with; true cuts the line instead of answering.</summary>
    public Func<string, int, bool>? LoseAnswer { get; set; }

    public int Calls(string route) => _attempts.GetValueOrDefault(route);

    public PeerUpload Only => Uploads.Values.Single();

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    private DateTimeOffset Now => _store.Time.GetUtcNow();

    private async Task HandleAsync(HttpContext context)
    {
        context.Response.Headers.Date = Now.ToString("R");
        var path = context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var route = context.Request.Method + " " + RouteOf(path);
        var attempt = _attempts.AddOrUpdate(route, 1, (_, n) => n + 1);
        if (Fault is { } fault && await fault(context, route, attempt))
            return;
        if (path[0] == "media")
        {
            await DeliverAsync(context, path);
            return;
        }

        if (route == "GET {tag}/events" && Uploads.TryGetValue(path[2], out var watched))
        {
            await StreamAsync(context, watched);
            return;
        }

        var (status, answer) = await AnswerAsync(context, path, route);
        if (LoseAnswer?.Invoke(route, attempt) == true)
        {
            context.Abort();
            return;
        }

        await WriteAsync(context, status, answer);
    }

    private static string RouteOf(string[] path) => path switch
    {
        ["media", ..] => "media",
        ["v1", "files", _] => "files/{id}",
        ["v1", "uploads", _, .. var rest] => string.Join('/', rest.Prepend("{tag}")),
        _ => string.Join('/', path[1..]),
    };

    public static async Task WriteAsync(HttpContext context, int status, object? answer)
    {
        context.Response.StatusCode = status;
        if (answer is null)
            return;
        context.Response.ContentType = status < 400 ? "application/json" : "application/problem+json";
        await context.Response.WriteAsync(JsonSerializer.Serialize(answer, JsonSerializerOptions.Web));
    }

    public static object Problem(int status, string code) => new { status, code, title = code, detail = $"It is {code}." };

    private async Task<(int Status, object? Answer)> AnswerAsync(HttpContext context, string[] path, string route)
    {
        var key = context.Request.Headers.Authorization.ToString();
        if (key.Length == 0)
            return (401, Problem(401, "permission_missing"));
        if (key != "Bearer " + Key)
            return (401, Problem(401, "permission_invalid"));

        var body = default(JsonElement);
        if (context.Request.ContentLength > 0)
            body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        string? Text(string name) => body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) ? value.GetString() : null;
        var clientId = Text("clientId") ?? (context.Request.Query["clientId"].ToString() is { Length: > 0 } given ? given : null);

        lock (_gate)
        {
            if (route == "POST uploads")
                return Create(body, Text("fileName")!, Text("contentType")!, Text("tipHash"), Text("pieceHash"), clientId!);
            if (route == "POST uploads:batch")
                return (200, Batch(body));
            if (AnswerCatalog(route, path, context.Request.Query, body) is { } catalogued)
                return catalogued;
            if (route == "GET uploads")
                return (200, List(context.Request.Query));
            if (path.Length < 3 || !Uploads.TryGetValue(path[2], out var upload))
                return (404, Problem(404, "upload_not_found"));
            if (route == "POST {tag}/lease")
            {
                var takeOver = body.TryGetProperty("takeOver", out var wish) && wish.GetBoolean();
                return Hold(upload, clientId!, takeOver) ?? (200, upload.LeaseAnswer);
            }

            if (route == "DELETE {tag}/lease")
            {
                if (upload.Holder == clientId)
                    upload.Until = default;
                return (204, null);
            }

            if (route is "GET {tag}")
                return (200, Answer(upload, null));
            if (route == "GET {tag}/parts")
                return (200, PartsOf(upload));
            if (clientId is not null && Hold(upload, clientId, takeOver: false) is { } locked)
                return locked;
            return route switch
            {
                "POST {tag}/urls" => Urls(upload, body),
                "POST {tag}/complete" => Complete(upload, body, Text("pieceHash")),
                "POST {tag}/challenge" => AnswerChallenge(upload, Text("digest")),
                "DELETE {tag}" => Abort(upload),
                _ => (404, Problem(404, "not_found")),
            };
        }
    }

    private List<object?> Batch(JsonElement rows) => [.. rows.EnumerateArray().Select(row =>
    {
        string? Text(string name) => row.TryGetProperty(name, out var value) ? value.GetString() : null;
        var (status, answer) = Create(row, Text("fileName")!, Text("contentType")!, Text("tipHash"), Text("pieceHash"), Text("clientId")!);
        return status < 400 ? answer : new { status = "failed", problem = answer };
    })];

    private (int, object?) Create(JsonElement body, string fileName, string contentType, string? tipHash, string? pieceHash, string clientId)
    {
        var size = body.GetProperty("size").GetInt64();
        if (fileName.Contains('/') || clientId.Length is 0 or > 128 || clientId.AsSpan().ContainsAnyExceptInRange('!', '~') || (size > 0 && tipHash?.Length != 52))
            return (400, Problem(400, "invalid_request"));
        if (contentType == "text/forbidden")
            return (403, Problem(403, "content_type_not_allowed"));
        var upload = Uploads.Values.FirstOrDefault(u =>
            tipHash is not null && u.TipHash == tipHash && u.Size == size && u.IsActive && (pieceHash is null || u.PieceHash is null || u.PieceHash == pieceHash));
        var status = upload is null ? "created" : "resumed";
        if (upload is null)
        {
            var tag = RandomNumberGenerator.GetString("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 21);
            upload = new PeerUpload
            {
                Tag = tag, FileName = fileName, ContentType = contentType, Size = size, TipHash = tipHash, CreatedAt = Now,
                PartSize = size == 0 ? 0 : body.TryGetProperty("partSize", out var wish) ? wish.GetInt64() : PartSize,
                UploadId = size == 0 ? null : _store.Begin("upload/" + tag),
            };
            Uploads[tag] = upload;
        }

        if (Hold(upload, clientId, takeOver: false) is { } locked)
            return locked;
        upload.PieceHash ??= pieceHash;
        Know(upload);
        return (status == "created" ? 201 : 200, Answer(upload, upload.State == "Duplicate" ? "duplicate" : upload.Challenge is not null ? "challenge" : status));
    }

    // Null: the client holds the upload now.
    private (int, object?)? Hold(PeerUpload upload, string clientId, bool takeOver)
    {
        var held = upload.Holder is not null && upload.Until > Now;
        if (upload.Holder != clientId && !takeOver && (held || upload.Displaced.Contains(clientId)))
        {
            var code = upload.Displaced.Contains(clientId) ? "lease_lost" : "upload_locked";
            var status = code == "lease_lost" ? 409 : 423;
            upload.Refusals++;
            return (status, new
            {
                status, code, title = code, detail = $"It is {code}.", holder = upload.Holder, heldSince = upload.HeldSince, until = upload.Until, tag = upload.Tag,
            });
        }

        if (upload.Holder != clientId)
        {
            if (held)
                upload.Displaced.Add(upload.Holder!);
            upload.Displaced.Remove(clientId);
            (upload.Holder, upload.HeldSince, upload.Epoch) = (clientId, Now, upload.Epoch + 1);
        }

        upload.Until = Now + LeaseDuration;
        upload.Renewals++;
        return null;
    }

    private (int, object?) Urls(PeerUpload upload, JsonElement body)
    {
        if (!upload.IsActive)
            return (409, Problem(409, "wrong_state"));
        if (upload.UploadId is { } id && _store.PartsOf(id) is null)
            return (409, Problem(409, "upload_gone"));
        var parts = body.GetProperty("parts").EnumerateArray().Select(part => part.GetInt32()).ToList();
        if (parts.Count is 0 or > 1000 || parts.Exists(part => part < 1 || part > upload.PartCount))
            return (400, Problem(400, "invalid_part"));
        return (200, parts.Select(part => UrlOf(upload, part)).ToList());
    }

    private (int, object?) Complete(PeerUpload upload, JsonElement body, string? pieceHash)
    {
        if (upload.IsStored)
            return (200, Answer(upload, null));
        if (!upload.IsActive)
            return (409, Problem(409, "wrong_state"));
        if (pieceHash is not null && upload.PieceHash is not null && pieceHash != upload.PieceHash)
            return (409, Problem(409, "hash_conflict"));
        upload.PieceHash ??= pieceHash;
        if (upload.UploadId is { } id)
        {
            if (_store.PartsOf(id) is not { } there)
                return (409, Problem(409, "upload_gone"));
            var missing = Enumerable.Range(1, upload.PartCount).Where(part => !there.TryGetValue(part, out var bytes) || bytes.Length != upload.LengthOf(part)).ToList();
            if (missing.Count > 0)
                return (409, new { status = 409, code = "parts_missing", title = "Parts are missing", missing });
            if (body.ValueKind == JsonValueKind.Object && body.TryGetProperty("parts", out var told) && told.ValueKind == JsonValueKind.Array)
            {
                var changed = told.EnumerateArray().Where(part => StorePeer.EtagOf(there[part.GetProperty("part").GetInt32()]) != part.GetProperty("etag").GetString())
                    .Select(part => part.GetProperty("part").GetInt32()).ToList();
                if (changed.Count > 0)
                    return (409, new { status = 409, code = "part_changed", title = "Parts have changed", changed });
            }

            _store.Complete(id, upload.Key);
        }
        else if (!_store.Objects.ContainsKey(upload.Key))
        {
            return (409, new { status = 409, code = "parts_missing", title = "Parts are missing", missing = new[] { 1 } });
        }

        upload.State = "Stored";
        var answer = Answer(upload, null);
        if (!HoldVerification)
            Verify(upload);
        return (200, answer);
    }

    private (int, object?) Abort(PeerUpload upload)
    {
        if (upload.IsStored)
            return (409, Problem(409, "wrong_state"));
        upload.State = "Aborted";
        if (upload.UploadId is { } id)
            _store.Drop(id);
        return (204, null);
    }

    private object List(IQueryCollection query)
    {
        var all = Uploads.Values.Where(upload => query["state"].ToString() switch
        {
            "" => true,
            "active" => upload.IsActive,
            "done" => upload.IsStored,
            var state => upload.State == state,
        }).OrderByDescending(upload => upload.CreatedAt).ToList();
        var skip = int.TryParse(query["after"], out var after) ? after : 0;
        var limit = int.TryParse(query["limit"], out var most) ? most : 100;
        return new { uploads = all.Skip(skip).Take(limit).Select(upload => Answer(upload, null)).ToList(), next = skip + limit < all.Count ? $"{skip + limit}" : null };
    }

    private List<object> PartsOf(PeerUpload upload) => upload.UploadId is { } id && _store.PartsOf(id) is { } parts
        ? [.. parts.Where(part => part.Value.Length == upload.LengthOf(part.Key)).OrderBy(part => part.Key)
            .Select(part => new { part = part.Key, size = part.Value.Length, etag = StorePeer.EtagOf(part.Value) })]
        : [];

    private object UrlOf(PeerUpload upload, int part)
    {
        var until = Now + UrlLifetime;
        return new
        {
            part, url = _store.Presign(upload.Key, upload.UploadId, part, until), expiresAt = until,
            headers = new Dictionary<string, string> { [StorePeer.SignedHeader] = $"part {part}" },
        };
    }

    private Dictionary<string, object?> Answer(PeerUpload upload, string? status)
    {
        var answer = new Dictionary<string, object?>
        {
            ["tag"] = upload.Tag, ["state"] = upload.State, ["fileName"] = upload.FileName, ["originalFileName"] = upload.FileName,
            ["contentType"] = upload.ContentType, ["size"] = upload.Size, ["tipHash"] = upload.TipHash ?? upload.Actual?.TipHash, ["pieceHash"] = upload.PieceHash ?? upload.Actual?.PieceHash, ["key"] = upload.Key,
            ["uploadId"] = upload.UploadId, ["createdAt"] = upload.CreatedAt, ["expiresAt"] = upload.CreatedAt.AddDays(1),
            ["plan"] = new { strategy = upload.UploadId is null ? "single" : "multipart", partSize = upload.PartSize, partCount = upload.PartCount },
            ["lease"] = upload.Until > Now ? upload.LeaseAnswer : null, ["etag"] = upload.IsStored ? "\"whole\"" : null, ["versionId"] = null,
            ["actual"] = upload.Actual is { } actual ? new { tipHash = actual.TipHash, pieceHash = actual.PieceHash, detectedType = (string?)null } : null,
            ["fileId"] = upload.State is "Verified" or "Duplicate" ? upload.Tag : null, ["reason"] = upload.Reason,
        };
        if (status is null)
            return answer;
        var parts = upload.UploadId is { } id ? _store.PartsOf(id) : null;
        answer["status"] = status;
        answer["parts"] = PartsOf(upload);
        if (upload.PieceHash is null && Contents.Values.Any(content => content.Hashes.Size == upload.Size && content.Hashes.TipHash == upload.TipHash))
            answer["possibleDuplicate"] = true;
        if (upload.Challenge is { } challenge)
        {
            answer["challenge"] = new
            {
                nonce = challenge.Nonce, expiresAt = challenge.Until, ranges = challenge.Ranges.Select(range => new { start = range.Start, end = range.End }).ToList(),
            };
            answer["urls"] = Array.Empty<object>();
            return answer;
        }

        answer["urls"] = Enumerable.Range(1, upload.PartCount).Where(part => parts?.ContainsKey(part) != true).Take(FirstUrls).Select(part => UrlOf(upload, part)).ToList();
        return answer;
    }
}
