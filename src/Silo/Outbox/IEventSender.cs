namespace Media.Silo.Outbox;

/// <summary>Tells one destination of events. May be asked for several at once.</summary>
internal interface IEventSender : IAsyncDisposable
{
    /// <summary>Sends an event and waits until the destination has it. What the destination does wrong is an outcome, not an exception.</summary>
    Task<SendOutcome> SendAsync(OutgoingEvent outgoing, CancellationToken cancellationToken);
}

/// <summary>What came of sending an event.</summary>
internal enum SendResult
{
    /// <summary>The destination has it.</summary>
    Delivered,

    /// <summary>It may not have it; to be tried again.</summary>
    Failed,

    /// <summary>It does not want it, now or later.</summary>
    Refused,
}

/// <summary>What came of sending an event.</summary>
/// <param name="Result">Whether the destination has it.</param>
/// <param name="Error">Why not, for a person.</param>
/// <param name="RetryAfter">How long the destination asks to be left alone.</param>
internal sealed record SendOutcome(SendResult Result, string? Error = null, TimeSpan? RetryAfter = null)
{
    /// <summary>The destination has it.</summary>
    public static SendOutcome Delivered { get; } = new(SendResult.Delivered);

    /// <summary>To be tried again.</summary>
    public static SendOutcome Failed(string error, TimeSpan? retryAfter = null) => new(SendResult.Failed, error, retryAfter);

    /// <summary>Not to be tried again.</summary>
    public static SendOutcome Refused(string error) => new(SendResult.Refused, error);
}
