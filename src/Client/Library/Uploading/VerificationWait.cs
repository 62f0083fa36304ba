namespace Media.Client.Uploading;

/// <summary>
/// Waits until the server has verified what was uploaded: by its events, which are gone on with after the last one seen when the line breaks,
/// and by asking now and then where they do not get through.
/// </summary>
internal sealed class VerificationWait(MediaClient client, UploaderOptions options, RetryPolicy retry, ProgressTeller progress, TimeProvider time)
{
    private bool _eventsWork = true;
    private long? _lastSequence;

    /// <returns>The upload as it ended.</returns>
    public async Task<Upload> RunAsync(Upload upload, CancellationToken cancellationToken)
    {
        progress.Change(now => now with { Phase = UploadPhase.Verifying, BytesVerified = 0, Note = null });
        for (var pause = options.FirstPause; !upload.State.IsFinal(); pause = Longer(pause))
        {
            var heard = _eventsWork && await ListenAsync(upload.Tag, cancellationToken);
            upload = await retry.CallAsync(() => client.GetUploadAsync(upload.Tag, cancellationToken), progress.Note, cancellationToken);
            if (upload.State.IsFinal())
                break;
            if (upload.State == UploadState.Unknown)
                throw new MediaException(MediaErrors.UnexpectedAnswer, "The upload is in a state that this client does not know.");
            if (heard)
                pause = options.FirstPause;
            await Task.Delay(pause, time, cancellationToken);
        }

        return upload;
    }

    private TimeSpan Longer(TimeSpan pause) => pause * 2 < options.LongestPause ? pause * 2 : options.LongestPause;

    /// <returns>Whether anything was heard.</returns>
    private async Task<bool> ListenAsync(string tag, CancellationToken cancellationToken)
    {
        var heard = false;
        try
        {
            await foreach (var news in client.WatchUploadAsync(tag, _lastSequence, cancellationToken))
            {
                heard = true;
                switch (news)
                {
                    case UploadStateEvent change:
                        _lastSequence = change.Sequence;
                        if (change.State.IsFinal())
                            return true;
                        break;
                    case UploadProgressEvent { Verified: var verified }:
                        progress.Verified(verified);
                        break;
                }
            }
        }
        catch (MediaException e) when (!e.IsUnauthorised)
        {
            // A line that breaks is made again; one that stays silent from its beginning has something on it that holds events back.
            _eventsWork = heard || (e.IsTransient && e.InnerException is not OperationCanceledException);
        }

        return heard;
    }
}
