using System.Globalization;

namespace Media.DevStorage.Operations;

/// <summary>Conditional requests: RFC 9110 section 13 for reads, and what S3 makes of If-Match and If-None-Match on writes.</summary>
internal static class Conditions
{
    /// <summary>True: answer 304 instead of the object.</summary>
    /// <exception cref="S3Exception"><c>PreconditionFailed</c></exception>
    public static bool NotModified(S3Request request, ObjectVersion version)
    {
        if (request.Header("If-Match") is { } match)
        {
            if (!Matches(match, version.ETag))
                throw S3Error.PreconditionFailed("If-Match");
        }
        else if (Time(request, "If-Unmodified-Since") is { } unmodified && Seconds(version) > unmodified)
        {
            throw S3Error.PreconditionFailed("If-Unmodified-Since");
        }

        if (request.Header("If-None-Match") is { } noneMatch)
            return Matches(noneMatch, version.ETag);
        return Time(request, "If-Modified-Since") is { } modified && Seconds(version) <= modified;
    }

    /// <summary>Checks a copy's conditions on its source.</summary>
    /// <exception cref="S3Exception"><c>PreconditionFailed</c></exception>
    public static void CheckCopySource(S3Request request, ObjectVersion source)
    {
        const string prefix = "x-amz-copy-source-";
        if (request.Header(prefix + "if-match") is { } match)
        {
            if (!Matches(match, source.ETag))
                throw S3Error.PreconditionFailed(prefix + "If-Match");
        }
        else if (Time(request, prefix + "if-unmodified-since") is { } unmodified && Seconds(source) > unmodified)
        {
            throw S3Error.PreconditionFailed(prefix + "If-Unmodified-Since");
        }

        if (request.Header(prefix + "if-none-match") is { } noneMatch)
        {
            if (Matches(noneMatch, source.ETag))
                throw S3Error.PreconditionFailed(prefix + "If-None-Match");
        }
        else if (Time(request, prefix + "if-modified-since") is { } modified && Seconds(source) <= modified)
        {
            throw S3Error.PreconditionFailed(prefix + "If-Modified-Since");
        }
    }

    /// <summary>
    /// Checks a write's conditions on what is there. Called before the body is read, to refuse early, and again under the catalog's lock,
    /// where it counts.
    /// </summary>
    /// <exception cref="S3Exception"><c>PreconditionFailed</c>, <c>NoSuchKey</c>, <c>NotImplemented</c></exception>
    public static void CheckWrite(S3Request request, ObjectVersion? current)
    {
        var noneMatch = request.Header("If-None-Match");
        var match = request.Header("If-Match");
        if (noneMatch is not null)
        {
            if (match is not null || !string.Equals(noneMatch.Trim(), "*", StringComparison.Ordinal))
                throw S3Error.NotImplemented("A header you provided");
            if (current is not null)
                throw S3Error.PreconditionFailed("If-None-Match");
        }

        if (match is null)
            return;
        if (current is null)
            throw S3Error.NoSuchKey(request.Key);
        if (!Matches(match, current.ETag))
            throw S3Error.PreconditionFailed("If-Match");
    }

    /// <summary>True when a list of entity tags names this one; quotes may be missing, as S3 allows.</summary>
    public static bool Matches(string list, string etag)
    {
        foreach (var range in list.AsSpan().Split(','))
        {
            var candidate = list.AsSpan(range).Trim();
            if (candidate is "*")
                return true;
            if (candidate.StartsWith("W/"))
                candidate = candidate[2..];
            if (candidate.Trim('"').SequenceEqual(etag))
                return true;
        }

        return false;
    }

    private static long? Time(S3Request request, string name) =>
        request.Header(name) is { } text
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time.ToUnixTimeSeconds()
            : null;

    // Last-Modified has no fractions.
    private static long Seconds(ObjectVersion version) => version.Modified / 1000;
}
