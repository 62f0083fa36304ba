namespace Media.Api.Page;

/// <summary>What the page may load and talk to (https://www.w3.org/TR/CSP3/).</summary>
internal static class ContentSecurityPolicy
{
    /// <summary>The policy of a page that uploads to a store, and shows what is delivered.</summary>
    /// <param name="storeOrigin">Where presigned URLs go to.</param>
    /// <param name="deliveryOrigin">Where links go to, or null where that is this server.</param>
    public static string For(string storeOrigin, string? deliveryOrigin) => string.Join("; ",
        "default-src 'none'",
        "script-src 'self'",
        // Hashing runs in workers, which are files of the page.
        "worker-src 'self'",
        // Upload widgets size and place their elements by style attributes.
        "style-src 'self' 'unsafe-inline'",
        $"img-src 'self' data: blob:{Also(deliveryOrigin)}",
        $"media-src 'self' blob:{Also(deliveryOrigin)}",
        "font-src 'self' data:",
        $"connect-src 'self' {storeOrigin}",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'");

    private static string Also(string? origin) => origin is null ? "" : $" {origin}";
}
