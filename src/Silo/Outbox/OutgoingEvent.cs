namespace Media.Silo.Outbox;

/// <summary>An event of the outbox, on its way out.</summary>
/// <param name="Id">The same however often it is sent.</param>
/// <param name="Type">One of <see cref="Grains.Events.EventTypes"/>.</param>
/// <param name="Subject">The tag.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Data">JSON.</param>
internal sealed record OutgoingEvent(string Id, string Type, string Subject, DateTimeOffset Time, byte[] Data);
