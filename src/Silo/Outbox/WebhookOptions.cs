namespace Media.Silo.Outbox;

/// <summary>One receiver by HTTP, an entry of <c>Media:Events:Webhooks</c>.</summary>
public sealed class WebhookOptions
{
    /// <summary>Names the destination in the database: lower-case letters, digits and hyphens. A new name is a new destination.</summary>
    public string Name { get; set; } = "";

    /// <summary>Where events are posted to.</summary>
    public string Url { get; set; } = "";

    /// <summary><c>whsec_</c> and the base64 of 24 to 64 random bytes, known to the receiver.</summary>
    public string Secret { get; set; } = "";

    /// <summary>The secret before this one. While it is set, every request is signed with both, so that a receiver can change over in its own time.</summary>
    public string? PreviousSecret { get; set; }

    /// <summary>Types of events to send: exact, or with <c>.*</c> at the end. Empty: all.</summary>
    public IList<string> Types { get; init; } = [];

    /// <summary>Whether the address may be <c>http</c> elsewhere than on this machine. Whoever is on the way can read events then.</summary>
    public bool AllowHttp { get; set; }
}
