using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Media.Client.Uploading;

/// <summary>Reads why an S3 store refused a part. The store's words are not passed on, for they may repeat the signature; its code is.</summary>
internal static partial class StoreAnswer
{
    private const int MostBytes = 4096;

    public static async Task<MediaException> RefusalAsync(HttpResponseMessage response, int part, TimeProvider time, CancellationToken cancellationToken)
    {
        var status = response.StatusCode;
        var code = await CodeAsync(response, cancellationToken);
        var message = FormattableString.Invariant($"The store answered {(int)status}{(code is null ? "" : " " + code)} to part {part}.");
        var wait = ApiTransport.RetryAfterOf(response, time);
        return (status, code) switch
        {
            // RequestTimeout is S3's word for a line that was too slow, sent with status 400.
            ( >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout, _) or (_, "RequestTimeout" or "SlowDown") =>
                new MediaException(MediaErrors.StoreUnreachable, message) { RetryAfter = wait },
            (HttpStatusCode.NotFound, not "NoSuchBucket") => new MediaException(ServerCodes.UploadGone, message, (int)status),
            _ => new MediaException(MediaErrors.StoreRefused, message, (int)status),
        };
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var buffer = new byte[MostBytes];
            var read = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            return CodePattern().Match(Encoding.UTF8.GetString(buffer, 0, read)) is { Success: true } match ? match.Groups["code"].Value : null;
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return null;
        }
    }

    [GeneratedRegex("<Code>(?<code>[A-Za-z0-9.]{1,64})</Code>", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CodePattern();
}
