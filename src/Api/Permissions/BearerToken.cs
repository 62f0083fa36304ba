namespace Media.Api.Permissions;

/// <summary>The token of an <c>Authorization: Bearer</c> header (RFC 6750, section 2.1).</summary>
internal static class BearerToken
{
    private const string Scheme = "Bearer ";

    /// <summary>Reads it.</summary>
    /// <returns>Null where there is none, another scheme, or more than one header.</returns>
    public static string? Of(HttpRequest request)
    {
        var header = request.Headers.Authorization;
        if (header.Count != 1 || header[0] is not { } value || !value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return null;
        var token = value.AsSpan(Scheme.Length).Trim(' ');
        return token.IsEmpty ? null : token.ToString();
    }
}
