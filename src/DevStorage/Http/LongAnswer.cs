namespace Media.DevStorage.Http;

/// <summary>
/// An answer that begins while its operation is still at work, as S3's to copies do: 200, the XML declaration, and a space every so often, so that
/// nobody takes the silence for a dead line. Its headers are those known by then, and what goes wrong from then on is told in its body.
/// </summary>
internal static class LongAnswer
{
    private static readonly object Begun = new();

    /// <summary>Whether the answer to a request was begun this way: the rest of its XML follows without a declaration.</summary>
    public static bool IsBegun(HttpContext http) => http.Items.ContainsKey(Begun);

    /// <summary>Waits for work; keeps the line alive where it takes longer than the interval.</summary>
    /// <param name="request">What is to be answered. All headers are set.</param>
    /// <param name="work">Ends by itself when the client goes away.</param>
    /// <param name="interval">How long the line may be silent.</param>
    public static async Task<T> AwaitAsync<T>(S3Request request, Task<T> work, TimeSpan interval)
        where T : IDisposable
    {
        try
        {
            while (await Task.WhenAny(work, Task.Delay(interval, request.Aborted)) != work)
                await SayAliveAsync(request);
        }
        catch
        {
            // Whatever it works with is let go of next, and nobody takes what it comes to.
            await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (work.IsCompletedSuccessfully)
                (await work).Dispose();
            throw;
        }

        return await work;
    }

    private static async Task SayAliveAsync(S3Request request)
    {
        request.Aborted.ThrowIfCancellationRequested();
        if (request.Http.Items.TryAdd(Begun, true))
        {
            request.Response.ContentType = "application/xml";
            await request.Response.WriteAsync(S3Xml.Declaration, request.Aborted);
        }

        await request.Response.WriteAsync(" ", request.Aborted);
        await request.Response.Body.FlushAsync(request.Aborted);
    }
}
