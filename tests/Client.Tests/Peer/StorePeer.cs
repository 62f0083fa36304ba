using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Media.Client.Tests.Peer;

/// <summary>What a test can do to a part on its way in; true means that the request was answered, or ended, by the test.</summary>
internal delegate Task<bool> StoreFault(HttpContext context, int part, int attempt);

/// <summary>The slice of an S3 store that clients meet: presigned PUTs of parts and whole objects, with expiry, ETags and S3's error bodies.</summary>
internal sealed class StorePeer : IAsyncDisposable
{
    public const string SignedHeader = "x-amz-meta-signed";
    private const string Secret = "the store's own";

    private readonly ConcurrentDictionary<string, ConcurrentDictionary<int, byte[]>> _uploads = new();
    private readonly ConcurrentDictionary<(string, int), int> _attempts = new();
    private readonly Lock _gate = new();
    private int _busy;

    public StorePeer() => Host = new PeerHost(HandleAsync);

    public PeerHost Host { get; }

    public ConcurrentDictionary<string, byte[]> Objects { get; } = new();

    public StoreFault? Fault { get; set; }

    /// <summary>Keeps a request without an answer until its client gives up.</summary>
    public static Task HoldAsync(HttpContext context) =>
        Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);

    /// <summary>Takes the first parts, and holds every later one.</summary>
    public void HoldPartsAfter(int last) => Fault = async (context, part, _) =>
    {
        if (part > last)
            await HoldAsync(context);
        return part > last;
    };

    public int MostAtOnce { get; private set; }

    public int Refused;

    /// <summary>Parts that were taken in, in order, each time.</summary>
    public ConcurrentQueue<int> Taken { get; } = new();

    public string Begin(string key)
    {
        var id = key + "-" + Guid.NewGuid().ToString("N");
        _uploads[id] = new ConcurrentDictionary<int, byte[]>();
        return id;
    }

    public ConcurrentDictionary<int, byte[]>? PartsOf(string uploadId) => _uploads.GetValueOrDefault(uploadId);

    /// <summary>The clock of store and API.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>Nothing is being taken in.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
                return _busy == 0;
        }
    }

    public void Drop(string uploadId) => _uploads.TryRemove(uploadId, out _);

    public void Complete(string uploadId, string key)
    {
        if (_uploads.TryRemove(uploadId, out var parts))
            Objects[key] = [.. parts.OrderBy(part => part.Key).SelectMany(part => part.Value)];
    }

    public string Presign(string key, string? uploadId, int part, DateTimeOffset until)
    {
        var what = string.Create(CultureInfo.InvariantCulture, $"/bucket/{key}?partNumber={part}&uploadId={uploadId}&expires={until.ToUnixTimeMilliseconds()}");
        return Host.Address + what + "&signature=" + Sign(what);
    }

    [SuppressMessage("Security", "CA5351:Do not use broken cryptographic algorithms", Justification = "It is what S3 does.")]
    public static string EtagOf(byte[] bytes) => "\"" + Convert.ToHexStringLower(MD5.HashData(bytes)) + "\"";

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var part = int.Parse(query["partNumber"].ToString(), CultureInfo.InvariantCulture);
        var id = query["uploadId"].ToString();
        var attempt = _attempts.AddOrUpdate((id, part), 1, (_, n) => n + 1);
        lock (_gate)
            MostAtOnce = Math.Max(MostAtOnce, ++_busy);
        try
        {
            if (Fault is { } fault && await fault(context, part, attempt))
                return;
            var raw = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
            var cut = raw.IndexOf("&signature=", StringComparison.Ordinal);
            var until = long.Parse(query["expires"].ToString(), CultureInfo.InvariantCulture);
            if (context.Request.Method != "PUT" || Sign(raw[..cut]) != raw[(cut + 11)..] || context.Request.Headers[SignedHeader] != $"part {part}"
                || context.Request.Headers.ContainsKey("Authorization"))
                await RefuseAsync(context, 403, "SignatureDoesNotMatch");
            else if (until < Time.GetUtcNow().ToUnixTimeMilliseconds())
                await RefuseAsync(context, 403, "AccessDenied");
            else if (context.Request.ContentLength is not { } length)
                await RefuseAsync(context, 411, "MissingContentLength");
            else
                await TakeAsync(context, id, part, length);
        }
        finally
        {
            lock (_gate)
                _busy--;
        }
    }

    private async Task TakeAsync(HttpContext context, string id, int part, long length)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var bytes = body.ToArray();
        if (bytes.Length != length)
            return;
        if (id.Length == 0)
        {
            Objects[context.Request.Path.Value!["/bucket/".Length..]] = bytes;
        }
        else if (_uploads.TryGetValue(id, out var parts))
        {
            parts[part] = bytes;
        }
        else
        {
            await RefuseAsync(context, 404, "NoSuchUpload");
            return;
        }

        Taken.Enqueue(part);
        context.Response.Headers.ETag = EtagOf(bytes);
    }

    public Task RefuseAsync(HttpContext context, int status, string code)
    {
        Interlocked.Increment(ref Refused);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml";
        return context.Response.WriteAsync($"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>of no interest</Message></Error>");
    }

    private static string Sign(string what) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(what)));
}
