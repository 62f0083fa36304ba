namespace Media.Api.Origins;

/// <summary>Origins whose pages may use this server, <c>Media:Origins</c>: scheme, host and port, compared as they are.</summary>
internal sealed class OriginList
{
    private readonly HashSet<string> origins = new(StringComparer.Ordinal);
    private readonly bool allowOwn;

    public OriginList(IConfiguration configuration, IHostEnvironment environment)
    {
        foreach (var entry in configuration.GetSection("Media:Origins").GetChildren())
        {
            var origin = entry.Value?.TrimEnd('/') ?? "";
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.GetLeftPart(UriPartial.Authority) != origin)
                throw new InvalidOperationException($"{entry.Path} is not an origin such as https://example.org or http://127.0.0.1:8080.");
            origins.Add(origin);
        }

        // Elsewhere the Host header is the client's word, and another name for this server may be an attacker's.
        allowOwn = environment.IsDevelopment();
    }

    /// <summary>Whether pages of this origin may send this request.</summary>
    public bool Allows(string origin, HttpRequest request) =>
        origins.Contains(origin)
        || (allowOwn && string.Equals(origin, $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase));
}
