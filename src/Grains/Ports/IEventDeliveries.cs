using System.Collections.Immutable;

namespace Media.Grains.Ports;

/// <summary>What an administrator can see and do about events that are told to others.</summary>
public interface IEventDeliveries
{
    /// <summary>How each destination fares that is in the settings of a process or has anything left, by name.</summary>
    Task<ImmutableArray<EventDestination>> ListDestinationsAsync(CancellationToken cancellationToken);

    /// <summary>Deliveries that were given up, the latest delivery first.</summary>
    /// <param name="before">Only those with a smaller number; null for the first page.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<ImmutableArray<DeadLetter>> ListDeadLettersAsync(long? before, int limit, CancellationToken cancellationToken);

    /// <summary>Has a dead letter tried again, with all the time of a new one.</summary>
    Task<DeadLetterRetry> RetryAsync(long id, CancellationToken cancellationToken);

    /// <summary>Forgets a dead letter.</summary>
    /// <returns>False where there is none with this number.</returns>
    Task<bool> DismissAsync(long id, CancellationToken cancellationToken);
}

/// <summary>How a destination fares.</summary>
/// <param name="Name">As in the settings.</param>
/// <param name="Waiting">Events that it has not been told of; counted up to <see cref="MaxCount"/>.</param>
/// <param name="Dead">Dead letters; counted up to <see cref="MaxCount"/>.</param>
/// <param name="OldestWaiting">When the first of the waiting events happened, or null.</param>
/// <param name="LastError">Why the last try of a waiting event failed, or null.</param>
/// <param name="IsConfigured">Whether a process has it in its settings.</param>
public sealed record EventDestination(string Name, int Waiting, int Dead, DateTimeOffset? OldestWaiting, string? LastError, bool IsConfigured)
{
    /// <summary>No more than this are counted.</summary>
    public const int MaxCount = 10_000;
}

/// <summary>A delivery that was given up.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Destination">Who was not told.</param>
/// <param name="EventId">Of what.</param>
/// <param name="Type">The event's type.</param>
/// <param name="Subject">The upload.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="LastError">Why it failed the last time.</param>
/// <param name="DeadSince">When it was given up.</param>
public sealed record DeadLetter(
    long Id, string Destination, string EventId, string Type, string Subject, DateTimeOffset Time, int Attempts, string? LastError, DateTimeOffset DeadSince);

/// <summary>What came of having a dead letter tried again.</summary>
public enum DeadLetterRetry
{
    /// <summary>It waits for its next try.</summary>
    Waiting,

    /// <summary>There is none with this number.</summary>
    NotFound,

    /// <summary>No process has its destination in its settings: nobody would try.</summary>
    DestinationGone,
}
