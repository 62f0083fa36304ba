namespace Media.Silo.Outbox;

/// <summary>The RabbitMQ broker that events are published to, <c>Media:Events:RabbitMq</c>. Without <see cref="Uri"/> and <see cref="Host"/> there is none.</summary>
public sealed class RabbitMqOptions
{
    /// <summary><c>amqp://</c> or <c>amqps://</c>, with user, password and virtual host; in place of the five settings below.</summary>
    public string? Uri { get; set; }

    /// <summary>The broker's name or address.</summary>
    public string? Host { get; set; }

    /// <summary>Its port; 0 for the usual one, 5672 or with TLS 5671.</summary>
    public int Port { get; set; }

    /// <summary>The virtual host.</summary>
    public string VirtualHost { get; set; } = "/";

    /// <summary>The user.</summary>
    public string User { get; set; } = "guest";

    /// <summary>The user's password.</summary>
    public string Password { get; set; } = "guest";

    /// <summary>Whether to speak TLS, with <see cref="Host"/>.</summary>
    public bool Tls { get; set; }

    /// <summary>The topic exchange.</summary>
    public string Exchange { get; set; } = "media.events";

    /// <summary>Whether to declare the exchange, durable. False where the user may not, and somebody else has.</summary>
    public bool DeclareExchange { get; set; } = true;

    /// <summary>What messages are routed by; <c>{type}</c> and <c>{subject}</c> stand for the event's.</summary>
    public string RoutingKey { get; set; } = "{type}";

    /// <summary>Types of events to publish: exact, or with <c>.*</c> at the end. Empty: all.</summary>
    public IList<string> Types { get; init; } = [];

    /// <summary>Whether there is a broker.</summary>
    public bool IsSet => !string.IsNullOrEmpty(Uri) || !string.IsNullOrEmpty(Host);
}
