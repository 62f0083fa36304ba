using System.Net.Sockets;
using System.Net;
using Media.Client.Hashing;

namespace Media.Client.Uploading;

/// <summary>PUTs one part to the store until the store has it.</summary>
internal sealed class PartSender(
    HttpClient store, SourceFile source, PieceTally? tally, PartQueue queue, PartUrls urls, UploaderOptions options, RetryPolicy retry, ProgressTeller progress, TimeProvider time)
{
    private const int MostRefusals = 4;

    /// <returns>The part's ETag; null where the store does not tell.</returns>
    public async Task<string?> SendAsync(int part, CancellationToken cancellationToken)
    {
        var tries = retry.Begin(progress.Note);
        var refusals = 0;
        while (true)
        {
            source.ThrowIfChanged();
            var url = await urls.GetAsync(part, cancellationToken);
            try
            {
                var etag = await PutAsync(part, url, cancellationToken);
                source.ThrowIfChanged();
                tries.Succeeded();
                return etag;
            }
            catch (MediaException e) when (e.Code == MediaErrors.StoreRefused && e.Status is >= 400 and < 500 && refusals < MostRefusals)
            {
                // An expired URL, an expired session token, a clock that jumped: all of them are cured by a fresh URL, if anything does.
                refusals++;
                urls.Discard(url);
                if (refusals > 1)
                    await tries.PauseAsync(e, cancellationToken);
            }
            catch (MediaException e) when (e.IsTransient)
            {
                await tries.PauseAsync(e, cancellationToken);
            }
        }
    }

    private async Task<string?> PutAsync(int part, PartUrl url, CancellationToken cancellationToken)
    {
        var (offset, length) = queue.RangeOf(part);
        long moved = 0;
        var (counting, isOver) = (new Lock(), false);
        using var stalled = new CancellationTokenSource(options.StallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stalled.Token);
        using var request = new HttpRequestMessage(HttpMethod.Put, url.Url)
        {
            Content = new FilePartContent(
                source,
                tally,
                offset,
                length,
                bytes =>
                {
                    // The body of a request that has failed may still be on its way.
                    lock (counting)
                    {
                        if (isOver)
                            return;
                        moved += bytes;
                        progress.Sent(bytes);
                        stalled.CancelAfter(options.StallTimeout);
                    }
                },
                () =>
                {
                    lock (counting)
                    {
                        if (!isOver)
                            stalled.CancelAfter(options.StoreAnswerTimeout);
                    }
                }),
        };
        // A store that refuses says so before the part is on its way, not by cutting the line in its middle.
        request.Headers.ExpectContinue = length > 0;
        foreach (var (name, value) in url.Headers ?? new Dictionary<string, string>())
            AddHeader(request, name, value);

        try
        {
            using var response = await store.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (response.IsSuccessStatusCode)
            {
                lock (counting)
                {
                    progress.Sent(length - moved);
                    (moved, isOver) = (0, true);
                }

                return response.Headers.NonValidated.TryGetValues("ETag", out var etag) && etag.ToString() is { Length: > 0 } text ? text : null;
            }

            throw await StoreAnswer.RefusalAsync(response, part, time, either.Token);
        }
        catch (HttpRequestException e)
        {
            throw e.InnerException as MediaException ?? Unreachable(part, e.InnerException?.Message ?? e.Message, e);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw Unreachable(part, e.Message, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unreachable(part, "nothing moved for too long.", e);
        }
        finally
        {
            lock (counting)
            {
                isOver = true;
                if (moved > 0)
                    progress.Sent(-moved);
            }
        }
    }

    private static void AddHeader(HttpRequestMessage request, string name, string value)
    {
        // The length is the content's own; a signed one is the same number.
        if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            return;
        if (!request.Headers.TryAddWithoutValidation(name, value))
            request.Content!.Headers.TryAddWithoutValidation(name, value);
    }

    private static MediaException Unreachable(int part, string why, Exception cause) =>
        new(MediaErrors.StoreUnreachable, FormattableString.Invariant($"The store did not take part {part}: {why}"), innerException: cause);
}
