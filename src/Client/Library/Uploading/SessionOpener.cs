using Media.Client.Hashing;

namespace Media.Client.Uploading;

/// <summary>
/// Opens an upload: waits for, or takes over from, another client that holds it, and spares what is stored already. Nothing is spared on the
/// word of a tip hash: the server may know a session by it whose piece hash is another file's.
/// </summary>
internal sealed class SessionOpener(MediaClient client, UploaderOptions options, RetryPolicy retry, TimeProvider time)
{
    private const int MostTakeovers = 3;

    /// <returns>An upload to send parts to, or one that is a duplicate already; and whether an earlier try is gone on with.</returns>
    public async Task<(Upload Upload, bool Resumed)> OpenAsync(
        NewUpload request, SourceFile source, PieceTally? tally, Upload? opened, ProgressTeller progress, CancellationToken cancellationToken)
    {
        string? first = null;
        var resumed = false;
        while (true)
        {
            var told = opened is null ? tally?.Hash : null;
            var upload = opened ?? await CreateAsync(request with { PieceHash = told }, progress, cancellationToken);
            opened = null;
            // Opening it once more, to tell the piece hash, does not make it an earlier try's.
            if (upload.Tag != first)
                (first, resumed) = (upload.Tag, upload.Status == "resumed");
            progress.Begin(upload, resumed);
            if (tally is null || !MaySpare(upload, told))
                return (upload, resumed);

            var hash = tally.Hash ?? await HashAsync(upload, source, tally, progress, cancellationToken);
            var isThisFile = (upload.PieceHash ?? upload.Actual?.PieceHash) == hash;
            if (isThisFile && upload.State == UploadState.Duplicate)
                return (upload, resumed);
            if (isThisFile && upload.Challenge is { } challenge && challenge.ExpiresAt > client.ServerTime)
                return (await AnswerAsync(upload, challenge, source, progress, cancellationToken), resumed);
            if (told is not null && upload.State == UploadState.Duplicate)
                throw new MediaException(MediaErrors.UnexpectedAnswer, "The server takes the file for another one.");
        }
    }

    private static bool MaySpare(Upload upload, string? told) =>
        upload.State == UploadState.Duplicate || upload.Challenge is not null || (upload.PossibleDuplicate == true && told is null);

    private Task<string> HashAsync(Upload upload, SourceFile source, PieceTally tally, ProgressTeller progress, CancellationToken cancellationToken)
    {
        Task<string> Work(CancellationToken stop) => source.FinishAsync(tally, progress, stop);
        return upload.State.IsActive() ? LeaseKeeper.WorkAsync(client, upload.Tag, options, time, Work, cancellationToken) : Work(cancellationToken);
    }

    private async Task<Upload> AnswerAsync(
        Upload upload, UploadChallenge challenge, SourceFile source, ProgressTeller progress, CancellationToken cancellationToken)
    {
        var digest = await ChallengeDigest.ComputeAsync(source, challenge, cancellationToken);
        var answer = await retry.CallAsync(
            () => client.AnswerChallengeAsync(upload.Tag, digest, options.ClientId, cancellationToken: cancellationToken), progress.Note, cancellationToken);
        progress.Change(now => now with { Phase = UploadPhase.Uploading, Note = null });
        return answer;
    }

    private async Task<Upload> CreateAsync(NewUpload request, ProgressTeller progress, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        for (var takeovers = 0; ;)
        {
            try
            {
                return await retry.CallAsync(() => client.CreateUploadAsync(request, cancellationToken), progress.Note, cancellationToken);
            }
            catch (MediaException e) when (e is { Code: ServerCodes.UploadLocked, Problem: { Tag: { } tag } problem })
            {
                switch (options.OnLocked(problem))
                {
                    case LockDecision.TakeOver when takeovers++ < MostTakeovers:
                        await TakeOverAsync(tag, progress, cancellationToken);
                        break;
                    case LockDecision.Wait when time.GetElapsedTime(since) < options.LockWait:
                        progress.Change(now => now with { Phase = UploadPhase.Waiting, Tag = tag, Note = $"{problem.Holder} holds this upload; waiting for its lease to lapse." });
                        await Task.Delay(options.LockPoll, time, cancellationToken);
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
            await retry.CallAsync(() => client.TakeLeaseAsync(tag, options.ClientId, takeOver: true, cancellationToken), progress.Note, cancellationToken);
        }
        catch (MediaException e) when (e.Code is ServerCodes.WrongState or ServerCodes.UploadNotFound or ServerCodes.UploadGone)
        {
            // It came to an end meanwhile; the next creation is of a new one.
        }
    }
}
