using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace Media.Api.Delivery;

/// <summary>The settings of delivery, checked: what is wrong is a reason not to start, and is told by the setting's name alone.</summary>
internal sealed class DeliverySettings
{
    public DeliverySettings(IOptions<DeliveryOptions> options, IConfiguration configuration, IHostEnvironment environment)
    {
        var given = options.Value;
        Secrets = [.. given.Secrets.Select((secret, i) => SecretOf(secret, i))];
        var shared = configuration.GetSection("Media:Origins").GetChildren().Select(entry => entry.Value ?? "");
        Origins = (given.Origins.Count > 0 ? given.Origins.Select(OriginOf) : shared.Select(origin => origin.TrimEnd('/'))).ToFrozenSet(StringComparer.Ordinal);
        if (given.MaxLifetime < TimeSpan.FromSeconds(1) || given.MaxLifetime > DeliveryRules.LongestLifetime)
            throw new InvalidOperationException($"{DeliveryOptions.Section}:{nameof(given.MaxLifetime)} must be from a second to 7 days.");
        MaxLifetime = given.MaxLifetime;
        if (given.PublicBaseUrl is { } url && (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https") || url.Query.Length + url.Fragment.Length + url.UserInfo.Length > 0))
            throw new InvalidOperationException($"{DeliveryOptions.Section}:{nameof(given.PublicBaseUrl)} has to be an address such as https://cdn.example.org.");
        PublicBaseUrl = given.PublicBaseUrl?.AbsoluteUri.TrimEnd('/');
        AllowOwnOrigin = environment.IsDevelopment();
    }

    /// <summary>The first signs, all are accepted.</summary>
    public IReadOnlyList<byte[]> Secrets { get; }

    /// <summary>Origins whose pages may show what is delivered.</summary>
    public FrozenSet<string> Origins { get; }

    /// <summary>The longest time that a link is signed for.</summary>
    public TimeSpan MaxLifetime { get; }

    /// <summary>What links begin with, without a slash at the end; null for this API's own <c>/media</c>.</summary>
    public string? PublicBaseUrl { get; }

    /// <summary>Scheme, host and port of <see cref="PublicBaseUrl"/>, or null.</summary>
    public string? PublicOrigin => PublicBaseUrl is { } url ? new Uri(url).GetLeftPart(UriPartial.Authority) : null;

    /// <summary>Whether pages of this API's own origin are allowed. Elsewhere the Host header is the client's word.</summary>
    public bool AllowOwnOrigin { get; }

    /// <summary>Whether there is a secret.</summary>
    public bool IsConfigured => Secrets.Count > 0;

    private static byte[] SecretOf(string hex, int index) =>
        hex.Length == 2 * DeliverySigner.SecretLength && hex.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(hex)
            : throw new InvalidOperationException($"{DeliveryOptions.Section}:{nameof(DeliveryOptions.Secrets)}:{index} is not 32 bytes in hexadecimal.");

    private static string OriginOf(string given, int index)
    {
        var origin = given.TrimEnd('/');
        return Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority) == origin
            ? origin
            : throw new InvalidOperationException($"{DeliveryOptions.Section}:{nameof(DeliveryOptions.Origins)}:{index} is not an origin such as https://example.org.");
    }
}
