using System.Globalization;

namespace Media.DevStorage.Http;

/// <summary>A request's body without its framing, and the length it should have.</summary>
internal sealed class RequestBody : IAsyncDisposable
{
    private readonly AwsChunkedStream? _chunked;

    private RequestBody(Stream stream, AwsChunkedStream? chunked, long? length)
    {
        Stream = stream;
        _chunked = chunked;
        Length = length;
    }

    public Stream Stream { get; }

    /// <summary>The length that was announced; null only for documents sent without one.</summary>
    public long? Length { get; }

    public IReadOnlyDictionary<string, string>? Trailer => _chunked?.Trailer;

    /// <exception cref="S3Exception"><c>MissingContentLength</c>, <c>InvalidArgument</c></exception>
    public static RequestBody Open(S3Request request, bool mustHaveLength = false)
    {
        var http = request.Http.Request;
        var stream = http.Body;
        var kind = request.Authentication.Payload;
        if (kind is PayloadKind.Unsigned or PayloadKind.Hashed)
        {
            if (http.ContentLength is null && mustHaveLength)
                throw S3Error.MissingContentLength();
            return new RequestBody(stream, null, http.ContentLength);
        }

        if (request.Header("x-amz-decoded-content-length") is not { } text)
            throw S3Error.MissingContentLength();
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length))
            throw S3Error.InvalidArgument("x-amz-decoded-content-length must be a number", "x-amz-decoded-content-length", text);
        var chunked = new AwsChunkedStream(stream, kind, request.Authentication.Chunks);
        return new RequestBody(chunked, chunked, length);
    }

    /// <exception cref="S3Exception"><c>IncompleteBody</c></exception>
    public void CheckLength(long received)
    {
        if (Length is { } length && length != received)
            throw S3Error.IncompleteBody();
    }

    public ValueTask DisposeAsync() => _chunked?.DisposeAsync() ?? ValueTask.CompletedTask;
}
