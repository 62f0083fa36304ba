using System.Collections.Immutable;
using Media.Grains.Contents;
using Media.Grains.Ports;
using Media.Silo.Jobs;
using Microsoft.Extensions.Options;

namespace Media.Silo.Thumbnails;

/// <summary>
/// Makes thumbnails of a content; the key is its piece hash. What the file itself makes impossible is recorded and not tried again; what the bucket, the
/// database or the machine refuses is. A run that ends anywhere is repeated from the start, and puts the same objects in the same places.
/// </summary>
internal sealed partial class MakeThumbnailsJob(
    ThumbnailStore thumbnails, ThumbnailMaker maker, IObjectStore store, IOptions<ThumbnailOptions> options, ILogger<MakeThumbnailsJob> logger) : IJobHandler
{
    // A content that is on its way, or on its way out, is there the next time or gone. The job stays, as nobody can plan another one with its key meanwhile.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly ObjectHeaders Headers = new(ThumbnailFormats.Type, ImmutableDictionary<string, string>.Empty);

    public string Kind => JobKinds.MakeThumbnails;

    // What makes it fail is never the file, and passes.
    public bool IsTriedForEver => true;

    public int MostAtOnce => options.Value.Concurrency;

    public async Task RunAsync(JobContext job, CancellationToken cancellationToken)
    {
        var pieceHash = job.Key ?? throw new InvalidOperationException("A job for thumbnails has no key.");
        var subject = await thumbnails.FindAsync(pieceHash, cancellationToken);
        if (subject is null)
        {
            await DeleteLeftAsync(pieceHash, cancellationToken);
            return;
        }

        if (subject.State != ContentState.Stored)
        {
            job.Postpone(Patience);
            return;
        }

        if (ThumbnailFormats.Widths.All(subject.Widths.Contains)) return;
        var outcome = await maker.MakeAsync(subject, cancellationToken);
        if (outcome.Failure is { } failure)
        {
            await thumbnails.FailAsync(pieceHash, failure, cancellationToken);
            LogFailed(pieceHash, failure.Reason, failure.Detail);
            return;
        }

        var stored = ImmutableArray.CreateBuilder<StoredThumbnail>(outcome.Thumbnails.Length);
        foreach (var made in outcome.Thumbnails)
        {
            var key = ContentKeys.Thumbnail(pieceHash, made.Width);
            await store.PutAsync(key, made.Content, Headers, cancellationToken);
            stored.Add(new StoredThumbnail(made.Width, key, made.Content.Length));
        }

        if (!await thumbnails.AddAsync(pieceHash, stored.MoveToImmutable(), cancellationToken)) job.Postpone(Patience);
    }

    /// <summary>Deletes what an earlier run put there while the content went.</summary>
    private async Task DeleteLeftAsync(string pieceHash, CancellationToken cancellationToken)
    {
        foreach (var width in ThumbnailFormats.Widths)
        {
            var key = ContentKeys.Thumbnail(pieceHash, width);
            if (await store.HeadAsync(key, cancellationToken) is { } left) await store.DeleteAsync(key, left.VersionId, cancellationToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "There are no thumbnails of {PieceHash}: {Reason}. {Detail}")]
    private partial void LogFailed(string pieceHash, string reason, string detail);
}
