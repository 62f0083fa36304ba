namespace Media.Client.Uploading;

/// <summary>Renews an upload's lease for as long as it lives, and stops the work when another client has taken it.</summary>
internal sealed class LeaseKeeper : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly Task _beating;

    public LeaseKeeper(MediaClient client, string tag, UploaderOptions options, TimeProvider time) =>
        _beating = BeatAsync(client, tag, options, time);

    /// <summary>Fires when the lease is another's.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>What the server said about it.</summary>
    public MediaException? Loss { get; private set; }

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
                    Loss = e;
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
