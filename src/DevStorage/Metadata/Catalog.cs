namespace Media.DevStorage.Metadata;

/// <summary>
/// What the store knows about everything but the bytes, in memory, under one lock, with every change in the journal. A decision that
/// depends on what is there (a condition, a version, a part list) and the change that follows from it are made under the lock together,
/// which is what makes conditional requests atomic; the wait for the disk is outside.
/// </summary>
internal sealed partial class Catalog : IDisposable
{
    private const long SmallestCheckpoint = 16 << 20;

    // Every start begins a log; a store that is started often gathers its small ones.
    private const int ManyLogs = 8;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);
    private readonly BlobStore _blobs;
    private readonly Journal _journal;
    private readonly ILogger _log;
    private Task _checkpoint = Task.CompletedTask;

    public Catalog(string folder, BlobStore blobs, Disk disk, ILogger log)
    {
        _log = log;
        _blobs = blobs;
        _journal = new Journal(folder, disk, blobs.FlushFolders, record => Apply(record, Task.CompletedTask, freed: null));
        if (_journal.LogsReplayed >= ManyLogs)
            Checkpoint();
    }

    /// <summary>Looks at the catalog without changing it. <paramref name="look"/> must not wait, nor keep mutable parts of it.</summary>
    public T Read<T>(Func<CatalogView, T> look)
    {
        lock (_gate)
        {
            return look(new CatalogView(_buckets));
        }
    }

    /// <summary>
    /// Decides and changes in one step. <paramref name="decide"/> makes all its checks (by throwing) before its first
    /// <see cref="Change.Record"/>. The answer is given when the change is durable.
    /// </summary>
    public async Task<T> CommitAsync<T>(Func<Change, T> decide)
    {
        T result;
        Task durable;
        lock (_gate)
        {
            var change = new Change(this);
            result = decide(change);
            durable = change.Durable;
        }

        await durable;
        CheckpointWhenDue();
        return result;
    }

    /// <summary>Done when all changes made so far are durable.</summary>
    public Task Barrier => _journal.Barrier;

    /// <summary>Keeps the blobs of a version from being removed until the pin is disposed.</summary>
    public BlobPin Pin(IReadOnlyList<ObjectPart> parts)
    {
        var blobs = new List<long>();
        foreach (var part in parts)
        {
            foreach (var slice in part.Slices)
            {
                _blobs.AddReference(slice.Blob);
                blobs.Add(slice.Blob);
            }
        }

        return new BlobPin(this, blobs);
    }

    public void Release(IEnumerable<long> blobs) => _blobs.Release(blobs, _journal.Barrier);

    public void Dispose()
    {
        _journal.Dispose();
        _checkpoint.Wait(TimeSpan.FromSeconds(30));
    }

    /// <summary>Forgets what a Complete answered when that was before <paramref name="before"/>, in milliseconds since 1970.</summary>
    public void ForgetCompleted(long before)
    {
        lock (_gate)
        {
            foreach (var bucket in _buckets.Values)
            {
                foreach (var completed in bucket.Completed.Values.Where(c => c.Completed < before).ToList())
                    bucket.Completed.Remove(completed.UploadId);
            }
        }
    }

    private void CheckpointWhenDue()
    {
        if (_journal.LogBytes >= Math.Max(SmallestCheckpoint, 2 * _journal.SnapshotBytes))
            Checkpoint();
    }

    private void Checkpoint()
    {
        lock (_gate)
        {
            if (!_checkpoint.IsCompleted)
                return;
            var (number, rotated) = _journal.Rotate();
            var state = CatalogSnapshot.Of(_buckets.Values);
            _checkpoint = Task.Run(() => WriteCheckpointAsync(number, rotated, state));
        }
    }

    // Without a snapshot the logs stay, and nothing is lost: the next one is tried when it is due.
    private async Task WriteCheckpointAsync(long number, Task rotated, CatalogSnapshot state)
    {
        try
        {
            await rotated;
            _journal.WriteSnapshot(number, state.Records());
        }
        catch (Exception e)
        {
            CheckpointFailed(_log, e);
        }
    }

    private void Apply(JournalRecord record, Task durable, List<long>? freed)
    {
        if (record is BucketCreated created)
        {
            _buckets[record.Bucket] = new Bucket(record.Bucket, created.Owner, created.Created);
            return;
        }

        var bucket = _buckets[record.Bucket];
        switch (record)
        {
            case BucketDeleted:
                _buckets.Remove(record.Bucket);
                break;
            case BucketConfigured configured:
                bucket.Configure(configured.Aspect, configured.Document);
                break;
            case VersionPut put:
                put.Version.Durable = durable;
                PutVersion(bucket, put.Version, put.InPlace, freed);
                break;
            case VersionRemoved removed:
                if (bucket.Objects.TryGet(removed.Key, out var entry))
                {
                    if (entry.Remove(removed.VersionId) is { } gone)
                        Free(gone.Parts, freed);
                    if (entry.IsEmpty)
                        bucket.Objects.Remove(removed.Key);
                }

                break;
            case UploadCreated upload:
                bucket.Uploads[upload.Upload.UploadId] = new UploadState(upload.Upload);
                break;
            case PartPut part:
                PutPart(bucket, part, freed);
                break;
            case UploadRemoved removed:
                if (bucket.Uploads.Remove(removed.UploadId, out var aborted))
                    Free(aborted.Parts.Values, freed);
                break;
            case UploadCompleted completed:
                completed.Version.Durable = durable;
                PutVersion(bucket, completed.Version, inPlace: false, freed);
                bucket.Completed[completed.Completed.UploadId] = completed.Completed;
                if (bucket.Uploads.Remove(completed.Completed.UploadId, out var done))
                    Free(done.Parts.Values, freed);
                break;
            case UploadRemembered remembered:
                bucket.Completed[remembered.Completed.UploadId] = remembered.Completed;
                break;
        }
    }

    private void PutVersion(Bucket bucket, ObjectVersion version, bool inPlace, List<long>? freed)
    {
        Own(version.Parts);
        if (!bucket.Objects.TryGet(version.Key, out var entry))
            bucket.Objects.Set(version.Key, entry = new KeyEntry());
        if (entry.Put(version, inPlace) is { } replaced)
            Free(replaced.Parts, freed);
    }

    private void PutPart(Bucket bucket, PartPut record, List<long>? freed)
    {
        if (!bucket.Uploads.TryGetValue(record.UploadId, out var upload))
            return;
        Own([record.Part]);
        if (upload.Parts.TryGetValue(record.Part.Number, out var replaced))
            Free([replaced], freed);
        upload.Parts[record.Part.Number] = record.Part;
    }

    private void Own(IEnumerable<ObjectPart> parts)
    {
        foreach (var part in parts)
        {
            foreach (var slice in part.Slices)
                _blobs.AddReference(slice.Blob);
        }
    }

    private void Free(IEnumerable<ObjectPart> parts, List<long>? freed)
    {
        var blobs = freed ?? [];
        foreach (var part in parts)
        {
            foreach (var slice in part.Slices)
                blobs.Add(slice.Blob);
        }

        // At replay nothing waits: what a later record let go of is removed by the sweep.
        if (freed is null)
            _blobs.Forget(blobs);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A snapshot of the catalog could not be written; its logs are kept")]
    private static partial void CheckpointFailed(ILogger log, Exception exception);

    /// <summary>One decision under the lock.</summary>
    internal sealed class Change(Catalog catalog)
    {
        public CatalogView Catalog => new(catalog._buckets);

        public Task Durable { get; private set; } = Task.CompletedTask;

        public void Record(JournalRecord record)
        {
            Durable = catalog._journal.Append(record);
            if (Durable.IsFaulted)
                throw new IOException("the journal no longer takes writes", Durable.Exception);
            var freed = new List<long>();
            catalog.Apply(record, Durable, freed);
            if (freed.Count > 0)
                catalog._blobs.Release(freed, Durable);
        }
    }
}

/// <summary>The catalog as it is while its lock is held.</summary>
internal readonly struct CatalogView(SortedDictionary<string, Bucket> buckets)
{
    public IEnumerable<Bucket> Buckets => buckets.Values;

    public Bucket? Find(string name) => buckets.GetValueOrDefault(name);

    /// <exception cref="S3Exception"><c>NoSuchBucket</c></exception>
    public Bucket Bucket(string name) => Find(name) ?? throw S3Error.NoSuchBucket(name);
}

/// <summary>References that a reader holds on blobs.</summary>
internal sealed class BlobPin(Catalog catalog, List<long> blobs) : IDisposable
{
    private List<long>? _blobs = blobs;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _blobs, null) is { } held)
            catalog.Release(held);
    }
}
