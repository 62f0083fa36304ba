using System.Collections.Concurrent;
using System.Net;
using Media.Client.Hashing;
using Media.Fuji;

namespace Media.Client.Uploading;

/// <summary>
/// Uploads files: parts in parallel, streamed from disk to the store by presigned URLs and hashed as they go, again and again until they are
/// there; then waits until the server has verified them. An upload that was cut off, by a crash or on purpose, goes on where it was when the
/// same file is uploaded again. A file whose content is stored already is not sent: the server is shown that this client has it.
/// </summary>
/// <remarks>One uploader serves many files at once; they share its parallelism.</remarks>
public sealed class Uploader : IDisposable
{
    private const int MostSessions = 3;

    private readonly MediaClient _client;
    private readonly HttpClient _store;
    private readonly UploaderOptions _options;
    private readonly TimeProvider _time;
    private readonly RetryPolicy _retry;
    private readonly SessionOpener _opener;
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
        _retry = new RetryPolicy(options.RetryLimits, _time, random ?? Random.Shared);
        _opener = new SessionOpener(client, options, _retry, _time);
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

    /// <summary>Uploads a file, completes it, and waits until it is verified, where the options say so.</summary>
    /// <param name="path">The file.</param>
    /// <param name="contentType">Its media type; guessed from the name's extension unless told.</param>
    /// <param name="progress">Told how far it is, from any thread, in order.</param>
    /// <param name="cancellationToken">Stops; what is there stays there to be resumed.</param>
    /// <exception cref="MediaException">It did not work; the server's code, or one of <see cref="MediaErrors"/>.</exception>
    public Task<UploadOutcome> UploadAsync(
        string path, string? contentType = null, IProgress<UploadProgress>? progress = null, CancellationToken cancellationToken = default) =>
        UploadAsync(path, contentType, null, progress, cancellationToken);

    /// <summary>
    /// The same for an upload that <see cref="MediaClient.CreateUploadsAsync"/> or <see cref="MediaClient.CreateUploadAsync"/> has opened already,
    /// whatever its status: a challenge is answered, a possible duplicate looked into.
    /// </summary>
    /// <param name="path">The file, whose size and tip hash the upload was opened with.</param>
    /// <param name="opened">The upload, as it was opened with the options' client id.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Stops.</param>
    public Task<UploadOutcome> UploadOpenedAsync(
        string path, Upload opened, IProgress<UploadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(opened);
        return UploadAsync(path, opened.ContentType, opened, progress, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    private async Task<UploadOutcome> UploadAsync(
        string path, string? contentType, Upload? opened, IProgress<UploadProgress>? progress, CancellationToken cancellationToken)
    {
        using var source = await SourceFile.OpenAsync(path, cancellationToken);
        var request = await LocalFiles.DescribeAsync(source, contentType, cancellationToken) with { PartSize = _options.PartSize, ClientId = _options.ClientId };
        if (opened is not null && (opened.Size != source.Size || (opened.TipHash is { } told && told != request.TipHash)))
            throw new MediaException(MediaErrors.SourceChanged, $"{path} is not the file that the upload was opened for.");
        var teller = new ProgressTeller(source.Size, progress, _options.ProgressInterval, _time);
        teller.Change(now => now);

        // The server would take two files of one size and tip for one upload to resume, and mix their parts. The second of two equal ones
        // waits for the first to be verified, and then need not be sent.
        var turn = request.TipHash is { } tip ? _contents.GetOrAdd((source.Size, tip), static _ => new SemaphoreSlim(1)) : null;
        if (turn is not null)
            await turn.WaitAsync(cancellationToken);
        try
        {
            var outcome = await UploadAsync(source, request, opened, teller, cancellationToken);
            teller.Change(now => now with { Phase = UploadPhase.Done, Note = null });
            return outcome;
        }
        finally
        {
            turn?.Release();
        }
    }

    private async Task<UploadOutcome> UploadAsync(
        SourceFile source, NewUpload request, Upload? opened, ProgressTeller progress, CancellationToken cancellationToken)
    {
        var tally = source.Size == 0 ? null : new PieceTally(source.Size);
        var (upload, resumed) = await StoreAsync(source, request, tally, opened, progress, cancellationToken);
        // Another client may have ended it before this one had read the whole file.
        var hash = tally is null ? null : await source.FinishAsync(tally, progress, cancellationToken);
        if (_options.WaitForVerification && !upload.State.IsFinal())
            upload = await new VerificationWait(_client, _options, _retry, progress, _time).RunAsync(upload, cancellationToken);

        var (status, reason) = StatusOf(upload, hash);
        var outcome = new UploadOutcome(upload, status, resumed, progress.BytesSent) { TipHash = request.TipHash, PieceHash = hash, Reason = reason };
        return _options.LinkLifetime is { } lifetime && outcome.FileId is { } file ? await LinkAsync(outcome, file, lifetime, progress, cancellationToken) : outcome;
    }

    private async Task<(Upload Upload, bool Resumed)> StoreAsync(
        SourceFile source, NewUpload request, PieceTally? tally, Upload? opened, ProgressTeller progress, CancellationToken cancellationToken)
    {
        for (var sessions = 1; ; sessions++)
        {
            var (upload, resumed) = await _opener.OpenAsync(request, source, tally, opened, progress, cancellationToken);
            opened = null;
            if (upload.State.IsDone())
                return (upload, resumed);
            try
            {
                var session = new UploadSession(_client, _store, upload, source, tally, _options, _retry, progress, _slots, _time);
                return (await LeaseKeeper.WorkAsync(_client, upload.Tag, _options, _time, session.RunAsync, cancellationToken), resumed);
            }
            catch (MediaException e) when (e.Code == ServerCodes.UploadGone && sessions < MostSessions)
            {
                // Out of the way first, or the next creation resumes what is gone.
                progress.Note("The store lost the upload; it begins anew.");
                await Courtesy.TryAsync(stop => _client.AbortUploadAsync(upload.Tag, _options.ClientId, stop), _options.CourtesyLimit);
            }
            catch (MediaException e) when (e.Code == ServerCodes.HashConflict && tally?.Hash is not null && sessions < MostSessions)
            {
                // What was resumed is of a file that differs in its middle. Told the piece hash, the server opens this one's own.
                progress.Note("The upload that was begun is of another file of this size; it begins anew.");
            }
        }
    }

    /// <summary>Nothing is believed because the server says so, either: what it found has to be this file.</summary>
    private static (UploadStatus Status, string? Reason) StatusOf(Upload upload, string? hash)
    {
        var other = upload.Actual is { } actual && actual.PieceHash != hash;
        return upload.State switch
        {
            UploadState.Mismatched => (UploadStatus.Mismatched, upload.Reason ?? "The stored bytes are not the ones that were promised."),
            UploadState.Verified or UploadState.Duplicate when other =>
                (UploadStatus.Mismatched, "Another client has completed this upload with a file that differs from this one."),
            UploadState.Verified => (UploadStatus.Verified, null),
            UploadState.Duplicate => (UploadStatus.Duplicate, null),
            UploadState.Stored or UploadState.Verifying => (UploadStatus.Stored, null),
            UploadState.Failed => throw new MediaException(MediaErrors.UploadFailed, upload.Reason ?? "The server could not keep the file."),
            var state => throw new MediaException(MediaErrors.UnexpectedAnswer, $"The upload is {state}, which does not follow from being stored."),
        };
    }

    private async Task<UploadOutcome> LinkAsync(
        UploadOutcome outcome, string file, TimeSpan lifetime, ProgressTeller progress, CancellationToken cancellationToken)
    {
        try
        {
            return outcome with { Link = await _retry.CallAsync(() => _client.CreateLinkAsync(file, lifetime, cancellationToken), progress.Note, cancellationToken) };
        }
        catch (MediaException e)
        {
            // The file is there all the same.
            return outcome with { LinkFailure = e };
        }
    }
}
