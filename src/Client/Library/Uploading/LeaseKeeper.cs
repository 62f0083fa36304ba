namespace Media.Client.Uploading;

/// <summary>Renews an upload's lease for as long as it lives, and stops the work when another client has taken it.</summary>
internal sealed class LeaseKeeper : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly Task _beating;
    private MediaException? _loss;

    private LeaseKeeper(MediaClient client, string tag, UploaderOptions options, TimeProvider time) =>
        _beating = BeatAsync(client, tag, options, time);

    /// <summary>Does work that needs the lease, and gives it back where the work fails, so that the next try does not have to wait for it.</summary>
    /// <exception cref="MediaException"><c>lease_lost</c> or <c>upload_locked</c>: the lease is another's.</exception>
    public static async Task<T> WorkAsync<T>(
        MediaClient client, string tag, UploaderOptions options, TimeProvider time, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var lease = new LeaseKeeper(client, tag, options, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease._lost.Token);
        try
        {
            return await work(stop.Token);
        }
        catch (OperationCanceledException) when (lease._loss is not null && !cancellationToken.IsCancellationRequested)
        {
            throw lease._loss;
        }
        catch (Exception e) when (e is OperationCanceledException or MediaException { Code: not (ServerCodes.LeaseLost or ServerCodes.UploadLocked or ServerCodes.UploadGone) })
        {
            await Courtesy.TryAsync(limit => client.ReleaseLeaseAsync(tag, options.ClientId, limit), options.CourtesyLimit);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _beating;
        _ended.Dispose();
        _lost.Dispose();
    }

    private async Task BeatAsync(MediaClient client, string tag, UploaderOptions options, TimeProvider time)
    {
        using var timer = new PeriodicTimer(options.Heartbeat, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_ended.Token))
            {
                try
                {
                    await client.TakeLeaseAsync(tag, options.ClientId, cancellationToken: _ended.Token);
                }
                catch (MediaException e) when (e.Code is ServerCodes.LeaseLost or ServerCodes.UploadLocked)
                {
                    _loss = e;
                    await _lost.CancelAsync();
                    return;
                }
                catch (MediaException)
                {
                    // The transfers meet the same trouble, and tell it.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The work is over.
        }
    }
}
