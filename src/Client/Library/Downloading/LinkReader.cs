using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Media.Client.Uploading;

namespace Media.Client.Downloading;

/// <summary>
/// Reads one file's bytes by signed links, from a place in it to its end: a line that is cut is gone on with by a <c>Range</c>, a link that
/// has expired is replaced by a fresh one.
/// </summary>
internal sealed class LinkReader(
    MediaClient client, HttpClient delivery, CatalogFile file, DownloaderOptions options, RetryPolicy retry, DownloadTeller progress, TimeProvider time)
{
    private const int BufferLength = 256 * 1024;
    private readonly Uri _referer = new((options.Referer ?? client.Server).GetLeftPart(UriPartial.Authority) + "/");
    private MediaLink? _link;

    /// <summary>Reads the rest of the file.</summary>
    /// <param name="from">How many bytes are here already.</param>
    /// <param name="take">Takes bytes in their order.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public async Task ReadAsync(long from, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> take, CancellationToken cancellationToken)
    {
        var tries = retry.Begin(progress.Note);
        for (var at = from; at < file.Size;)
        {
            var before = at;
            var isFresh = _link is null;
            try
            {
                _link ??= await retry.CallAsync(() => client.CreateLinkAsync(file.Id, options.LinkLifetime, cancellationToken), progress.Note, cancellationToken);
                at = await ReadOnceAsync(_link, at, take, moved => at = moved, cancellationToken);
            }
            catch (MediaException e) when (e.Code == MediaErrors.LinkRefused && !isFresh)
            {
                _link = null;
            }
            catch (MediaException e) when (e.IsTransient)
            {
                // What came is progress, however the line ended.
                if (at > before)
                    tries = retry.Begin(progress.Note);
                await tries.PauseAsync(e, cancellationToken);
            }
        }

        tries.Succeeded();
    }

    private async Task<long> ReadOnceAsync(
        MediaLink link, long at, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> take, Action<long> moved, CancellationToken cancellationToken)
    {
        using var stalled = new CancellationTokenSource(options.StallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stalled.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, link.Url);
        request.Headers.Referrer = _referer;
        if (at > 0)
            request.Headers.Range = new RangeHeaderValue(at, null);
        try
        {
            using var response = await delivery.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var skip = CheckAnswer(response, at);
            await using var body = await response.Content.ReadAsStreamAsync(either.Token);
            var buffer = new byte[BufferLength];
            while (true)
            {
                var read = await body.ReadAsync(buffer, either.Token);
                if (read == 0)
                    return at == file.Size ? at : throw Unreachable("the answer ended early.", null);
                stalled.CancelAfter(options.StallTimeout);
                var skipped = (int)Math.Min(skip, read);
                skip -= skipped;
                if (read - skipped > file.Size - at)
                    throw new MediaException(MediaErrors.UnexpectedAnswer, "The link leads to more bytes than the catalog tells.");
                if (read == skipped)
                    continue;
                await take(buffer.AsMemory(skipped, read - skipped), cancellationToken);
                at += read - skipped;
                moved(at);
                progress.Received(read - skipped);
            }
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e.InnerException?.Message ?? e.Message, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unreachable("nothing came for too long.", e);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw Unreachable(e.Message, e);
        }
    }

    /// <returns>How many bytes of the answer are here already.</returns>
    private long CheckAnswer(HttpResponseMessage response, long at)
    {
        var status = response.StatusCode;
        switch (status)
        {
            case HttpStatusCode.OK when response.Content.Headers.ContentLength is null || response.Content.Headers.ContentLength == file.Size:
                // Without a Range, or by something on the way that knows none.
                return at;
            case HttpStatusCode.PartialContent when response.Content.Headers.ContentRange is { } range && range.From == at && range.Length == file.Size:
                return 0;
            case HttpStatusCode.Forbidden:
                throw new MediaException(
                    MediaErrors.LinkRefused,
                    $"The delivery gate at {Authority()} refuses the link. It wants a Referer of an origin that Media:Delivery:Origins names; {_referer} was sent.",
                    (int)status);
            case HttpStatusCode.NotFound:
                throw new MediaException(MediaErrors.ContentMissing, "The file's content is not there; the file may have been deleted.", (int)status);
            case >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout:
                throw new MediaException(MediaErrors.StoreUnreachable, Invariant($"{Authority()} answered {(int)status} to the link."))
                {
                    RetryAfter = ApiTransport.RetryAfterOf(response, time),
                };
            default:
                throw new MediaException(MediaErrors.UnexpectedAnswer, Invariant($"{Authority()} answered {(int)status} to the link, or other bytes than were asked for."), (int)status);
        }
    }

    private string Authority() => _link!.Url.GetLeftPart(UriPartial.Authority);

    private MediaException Unreachable(string why, Exception? cause) =>
        new(MediaErrors.StoreUnreachable, $"The download from {Authority()} broke off: {why}", innerException: cause);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
