using System.Collections.Immutable;
using Media.Grains.Contents;
using Media.Grains.Files;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Silo.Jobs;
using Orleans;

namespace Media.Silo.Verification;

/// <summary>
/// Reads a completed upload back, and files it by what it is, or puts it away where it is not what was promised. Enqueued in the transaction that makes an
/// upload Stored; every step can be repeated, so a run goes on wherever an earlier one died.
/// </summary>
internal sealed partial class VerifyUploadJob(
    IGrainFactory grains, ICatalog catalog, IObjectStore store, ObjectHasher hasher, TimeProvider time, ILogger<VerifyUploadJob> logger) : IJobHandler
{
    // An upload of the same content is on its way to the same place, or the last of it on its way out.
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(500);

    public string Kind => JobKinds.VerifyUpload;

    public bool IsTriedForEver => true;

    public async Task RunAsync(JobContext job, CancellationToken cancellationToken)
    {
        var tag = job.Key ?? throw new InvalidOperationException("A verification has its tag as its key.");
        var session = grains.GetGrain<IUploadSessionGrain>(tag);
        if (await session.BeginVerificationAsync(cancellationToken) is not { } upload)
        {
            LogUnknown(tag);
            return;
        }

        if (upload.State == UploadState.Verifying && !await VerifyAsync(job, session, upload, cancellationToken))
            job.Postpone(Wait);
        else if (upload.Size > 0)
            await store.DeleteAsync(upload.Key, upload.VersionId, cancellationToken);
    }

    /// <returns>Whether the session has ended; false where it is to be looked at again.</returns>
    private async Task<bool> VerifyAsync(JobContext job, IUploadSessionGrain session, Upload upload, CancellationToken cancellationToken)
    {
        var found = new StoredObject(upload.Size!.Value, upload.ETag!, upload.VersionId, upload.ContentType, upload.LastModified ?? default);
        try
        {
            var checkpoint = job.GetCheckpoint<VerificationCheckpoint>();
            if (checkpoint?.Actual is null)
            {
                var actual = found.Size == 0 ? new ActualContent(null, null, null) : await hasher.HashAsync(job, upload, found, cancellationToken);
                checkpoint = new VerificationCheckpoint { Actual = actual, Mismatch = MismatchOf(upload, actual) };
                if (found.Size > Fuji.FujiProtocol.Default.PieceUnit || checkpoint.Mismatch is not null) await job.SaveCheckpointAsync(checkpoint, cancellationToken);
            }

            if (checkpoint.Mismatch is not { } mismatch) return await FileAsync(session, upload, found, checkpoint.Actual!, cancellationToken);
            await QuarantineAsync(session, upload, found, checkpoint.Actual!, mismatch, cancellationToken);
        }
        catch (ObjectChangedException)
        {
            await EndChangedAsync(session, upload, cancellationToken);
        }

        return true;
    }

    private static string? MismatchOf(Upload upload, ActualContent actual) =>
        upload.TipHash is { } tip && tip != actual.TipHash ? "The stored bytes do not have the tip hash that was announced."
        : upload.PieceHash is { } piece && piece != actual.PieceHash ? "The stored bytes do not have the piece hash that was announced."
        : null;

    private async Task<bool> FileAsync(IUploadSessionGrain session, Upload upload, StoredObject found, ActualContent actual, CancellationToken cancellationToken)
    {
        var file = actual.PieceHash is { } pieceHash
            ? await PromoteAsync(grains.GetGrain<IFileHashGrain>(pieceHash), upload, found, actual, cancellationToken)
            : await catalog.AddFileAsync(NewFile.Of(upload, actual, upload.Key, time.GetUtcNow()), 0, found, cancellationToken);
        if (file is null) return false;
        await session.RecordVerifiedAsync(actual, file.Duplicate, cancellationToken);
        return true;
    }

    /// <returns>The file, or null where somebody else is at the content.</returns>
    private async Task<CatalogFile?> PromoteAsync(
        IFileHashGrain hash, Upload upload, StoredObject found, ActualContent actual, CancellationToken cancellationToken)
    {
        var type = TypeSniffer.Choose(upload.ContentType, actual.DetectedType) ?? UploadRules.UnknownContentType;
        var decision = await hash.BeginPromotionAsync(
            new NewContent(actual.PieceHash!, actual.TipHash!, found.Size, type, actual.DetectedType), upload.Tag, cancellationToken);
        var content = decision.Content;
        if (decision.Step == PromotionStep.Wait) return null;

        StoredObject? promoted = null;
        if (decision.Step == PromotionStep.Promote || !await IsThereAsync(content, cancellationToken))
            promoted = await CopyAsync(upload, found, content, cancellationToken);
        // Never cancelled: the file is there or not, and the session is told next.
        return await hash.AddFileAsync(NewFile.Of(upload, actual, content.Key, time.GetUtcNow()), content.Generation, promoted, CancellationToken.None);
    }

    private async Task<bool> IsThereAsync(Content content, CancellationToken cancellationToken)
    {
        if (await store.HasAsync(content, cancellationToken)) return true;
        LogMissing(content.PieceHash);
        return false;
    }

    private async Task<StoredObject> CopyAsync(Upload upload, StoredObject found, Content content, CancellationToken cancellationToken)
    {
        var headers = new ObjectHeaders(content.ContentType, ImmutableDictionary<string, string>.Empty);
        var copy = await store.CopyAsync(upload.Key, found, content.Key, headers, onlyIfAbsent: true, cancellationToken);
        if (copy is { Status: CopyStatus.Exists, Target: { } there } && there.Size != content.Size)
            copy = await store.CopyAsync(upload.Key, found, content.Key, headers, onlyIfAbsent: false, cancellationToken);
        return copy.Target ?? throw new ObjectChangedException("The uploaded object changed before it was promoted.");
    }

    /// <summary>Puts an object away where nothing reads it, as it is found, and ends the session.</summary>
    private async Task QuarantineAsync(
        IUploadSessionGrain session, Upload upload, StoredObject found, ActualContent actual, string reason, CancellationToken cancellationToken)
    {
        var target = ContentKeys.Quarantine(upload.Tag);
        var copy = await store.CopyAsync(upload.Key, found, target, headers: null, onlyIfAbsent: true, cancellationToken);
        if (copy.Status == CopyStatus.SourceChanged) throw new ObjectChangedException("The object changed before it was put into quarantine.");
        // Out of reach before anybody hears of it.
        await store.DeleteAsync(upload.Key, found.VersionId, cancellationToken);
        await session.RecordMismatchAsync(actual, reason, cancellationToken);
        LogMismatched(upload.Tag, reason);
    }

    /// <summary>The object is not the one that was completed. Whatever is there now has not been promised by anybody.</summary>
    private async Task EndChangedAsync(IUploadSessionGrain session, Upload upload, CancellationToken cancellationToken)
    {
        // An earlier run got as far as the catalog: the object is not needed any more.
        if (await catalog.FindFileAsync(upload.Tag, cancellationToken) is { File: { } file } filed)
        {
            await session.RecordVerifiedAsync(new ActualContent(file.TipHash, file.PieceHash, file.DetectedType), filed.Duplicate, cancellationToken);
            return;
        }

        const string replaced = "The stored object was replaced after it was completed.";
        var nothing = new ActualContent(null, null, null);
        if (await store.HeadConfirmedAsync(upload.Key, cancellationToken) is { } other)
            await QuarantineAsync(session, upload, other, nothing, replaced, cancellationToken);
        else if (await store.HeadConfirmedAsync(ContentKeys.Quarantine(upload.Tag), cancellationToken) is not null)
            await session.RecordMismatchAsync(nothing, replaced, cancellationToken);
        else
            await session.RecordLostAsync("The stored object is gone from the bucket.", cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "There is no upload {Tag} to verify.")]
    private partial void LogUnknown(string tag);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Upload {Tag} is in quarantine: {Reason}")]
    private partial void LogMismatched(string tag, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The object of content {PieceHash} is not in the bucket; the upload at hand takes its place.")]
    private partial void LogMissing(string pieceHash);
}
