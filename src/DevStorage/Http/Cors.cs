namespace Media.DevStorage.Http;

/// <summary>Cross-origin answers from the bucket's configuration: preflights, and the headers of every other answer, errors included.</summary>
internal static class Cors
{
    /// <summary>Sets the headers of an answer to a request that came from a page, if a rule allows it.</summary>
    public static void Describe(HttpContext http, IReadOnlyList<CorsRule> rules)
    {
        var origin = http.Request.Headers.Origin.ToString();
        if (origin.Length == 0)
            return;
        foreach (var rule in rules)
        {
            if (!rule.Allows(origin, http.Request.Method))
                continue;
            Write(http.Response, rule, origin);
            return;
        }
    }

    /// <exception cref="S3Exception"><c>BadRequest</c>, <c>AccessForbidden</c></exception>
    public static void Preflight(HttpContext http, IReadOnlyList<CorsRule> rules)
    {
        var request = http.Request;
        var origin = request.Headers.Origin.ToString();
        var method = request.Headers.AccessControlRequestMethod.ToString();
        if (origin.Length == 0)
            throw new S3Exception(400, "BadRequest", "Insufficient information. Origin request header needed.");
        if (method.Length == 0)
            throw new S3Exception(400, "BadRequest", "Invalid Access-Control-Request-Method: null");
        if (rules.Count == 0)
            throw new S3Exception(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.");
        var headers = request.Headers.AccessControlRequestHeaders.ToString()
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var rule in rules)
        {
            if (!rule.Allows(origin, method) || !rule.AllowsHeaders(headers))
                continue;
            Write(http.Response, rule, origin);
            if (headers.Length > 0)
                http.Response.Headers.AccessControlAllowHeaders = string.Join(", ", headers).ToLowerInvariant();
            http.Response.ContentLength = 0;
            return;
        }

        throw new S3Exception(
            403,
            "AccessForbidden",
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.");
    }

    private static void Write(HttpResponse response, CorsRule rule, string origin)
    {
        var headers = response.Headers;
        if (rule.Origins.Contains("*", StringComparer.Ordinal))
        {
            headers.AccessControlAllowOrigin = "*";
        }
        else
        {
            headers.AccessControlAllowOrigin = origin;
            headers.AccessControlAllowCredentials = "true";
        }

        headers.AccessControlAllowMethods = string.Join(", ", rule.Methods);
        if (rule.Exposed.Count > 0)
            headers.AccessControlExposeHeaders = string.Join(", ", rule.Exposed);
        if (rule.MaxAge is { } age)
            headers.AccessControlMaxAge = age.ToString(System.Globalization.CultureInfo.InvariantCulture);
        headers.Vary = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";
    }
}
