namespace Media.Client.Uploading;

/// <summary>A call that spares the server, or the next client, some waiting; it is worth a moment and no failure.</summary>
internal static class Courtesy
{
    public static async Task TryAsync(Func<CancellationToken, Task> call, TimeSpan worth)
    {
        using var limit = new CancellationTokenSource(worth);
        try
        {
            await call(limit.Token);
        }
        catch (Exception e) when (e is MediaException or OperationCanceledException)
        {
            // What it was about lapses by itself.
        }
    }
}
