using System.Collections.Concurrent;
using Media.Client.Hashing;

namespace Media.Client.Uploading;

/// <summary>Brings one upload, created or resumed, to its end: its parts into the store, then the parts together.</summary>
internal sealed class UploadSession
{
    private const int MostRounds = 6;

    private readonly MediaClient _client;
    private readonly Upload _upload;
    private readonly SourceFile _source;
    private readonly PieceTally? _tally;
    private readonly UploaderOptions _options;
    private readonly RetryPolicy _retry;
    private readonly ProgressTeller _progress;
    private readonly SemaphoreSlim _slots;
    private readonly PartQueue _queue;
    private readonly PartSender _sender;
    private readonly ConcurrentDictionary<int, StoredPart> _there = new();
    private readonly ConcurrentDictionary<int, string?> _etags = new();

    public UploadSession(
        MediaClient client, HttpClient store, Upload upload, SourceFile source, PieceTally? tally, UploaderOptions options, RetryPolicy retry, ProgressTeller progress, SemaphoreSlim slots, TimeProvider time)
    {
        _client = client;
        _upload = upload;
        _source = source;
        _tally = tally;
        _options = options;
        _retry = retry;
        _progress = progress;
        _slots = slots;
        _queue = new PartQueue(upload, source.Size);
        var urls = new PartUrls(client, upload, _queue, options, retry, progress.Note, time);
        urls.Add(upload.Urls);
        _sender = new PartSender(store, source, tally, _queue, urls, options, retry, progress, time);
        foreach (var part in upload.Parts ?? [])
        {
            if (part.Part >= 1 && part.Part <= _queue.Count && part.Size == _queue.RangeOf(part.Part).Length)
                _there[part.Part] = part;
        }
    }

    /// <returns>The stored upload.</returns>
    /// <exception cref="MediaException"><c>upload_gone</c>: the session is past saving, and the file needs a new one.</exception>
    public async Task<Upload> RunAsync(CancellationToken cancellationToken)
    {
        // Somebody, perhaps this very client before it was killed, was putting the parts together already.
        var transfer = _upload.State != UploadState.Completing;
        for (var round = 1; ; round++)
        {
            try
            {
                if (transfer)
                    await TransferAsync(cancellationToken);
                return await CompleteAsync(transfer, cancellationToken);
            }
            catch (MediaException e) when (round < MostRounds && (e.Problem?.Missing ?? e.Problem?.Changed) is { Count: > 0 } again && e.Code is ServerCodes.PartsMissing or ServerCodes.PartChanged)
            {
                SendAgain(again);
                transfer = true;
            }
            catch (MediaException e) when (e.Code is ServerCodes.WrongState or ServerCodes.UploadGone or ServerCodes.UploadNotFound)
            {
                // Another client may have finished it; or a lost answer was a good one.
                if (await SettleAsync(e, cancellationToken) is { } done)
                    return done;
                if (round == MostRounds)
                    throw;
                transfer = false;
            }
        }
    }

    private void SendAgain(IReadOnlyList<int> parts)
    {
        _queue.PutBack(parts);
        foreach (var part in parts)
        {
            var wasThere = _there.TryRemove(part, out _);
            if (!_etags.TryRemove(part, out _))
                continue;
            if (wasThere)
                _progress.AlreadyThere(-_queue.RangeOf(part).Length);
            else
                _progress.Sent(-_queue.RangeOf(part).Length);
        }
    }

    private async Task TransferAsync(CancellationToken cancellationToken)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var workers = new Task[Math.Min(_queue.Count, Math.Max(1, _options.Parallelism))];
        for (var i = 0; i < workers.Length; i++)
            workers[i] = WorkAsync(failed);
        // WhenAll would tell a worker's cancellation where another's failure caused it; the failure is what counts.
        try
        {
            await Task.WhenAll(workers);
        }
        catch (Exception) when (Array.Find(workers, worker => worker.IsFaulted) is { } first)
        {
            await first;
        }
    }

    private async Task WorkAsync(CancellationTokenSource failed)
    {
        var stop = failed.Token;
        try
        {
            while (true)
            {
                await _slots.WaitAsync(stop);
                try
                {
                    if (_queue.TryTake() is not { } part)
                        return;
                    await DealWithAsync(part, stop);
                }
                finally
                {
                    _slots.Release();
                }
            }
        }
        catch
        {
            await failed.CancelAsync();
            throw;
        }
    }

    private async Task DealWithAsync(int part, CancellationToken cancellationToken)
    {
        if (_there.TryGetValue(part, out var there))
        {
            _source.ThrowIfChanged();
            var (offset, length) = _queue.RangeOf(part);
            if (!_options.CheckResumedParts || await PartCheck.MatchesAsync(_source, _tally, offset, length, there.Etag, cancellationToken))
            {
                _progress.AlreadyThere(length);
                _etags[part] = there.Etag;
                return;
            }

            _there.TryRemove(part, out _);
        }

        _etags[part] = await _sender.SendAsync(part, cancellationToken);
    }

    private async Task<Upload> CompleteAsync(bool sent, CancellationToken cancellationToken)
    {
        // Nearly always known by now: only what went by in pieces that were cut up is read once more.
        var hash = _tally is null ? null : await _source.FinishAsync(_tally, _progress, cancellationToken);
        _source.ThrowIfChanged();
        _progress.Change(now => now with { Phase = UploadPhase.Completing, Note = null });
        var parts = sent ? PartTags() : null;
        try
        {
            return await CompleteAsync(parts, hash, cancellationToken);
        }
        catch (MediaException e) when (e.Code == ServerCodes.BodyTooLarge && parts is not null)
        {
            return await CompleteAsync(null, hash, cancellationToken);
        }
        finally
        {
            _progress.Change(now => now with { Phase = UploadPhase.Uploading });
        }
    }

    private Task<Upload> CompleteAsync(IReadOnlyList<PartTag>? parts, string? hash, CancellationToken cancellationToken) => _retry.CallAsync(
        () => _client.CompleteUploadAsync(_upload.Tag, parts, hash, _options.ClientId, cancellationToken: cancellationToken), _progress.Note, cancellationToken);

    // With its ETags a completion also notices a part that another client wrote over; some stores give none.
    private List<PartTag>? PartTags()
    {
        if (_upload.Plan.Strategy != PartStrategy.Multipart || _etags.Count != _queue.Count)
            return null;
        var parts = new List<PartTag>(_queue.Count);
        for (var part = 1; part <= _queue.Count; part++)
        {
            if (_etags[part] is not { } etag)
                return null;
            parts.Add(new PartTag(part, etag));
        }

        return parts;
    }

    private async Task<Upload?> SettleAsync(MediaException failure, CancellationToken cancellationToken)
    {
        if (failure.Code == ServerCodes.UploadNotFound)
            throw new MediaException(ServerCodes.UploadGone, failure.Message, failure.Status, failure);
        var now = await _retry.CallAsync(() => _client.GetUploadAsync(_upload.Tag, cancellationToken), _progress.Note, cancellationToken);
        if (now.State.IsDone())
            return now;
        if (now.State == UploadState.Aborted)
            throw new MediaException(MediaErrors.UploadAborted, "The upload was aborted meanwhile.", failure.Status, failure);
        // Being put together by somebody, or not any more: ask for the end of that.
        if (now.State.IsActive() && failure.Code == ServerCodes.WrongState)
            return null;
        throw new MediaException(ServerCodes.UploadGone, failure.Message, failure.Status, failure);
    }
}
