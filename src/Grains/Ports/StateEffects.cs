using System.Collections.Immutable;
using Media.Grains.Events;

namespace Media.Grains.Ports;

/// <summary>
/// A state whose writing brings more about: events and jobs that are in the database exactly when the state is. Grain storage writes them with the state,
/// in one transaction.
/// </summary>
public interface IStateEffects
{
    /// <summary>What the next write brings about. Not part of what is stored.</summary>
    StateEffects GetEffects();
}

/// <summary>What comes about with a write.</summary>
/// <param name="Events">To be announced. One that was announced before, by its id, is passed over.</param>
/// <param name="Jobs">To be done. One whose kind and key are waiting or running already is passed over, whenever it is due.</param>
public sealed record StateEffects(ImmutableArray<MediaEvent> Events, ImmutableArray<PlannedJob> Jobs)
{
    /// <summary>Nothing.</summary>
    public static StateEffects None { get; } = new([], []);

    /// <summary>Whether nothing comes about.</summary>
    public bool IsEmpty => Events.IsEmpty && Jobs.IsEmpty;
}

/// <summary>Work to be done after the transaction.</summary>
/// <param name="Kind">One of <see cref="JobKinds"/>.</param>
/// <param name="Key">What it is about; at most one job of a kind has a key at a time.</param>
public sealed record PlannedJob(string Kind, string Key)
{
    /// <summary>How long after the transaction it is due.</summary>
    public TimeSpan Delay { get; init; }
}

/// <summary>Kinds of jobs that grains and the catalog ask for.</summary>
public static class JobKinds
{
    /// <summary>Reads a stored upload back, and files or quarantines it. Key: the tag.</summary>
    public const string VerifyUpload = "verify-upload";

    /// <summary>
    /// Deletes what nothing refers to any more. Key: the piece hash of a content, or the object's key (<c>upload/TAG</c>) of an empty file.
    /// </summary>
    public const string CollectContent = "collect-content";

    /// <summary>Makes thumbnails of a content. Key: the piece hash.</summary>
    public const string MakeThumbnails = "make-thumbnails";
}
