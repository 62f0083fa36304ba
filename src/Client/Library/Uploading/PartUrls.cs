using System.Diagnostics.CodeAnalysis;

namespace Media.Client.Uploading;

/// <summary>
/// The presigned URLs of one upload: asked for in batches before they are needed, dropped when they are about to expire by the
/// server's clock or the store refuses them.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The semaphore has no wait handle, and a batch may still be on its way.")]
internal sealed class PartUrls(MediaClient client, Upload upload, PartQueue queue, UploaderOptions options, RetryPolicy retry, Action<string?> note, TimeProvider time)
{
    private static readonly TimeSpan LongestMargin = TimeSpan.FromSeconds(15);

    // The server's time comes from a Date header, which leaves fractions of a second out (RFC 9110, section 5.6.7).
    private static readonly TimeSpan ClockGrain = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<int, (PartUrl Url, long HeldSince, TimeSpan Lasts)> _held = [];
    private readonly SemaphoreSlim _asking = new(1);

    public void Add(IReadOnlyList<PartUrl>? urls)
    {
        if (urls is null)
            return;
        var now = time.GetTimestamp();
        var serverTime = client.ServerTime;
        lock (_gate)
        {
            foreach (var url in urls)
            {
                var lasts = url.ExpiresAt - serverTime - ClockGrain;
                var margin = lasts / 4 < LongestMargin ? lasts / 4 : LongestMargin;
                _held[url.Part] = (url, now, lasts - margin);
            }
        }
    }

    public async Task<PartUrl> GetAsync(int part, CancellationToken cancellationToken)
    {
        if (Find(part) is { } held)
        {
            _ = AskAheadAsync(cancellationToken);
            return held;
        }

        await _asking.WaitAsync(cancellationToken);
        try
        {
            return Find(part) ?? await AskAsync(part, cancellationToken);
        }
        finally
        {
            _asking.Release();
        }
    }

    public void Discard(PartUrl url)
    {
        lock (_gate)
        {
            if (_held.TryGetValue(url.Part, out var held) && ReferenceEquals(held.Url, url))
                _held.Remove(url.Part);
        }
    }

    private PartUrl? Find(int part)
    {
        lock (_gate)
            return _held.TryGetValue(part, out var held) && time.GetElapsedTime(held.HeldSince) < held.Lasts ? held.Url : null;
    }

    private List<int> Lacking(int most)
    {
        var next = queue.Peek(most);
        next.RemoveAll(part => Find(part) is not null);
        return next;
    }

    private async Task<PartUrl> AskAsync(int part, CancellationToken cancellationToken)
    {
        var wanted = Lacking(options.UrlBatch - 1);
        wanted.Remove(part);
        wanted.Insert(0, part);
        var urls = await retry.CallAsync(() => client.GetUrlsAsync(upload.Tag, wanted, options.ClientId, cancellationToken: cancellationToken), note, cancellationToken);
        Add(urls);
        return urls.FirstOrDefault(url => url.Part == part)
            ?? throw new MediaException(MediaErrors.UnexpectedAnswer, "The server left out the URL of a part that was asked for.");
    }

    // Fetches the next batch beside the transfers. What fails here is asked for again, and told, by whoever needs the URL.
    private async Task AskAheadAsync(CancellationToken cancellationToken)
    {
        if (Lacking(options.Parallelism * 2).Count == 0 || !await _asking.WaitAsync(0, CancellationToken.None))
            return;
        try
        {
            if (Lacking(options.UrlBatch) is { Count: > 0 } wanted)
                Add(await client.GetUrlsAsync(upload.Tag, wanted, options.ClientId, cancellationToken: cancellationToken));
        }
        catch (Exception e) when (e is MediaException or OperationCanceledException)
        {
            // Whoever needs one of these asks again.
        }
        finally
        {
            _asking.Release();
        }
    }
}
