using Media.DevStorage.Operations;

namespace Media.DevStorage.Background;

/// <summary>
/// Carries out the buckets' lifecycle rules, and forgets old completions. A day is as long as <see cref="DevStorageOptions.Day"/>, counted
/// from the object's or upload's own time, without AWS's rounding to midnight.
/// </summary>
internal sealed partial class LifecycleWorker(Store store, Notifier notifier, ILogger<LifecycleWorker> log)
{
    private const int BatchSize = 500;
    private static readonly TimeSpan CompletionMemory = TimeSpan.FromDays(1);

    private TimeSpan Day => store.Options.Day;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var interval = TimeSpan.FromMilliseconds(Math.Clamp(Day.TotalMilliseconds / 10, 50, 60_000));
        using var timer = new PeriodicTimer(interval, store.Options.Time);
        try
        {
            do
            {
                try
                {
                    await ApplyAsync();
                }
                catch (Exception e) when (e is IOException or S3Exception)
                {
                    Failed(e);
                }
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    /// <summary>Applies all rules once.</summary>
    public async Task ApplyAsync()
    {
        var now = store.Options.Time.GetUtcNow();
        store.Catalog.ForgetCompleted((now - CompletionMemory).ToUnixTimeMilliseconds());
        var buckets = store.Catalog.Read(view => view.Buckets.Where(b => b.Lifecycle.Any(r => r.Enabled)).Select(b => b.Name).ToList());
        foreach (var bucket in buckets)
        {
            await AbortUploadsAsync(bucket, now);
            var after = "";
            while (after is not null)
                after = await ExpireAsync(bucket, after, now);
        }
    }

    private Task AbortUploadsAsync(string bucketName, DateTimeOffset now) => store.Catalog.CommitAsync(change =>
    {
        if (change.Catalog.Find(bucketName) is not { } bucket)
            return 0;
        var due = bucket.Uploads.Values.Select(s => s.Upload).Where(u => bucket.Lifecycle.Any(r =>
            r.Enabled && r.AbortDays is { } days && u.Key.StartsWith(r.Prefix, StringComparison.Ordinal) && IsDue(u.Initiated, days, now))).ToList();
        foreach (var upload in due)
            change.Record(new UploadRemoved(bucketName, upload.UploadId));
        return due.Count;
    });

    // A batch of keys at a time, so that nobody waits long for the lock. Gives the key to go on after, or null at the end.
    private async Task<string?> ExpireAsync(string bucketName, string after, DateTimeOffset now)
    {
        var events = new List<(string Event, ObjectVersion Version)>();
        var next = await store.Catalog.CommitAsync(change =>
        {
            if (change.Catalog.Find(bucketName) is not { } bucket)
                return null;
            var entries = new List<(string Key, KeyEntry Entry)>();
            var cursor = bucket.Objects.After(after);
            while (entries.Count < BatchSize && cursor.MoveNext())
                entries.Add((cursor.Key, cursor.Value));
            var rules = bucket.Lifecycle.Where(r => r.Enabled).ToList();
            foreach (var (key, entry) in entries)
            {
                foreach (var rule in rules)
                {
                    if (!entry.IsEmpty)
                        Expire(change, bucket, key, entry, rule, now, events);
                }
            }

            return entries.Count < BatchSize ? null : entries[^1].Key;
        });
        foreach (var (name, version) in events)
            notifier.Raise(bucketName, name, version, "s3.amazonaws.com", "", "");
        return next;
    }

    private void Expire(
        Catalog.Change change, Bucket bucket, string key, KeyEntry entry, LifecycleRule rule, DateTimeOffset now, List<(string, ObjectVersion)> events)
    {
        ExpireNoncurrent(change, bucket, key, entry, rule, now, events);
        var newest = entry.Newest;
        if (newest.DeleteMarker)
        {
            var expired = rule.ExpiredDeleteMarkers || (rule.ExpirationDays is { } d && IsDue(newest.Modified, d, now));
            if (expired && entry.Versions.Length == 1 && key.StartsWith(rule.Prefix, StringComparison.Ordinal))
                change.Record(new VersionRemoved(bucket.Name, key, newest.VersionId));
            return;
        }

        var due = (rule.ExpirationDays is { } days && IsDue(newest.Modified, days, now)) || rule.ExpirationDate <= now;
        if (!due || !rule.Covers(key, newest.Size, newest.Properties.Tags))
            return;
        var gone = DeleteObjects.Delete(store, change, bucket.Name, key, versionId: null, match: null);
        events.Add((gone.MarkerId is null ? "LifecycleExpiration:Delete" : "LifecycleExpiration:DeleteMarkerCreated", gone.Subject ?? newest));
    }

    private void ExpireNoncurrent(
        Catalog.Change change, Bucket bucket, string key, KeyEntry entry, LifecycleRule rule, DateTimeOffset now, List<(string, ObjectVersion)> events)
    {
        if (rule.NoncurrentDays is not { } days)
            return;
        var versions = entry.Versions.ToArray();
        for (var i = 0; i < versions.Length - 1; i++)
        {
            // A version is noncurrent since the one after it came.
            var newerNoncurrent = versions.Length - 2 - i;
            if (newerNoncurrent < rule.NewerNoncurrentVersions || !IsDue(versions[i + 1].Modified, days, now)
                || !rule.Covers(key, versions[i].Size, versions[i].Properties.Tags))
            {
                continue;
            }

            change.Record(new VersionRemoved(bucket.Name, key, versions[i].VersionId));
            events.Add(("LifecycleExpiration:Delete", versions[i]));
        }
    }

    private bool IsDue(long since, long days, DateTimeOffset now) =>
        DateTimeOffset.FromUnixTimeMilliseconds(since).Add(Day * days) <= now;

    [LoggerMessage(Level = LogLevel.Error, Message = "Lifecycle rules could not be carried out")]
    private partial void Failed(Exception exception);
}
