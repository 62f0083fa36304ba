using System.Collections.Concurrent;
using System.Net;
using Media.Fuji;

namespace Media.Client.Uploading;

/// <summary>
/// Uploads files: parts in parallel, streamed from disk to the store by presigned URLs, again and again until they are there. An upload
/// that was cut off, by a crash or on purpose, goes on where it was when the same file is uploaded again.
/// </summary>
/// <remarks>One uploader serves many files at once; they share its parallelism.</remarks>
public sealed class Uploader : IDisposable
{
    private const int MostSessions = 3;
    private const int MostTakeovers = 3;

    private readonly MediaClient _client;
    private readonly HttpClient _store;
    private readonly UploaderOptions _options;
    private readonly TimeProvider _time;
    private readonly RetryPolicy _retry;
    private readonly SemaphoreSlim _slots;
    private readonly ConcurrentDictionary<(long Size, string Tip), SemaphoreSlim> _contents = new();

    /// <summary>Makes an uploader.</summary>
    /// <param name="client">The server.</param>
    /// <param name="store">What parts are sent with; never with an <c>Authorization</c> of its own. See <see cref="CreateStoreClient"/>.</param>
    /// <param name="options">How.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Where the pauses' jitter comes from.</param>
    public Uploader(MediaClient client, HttpClient store, UploaderOptions options, TimeProvider? time = null, Random? random = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Parallelism, 1, nameof(options));
        _client = client;
        _store = store;
        _options = options;
        _time = time ?? TimeProvider.System;
        _retry = new RetryPolicy(options, _time, random ?? Random.Shared);
        _slots = new SemaphoreSlim(options.Parallelism);
    }

    /// <summary>An <see cref="HttpClient"/> fit for a store: no redirects, no time-out but the uploader's own.</summary>
    public static HttpClient CreateStoreClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        DefaultRequestVersion = HttpVersion.Version11,
    };

    /// <summary>Uploads a file and completes it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="contentType">Its media type; guessed from the name's extension unless told.</param>
    /// <param name="progress">Told how far it is, from any thread, in order.</param>
    /// <param name="cancellationToken">Stops; what is there stays there to be resumed.</param>
    /// <exception cref="MediaException">It did not work; the server's code, or one of <see cref="MediaErrors"/>.</exception>
    public async Task<UploadOutcome> UploadAsync(
        string path, string? contentType = null, IProgress<UploadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        using var source = await SourceFile.OpenAsync(path, cancellationToken);
        var tip = source.Size == 0 ? null : await FujiHash.TipAsync(source.Handle, cancellationToken: cancellationToken);
        source.ThrowIfChanged();
        var teller = new ProgressTeller(source.Size, progress, _options.ProgressInterval, _time);
        teller.Change(now => now);
        var request = new NewUpload(Path.GetFileName(path), contentType ?? ContentTypes.Of(path), source.Size)
        {
            TipHash = tip,
            PartSize = _options.PartSize,
            ClientId = _options.ClientId,
        };

        // The server would take two files of one size and tip for one upload to resume, and mix their parts.
        var turn = tip is null ? null : _contents.GetOrAdd((source.Size, tip), static _ => new SemaphoreSlim(1));
        if (turn is not null)
            await turn.WaitAsync(cancellationToken);
        try
        {
            return await UploadAsync(source, request, teller, cancellationToken);
        }
        finally
        {
            turn?.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    private async Task<UploadOutcome> UploadAsync(SourceFile source, NewUpload request, ProgressTeller progress, CancellationToken cancellationToken)
    {
        for (var sessions = 1; ; sessions++)
        {
            var upload = await OpenAsync(request, progress, cancellationToken);
            var resumed = upload.Status == "resumed";
            progress.Begin(upload, resumed);
            try
            {
                var stored = await RunAsync(upload, source, progress, cancellationToken);
                progress.Change(now => now with { Phase = UploadPhase.Done, Note = null });
                return new UploadOutcome(stored, resumed, progress.BytesSent);
            }
            catch (MediaException e) when (e.Code == ServerCodes.UploadGone && sessions < MostSessions)
            {
                // Out of the way first, or the next creation resumes what is gone.
                progress.Note("The store lost the upload; it begins anew.");
                await TryAsync(stop => _client.AbortUploadAsync(upload.Tag, _options.ClientId, stop));
            }
        }
    }

    private async Task<Upload> RunAsync(Upload upload, SourceFile source, ProgressTeller progress, CancellationToken cancellationToken)
    {
        await using var lease = new LeaseKeeper(_client, upload.Tag, _options, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
        try
        {
            return await new UploadSession(_client, _store, upload, source, _options, _retry, progress, _slots, _time).RunAsync(stop.Token);
        }
        catch (OperationCanceledException) when (lease.Loss is not null && !cancellationToken.IsCancellationRequested)
        {
            throw lease.Loss;
        }
        catch (Exception e) when (e is OperationCanceledException or MediaException { Code: not (ServerCodes.LeaseLost or ServerCodes.UploadLocked or ServerCodes.UploadGone) })
        {
            // So that the next try does not have to wait for this one's lease.
            await TryAsync(limit => _client.ReleaseLeaseAsync(upload.Tag, _options.ClientId, limit));
            throw;
        }
    }

    private async Task<Upload> OpenAsync(NewUpload request, ProgressTeller progress, CancellationToken cancellationToken)
    {
        var since = _time.GetTimestamp();
        for (var takeovers = 0; ;)
        {
            try
            {
                return await _retry.CallAsync(() => _client.CreateUploadAsync(request, cancellationToken), progress.Note, cancellationToken);
            }
            catch (MediaException e) when (e is { Code: ServerCodes.UploadLocked, Problem: { Tag: { } tag } problem })
            {
                switch (_options.OnLocked(problem))
                {
                    case LockDecision.TakeOver when takeovers++ < MostTakeovers:
                        await TakeOverAsync(tag, progress, cancellationToken);
                        break;
                    case LockDecision.Wait when _time.GetElapsedTime(since) < _options.LockWait:
                        progress.Change(now => now with { Phase = UploadPhase.Waiting, Tag = tag, Note = $"{problem.Holder} holds this upload; waiting for its lease to lapse." });
                        await Task.Delay(_options.LockPoll, _time, cancellationToken);
                        break;
                    default:
                        throw;
                }
            }
        }
    }

    private async Task TakeOverAsync(string tag, ProgressTeller progress, CancellationToken cancellationToken)
    {
        try
        {
            await _retry.CallAsync(() => _client.TakeLeaseAsync(tag, _options.ClientId, takeOver: true, cancellationToken), progress.Note, cancellationToken);
        }
        catch (MediaException e) when (e.Code is ServerCodes.WrongState or ServerCodes.UploadNotFound or ServerCodes.UploadGone)
        {
            // It came to an end meanwhile; the next creation is of a new one.
        }
    }

    // A courtesy to the server that is worth a moment and no failure.
    private static async Task TryAsync(Func<CancellationToken, Task> call)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await call(limit.Token);
        }
        catch (Exception e) when (e is MediaException or OperationCanceledException)
        {
            // It lapses by itself.
        }
    }
}
