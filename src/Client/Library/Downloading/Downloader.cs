using Media.Client.Hashing;

namespace Media.Client.Downloading;

/// <summary>
/// Downloads files of the catalog by signed links. What was cut off goes on where it was, also in a later process, and nothing gets the
/// file's name before its hash is the catalog's.
/// </summary>
public sealed class Downloader
{
    private readonly MediaClient _client;
    private readonly HttpClient _delivery;
    private readonly DownloaderOptions _options;
    private readonly TimeProvider _time;
    private readonly RetryPolicy _retry;

    /// <summary>Makes a downloader.</summary>
    /// <param name="client">The server.</param>
    /// <param name="delivery">What links are read with; never with an <c>Authorization</c> of its own. See <see cref="MediaClient.CreateDeliveryClient"/>.</param>
    /// <param name="options">How.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Where the pauses' jitter comes from.</param>
    public Downloader(MediaClient client, HttpClient delivery, DownloaderOptions? options = null, TimeProvider? time = null, Random? random = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(delivery);
        _client = client;
        _delivery = delivery;
        _options = options ?? new DownloaderOptions();
        _time = time ?? TimeProvider.System;
        _retry = new RetryPolicy(_options.RetryLimits, _time, random ?? Random.Shared);
    }

    /// <summary>The file, as the catalog has it.</summary>
    /// <exception cref="MediaException"><see cref="MediaErrors.NotInCatalog"/>: there is only an upload of this tag; the message says how it stands.</exception>
    public async Task<CatalogFile> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _retry.CallAsync(() => _client.GetFileAsync(id, cancellationToken), static _ => { }, cancellationToken);
        }
        catch (MediaException e) when (e.Status == 404)
        {
            var upload = await _retry.CallAsync(() => FindUploadAsync(id, cancellationToken), static _ => { }, cancellationToken);
            throw upload is null ? e : new MediaException(MediaErrors.NotInCatalog, SayWhy(upload), e.Status, e);
        }
    }

    /// <summary>Downloads a file to a place on disk.</summary>
    /// <param name="file">The file, from <see cref="FindAsync"/>.</param>
    /// <param name="target">Where it goes. What is not complete yet is beside it, as <c>TARGET.ID.part</c>.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Stops; what is here stays to be resumed.</param>
    /// <exception cref="MediaException"><see cref="MediaErrors.ContentMismatched"/>: what came is not the file; nothing of it is kept.</exception>
    public async Task<DownloadOutcome> DownloadAsync(
        CatalogFile file, string target, IProgress<DownloadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentException.ThrowIfNullOrEmpty(target);
        if (Path.Exists(target) && !_options.Overwrite)
            throw PartialFile.Exists(target);
        var teller = new DownloadTeller(file.Size, progress, _options.ProgressInterval, _time);
        using var partial = PartialFile.Open(target, file.Id);
        if (partial.Length > file.Size)
            partial.Clear();
        var resumed = partial.Length > 0;
        while (!await FetchAsync(file, partial, teller, cancellationToken))
        {
            // Bytes of an earlier process, which may have lost its last ones to a power cut, are not worth a failure.
            var isAllNew = teller.BytesReceived >= file.Size;
            if (isAllNew)
            {
                partial.Delete();
                throw Mismatched(file);
            }

            partial.Clear();
        }

        partial.Publish(_options.Overwrite);
        teller.Enter(DownloadPhase.Done);
        return new DownloadOutcome(file, target, teller.BytesReceived, resumed, IsVerified(file));
    }

    /// <summary>Downloads a file to a stream. Its hash is known only when all of it is written: a failure says that what was written is not to be used.</summary>
    public async Task<DownloadOutcome> DownloadAsync(
        CatalogFile file, Stream target, IProgress<DownloadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(target);
        var teller = new DownloadTeller(file.Size, progress, _options.ProgressInterval, _time);
        var tally = IsVerified(file) ? new PieceTally(file.Size) : null;
        using var feed = tally?.Feed(0);
        await Reader(file, teller).ReadAsync(
            0,
            async (bytes, stop) =>
            {
                feed?.Append(bytes.Span);
                await WriteAsync(target, bytes, stop);
            },
            cancellationToken);
        if (tally is not null && await tally.FinishAsync(static (_, _, _) => throw new InvalidOperationException("All of it went by."), null, cancellationToken) != file.PieceHash)
            throw Mismatched(file);
        teller.Enter(DownloadPhase.Done);
        return new DownloadOutcome(file, null, teller.BytesReceived, Resumed: false, IsVerified(file));
    }

    /// <returns>Whether what is here now is the file.</returns>
    private async Task<bool> FetchAsync(CatalogFile file, PartialFile partial, DownloadTeller teller, CancellationToken cancellationToken)
    {
        teller.StartFrom(partial.Length);
        var tally = IsVerified(file) ? new PieceTally(file.Size) : null;
        using (var feed = tally?.Feed(partial.Length))
        {
            await Reader(file, teller).ReadAsync(
                partial.Length,
                async (bytes, stop) =>
                {
                    feed?.Append(bytes.Span);
                    await partial.AppendAsync(bytes, stop);
                },
                cancellationToken);
        }

        if (tally is null)
            return true;
        teller.Enter(DownloadPhase.Verifying);
        return await tally.FinishAsync(partial.ReadAsync, null, cancellationToken) == file.PieceHash;
    }

    private LinkReader Reader(CatalogFile file, DownloadTeller teller) => new(_client, _delivery, file, _options, _retry, teller, _time);

    // An empty file has no hash, and its size says it all.
    private bool IsVerified(CatalogFile file) => _options.Verify && file.Size > 0;

    private static async ValueTask WriteAsync(Stream target, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await target.WriteAsync(bytes, cancellationToken);
        }
        catch (IOException e)
        {
            throw new MediaException(MediaErrors.TargetUnwritable, $"What was downloaded can't be written: {e.Message}", innerException: e);
        }
    }

    private async Task<Upload?> FindUploadAsync(string tag, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.GetUploadAsync(tag, cancellationToken);
        }
        catch (MediaException e) when (e.Status == 404)
        {
            return null;
        }
    }

    private static string SayWhy(Upload upload) => upload.State switch
    {
        UploadState.Verified or UploadState.Duplicate => $"The file {upload.Tag} was deleted from the catalog.",
        UploadState.Mismatched => $"Upload {upload.Tag} is not in the catalog: what was stored is not what was promised.",
        UploadState.Stored or UploadState.Verifying => $"Upload {upload.Tag} is still being verified; it comes into the catalog after that.",
        var state => $"Upload {upload.Tag} is not in the catalog: it is {state}.",
    };

    private static MediaException Mismatched(CatalogFile file) =>
        new(MediaErrors.ContentMismatched, $"What came for {file.Id} does not have the catalog's piece hash {file.PieceHash}.");
}
