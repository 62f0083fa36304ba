namespace Media.Client.Uploading;

/// <summary>A call that spares the server, or the next client, some waiting; it is worth a moment and no failure.</summary>
internal static class Courtesy
{
    private static readonly TimeSpan Worth = TimeSpan.FromSeconds(2);

    public static async Task TryAsync(Func<CancellationToken, Task> call)
    {
        using var limit = new CancellationTokenSource(Worth);
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
