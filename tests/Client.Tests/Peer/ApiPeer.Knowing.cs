using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Media.Fuji;
using Microsoft.AspNetCore.Http;

namespace Media.Client.Tests.Peer;

/// <content>What the server does about contents: it verifies what was stored, spares what it has, and tells of it.</content>
internal sealed partial class ApiPeer
{
    /// <summary>Stored contents, by piece hash.</summary>
    public ConcurrentDictionary<string, PeerContent> Contents { get; } = new();

    /// <summary>Leaves uploads Stored until the test calls <see cref="Verify"/>.</summary>
    public bool HoldVerification { get; set; }

    public TimeSpan ChallengeLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>A content that somebody else has uploaded.</summary>
    public void AddContent(byte[] bytes)
    {
        var hashes = HashesOf(bytes)!;
        Contents[hashes.PieceHash] = new PeerContent(hashes, bytes);
    }

    public static FujiHashes? HashesOf(byte[] bytes) =>
        bytes.Length == 0 ? null : FujiHash.StreamAsync(new MemoryStream(bytes), bytes.Length).GetAwaiter().GetResult();

    /// <summary>Reads what was stored and says what it is.</summary>
    public void Verify(PeerUpload upload)
    {
        lock (_gate)
            VerifyLocked(upload);
    }

    private void VerifyLocked(PeerUpload upload)
    {
        if (upload.State == "Stored")
            upload.State = "Verifying";
        var bytes = _store.Objects[upload.Key];
        upload.Actual = HashesOf(bytes);
        if ((upload.TipHash ?? upload.Actual?.TipHash) != upload.Actual?.TipHash || (upload.PieceHash ?? upload.Actual?.PieceHash) != upload.Actual?.PieceHash)
        {
            upload.Reason = "The stored bytes do not have the piece hash that was announced.";
            upload.State = "Mismatched";
            return;
        }

        var duplicate = upload.Actual is { } actual && !Contents.TryAdd(actual.PieceHash, new PeerContent(actual, bytes));
        File(upload, bytes, duplicate);
        upload.State = duplicate ? "Duplicate" : "Verified";
    }

    private void File(PeerUpload upload, byte[] bytes, bool duplicate) =>
        Files[upload.Tag] = new PeerFile(upload.Tag, upload.FileName, upload.ContentType, upload.Actual, bytes, duplicate);

    // Spares an upload of what the user has; of what another has, after a challenge.
    private void Know(PeerUpload upload)
    {
        if (upload is not { PieceHash: { } hash, IsActive: true, ChallengeSpent: false } || !Contents.TryGetValue(hash, out var content))
            return;
        if (Files.Values.Any(file => file.Hashes?.PieceHash == hash))
        {
            Spare(upload, content);
        }
        else if (upload.Challenge is null || upload.Challenge.Until <= Now)
        {
            var size = content.Hashes.Size;
            var nonce = RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 52);
            upload.Challenge = new PeerChallenge(nonce, [(0, Math.Min(10, size)), (size / 2, Math.Min(size, size / 2 + 100_000)), (size - 1, size)], Now + ChallengeLifetime);
        }
    }

    private void Spare(PeerUpload upload, PeerContent content)
    {
        upload.Actual = content.Hashes;
        upload.Challenge = null;
        upload.Until = default;
        File(upload, content.Bytes, duplicate: true);
        upload.State = "Duplicate";
        if (upload.UploadId is { } id)
            _store.Drop(id);
    }

    private (int, object?) AnswerChallenge(PeerUpload upload, string? digest)
    {
        if (upload.State == "Duplicate")
            return (200, Answer(upload, "duplicate"));
        if (!upload.IsActive)
            return (409, Problem(409, "wrong_state"));
        if (upload.Challenge is { } challenge && Contents.TryGetValue(upload.PieceHash!, out var content))
        {
            byte[] wanted = [.. Encoding.ASCII.GetBytes(challenge.Nonce), .. challenge.Ranges.SelectMany(range => content.Bytes[(int)range.Start..(int)range.End])];
            if (challenge.Until > Now && digest == Base32.Encode(SHA256.HashData(wanted)))
            {
                Spare(upload, content);
                return (200, Answer(upload, "duplicate"));
            }

            upload.ChallengeSpent = true;
            upload.Challenge = null;
        }

        return (201, Answer(upload, "created"));
    }

    private async Task StreamAsync(HttpContext context, PeerUpload upload)
    {
        context.Response.ContentType = "text/event-stream";
        var sent = int.TryParse(context.Request.Headers["Last-Event-ID"].ToString(), out var last) ? last : 0;
        long verified = 0;
        await context.Response.StartAsync(context.RequestAborted);
        while (!context.RequestAborted.IsCancellationRequested)
        {
            string[] history;
            lock (_gate)
                history = ["Created", "Uploading", .. upload.History];
            for (; sent < history.Length; sent++)
            {
                var data = JsonSerializer.Serialize(new { tag = upload.Tag, state = history[sent], at = Now, sequence = sent + 1 }, JsonSerializerOptions.Web);
                await context.Response.WriteAsync($"event: state\nid: {sent + 1}\ndata: {data}\n\n", context.RequestAborted);
            }

            if (upload.Verified > verified)
            {
                verified = upload.Verified;
                var data = JsonSerializer.Serialize(new { tag = upload.Tag, verified, size = upload.Size }, JsonSerializerOptions.Web);
                await context.Response.WriteAsync($"event: progress\ndata: {data}\n\n", context.RequestAborted);
            }

            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (history[^1] is "Verified" or "Duplicate" or "Mismatched" or "Aborted" or "Failed")
                return;
            await Task.Delay(10, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }
}
