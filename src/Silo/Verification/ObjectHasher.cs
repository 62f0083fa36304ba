using System.Buffers;
using Media.Fuji;
using Media.Grains.Contents;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Silo.Jobs;
using Media.Silo.S3;
using Microsoft.Extensions.Options;

namespace Media.Silo.Verification;

/// <summary>
/// Reads an object back and hashes it: by parallel ranged GETs, each pinned to the object as it was when it was completed, recording finished pieces with the job.
/// A failed slice is asked for again from the last finished piece.
/// </summary>
internal sealed class ObjectHasher(
    IObjectReader reader, IUploadSignals signals, IOptions<VerificationOptions> options, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);

    private readonly VerificationOptions _options = options.Value;

    /// <summary>Finds out what is in the object.</summary>
    /// <param name="job">Keeps the checkpoints.</param>
    /// <param name="upload">The upload; its size is not 0.</param>
    /// <param name="found">The object.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ObjectChangedException">The object is gone, or another one.</exception>
    /// <exception cref="StoreUnavailableException">The store failed again and again.</exception>
    public async Task<ActualContent> HashAsync(JobContext job, Upload upload, StoredObject found, CancellationToken cancellationToken)
    {
        if (found.Size <= FujiProtocol.Default.PieceUnit)
            return await RetryAsync(() => 0, token => HashSmallAsync(upload.Key, found, token), cancellationToken);

        var checkpoint = job.GetCheckpoint<VerificationCheckpoint>() ?? new VerificationCheckpoint();
        if (checkpoint.TipHash is null)
        {
            checkpoint = await RetryAsync(() => 0, token => ReadEndsAsync(upload.Key, found, token), cancellationToken);
            await job.SaveCheckpointAsync(checkpoint, cancellationToken);
        }

        // Its pieces need not be known to tell that it is another file.
        if (upload.TipHash is { } claimed && claimed != checkpoint.TipHash)
            return new ActualContent(checkpoint.TipHash, null, checkpoint.DetectedType);

        var pieces = checkpoint.Pieces is { } bytes ? PieceCheckpoint.FromBytes(bytes, found.Size) : new PieceCheckpoint(found.Size);
        var progress = new ProgressTeller(upload.Tag, found.Size, signals, _options.ProgressInterval, time);
        var pieceHash = await RetryAsync(
            () => pieces.FinishedCount, token => HashPiecesAsync(job, checkpoint, pieces, upload.Key, found, progress, token), cancellationToken);
        return new ActualContent(checkpoint.TipHash, pieceHash, checkpoint.DetectedType);
    }

    private async Task<ActualContent> HashSmallAsync(string key, StoredObject found, CancellationToken cancellationToken)
    {
        var size = (int)found.Size;
        var bytes = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            await using (var content = await OpenAsync(key, found, 0, size, cancellationToken))
                await content.ReadExactlyAsync(bytes.AsMemory(0, size), cancellationToken);
            using var stream = new MemoryStream(bytes, 0, size, writable: false);
            var hashes = await FujiHash.StreamAsync(stream, size, cancellationToken: cancellationToken);
            return new ActualContent(hashes.TipHash, hashes.PieceHash, TypeSniffer.Detect(bytes.AsSpan(0, size)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private async Task<VerificationCheckpoint> ReadEndsAsync(string key, StoredObject found, CancellationToken cancellationToken)
    {
        var head = new byte[TypeSniffer.HeadLength];
        await using (var content = await OpenAsync(key, found, 0, head.Length, cancellationToken))
            await content.ReadExactlyAsync(head, cancellationToken);
        return new VerificationCheckpoint
        {
            DetectedType = TypeSniffer.Detect(head),
            TipHash = await FujiHash.TipAsync(OpenerOf(key, found), found.Size, cancellationToken: cancellationToken),
        };
    }

    private async Task<string> HashPiecesAsync(
        JobContext job, VerificationCheckpoint checkpoint, PieceCheckpoint pieces, string key, StoredObject found, ProgressTeller progress, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var saving = SaveAsync(job, checkpoint, pieces, broken, over.Token);
        try
        {
            var fuji = new FujiOptions { Parallelism = _options.Parallelism > 0 ? _options.Parallelism : 2 * Environment.ProcessorCount };
            return await FujiHash.PiecesAsync(OpenerOf(key, found), pieces, fuji, progress, broken.Token);
        }
        finally
        {
            await over.CancelAsync();
            // What it failed for comes out here, before that it stopped the hashing.
            await saving;
        }
    }

    /// <summary>Records the finished pieces from time to time: ever less often, the longer the record is.</summary>
    private async Task SaveAsync(JobContext job, VerificationCheckpoint checkpoint, PieceCheckpoint pieces, CancellationTokenSource broken, CancellationToken cancellationToken)
    {
        var saved = pieces.FinishedCount;
        var pause = _options.CheckpointInterval;
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var finished = pieces.FinishedCount;
            if (finished == saved || finished == pieces.PieceCount) continue;
            var start = time.GetTimestamp();
            try
            {
                // Also when the hashing has failed: what is finished is kept for the next try.
                await job.SaveCheckpointAsync(checkpoint with { Pieces = pieces.ToBytes() }, CancellationToken.None);
                saved = finished;
            }
            catch (StorageUnavailableException)
            {
                // The database may be back next time; the hashing need not wait for it.
            }
            catch
            {
                await broken.CancelAsync();
                throw;
            }

            var rest = time.GetElapsedTime(start) * 20;
            pause = rest > _options.CheckpointInterval ? rest : _options.CheckpointInterval;
        }
    }

    private FujiRangeOpener OpenerOf(string key, StoredObject found) =>
        (start, end, cancellationToken) => OpenAsync(key, found, start, end, cancellationToken);

    private async ValueTask<Stream> OpenAsync(string key, StoredObject found, long start, long end, CancellationToken cancellationToken) =>
        new ImpatientStream(await reader.OpenAsync(key, found, start, end - start, cancellationToken), _options.Patience, time, cancellationToken);

    /// <summary>Tries again what the store or the line to it failed, as long as there is headway, and a few times without.</summary>
    private async Task<T> RetryAsync<T>(Func<long> headway, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        var before = headway();
        for (var failures = 0; ;)
        {
            try
            {
                return await work(cancellationToken);
            }
            catch (Exception failure) when (IsPassing(failure) && !cancellationToken.IsCancellationRequested)
            {
                failures = headway() > before ? 1 : failures + 1;
                before = headway();
                if (failures > _options.QuickRetries)
                    throw failure as StoreUnavailableException ?? new StoreUnavailableException("The object store's answers break off.", failure);
                await Task.Delay(FirstPause * Math.Pow(2, failures - 1), time, cancellationToken);
            }
        }
    }

    // A slice that ends early is a line that broke: its length was in the answer's head.
    private static bool IsPassing(Exception failure) =>
        failure is StoreUnavailableException or IOException or HttpRequestException or FujiException { Error: FujiError.TooShort };
}
