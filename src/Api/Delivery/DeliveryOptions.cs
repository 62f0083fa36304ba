namespace Media.Api.Delivery;

/// <summary>Settings of delivery by signed links, <c>Media:Delivery</c>.</summary>
public sealed class DeliveryOptions
{
    /// <summary>Where the settings are.</summary>
    public const string Section = "Media:Delivery";

    /// <summary>
    /// Secrets of 32 bytes in hexadecimal. The first signs; all are accepted, so that a new one can be put before the old one, which stays until its
    /// links have expired. None: delivery is off.
    /// </summary>
    public IList<string> Secrets { get; init; } = [];

    /// <summary>Origins whose pages may show what is delivered. None: those of <c>Media:Origins</c>.</summary>
    public IList<string> Origins { get; init; } = [];

    /// <summary>The longest time that a link is signed for, from a second to 7 days.</summary>
    public TimeSpan MaxLifetime { get; set; } = DeliveryRules.LongestLifetime;

    /// <summary>What links begin with: the address of a CDN in front of the bucket. Null: this API's own <c>/media</c>.</summary>
    public Uri? PublicBaseUrl { get; set; }
}
