using System.Collections.Frozen;

namespace Media.Grains.Uploads;

/// <summary>The one table of moves between the states of an upload session.</summary>
public static class UploadTransitions
{
    private static readonly FrozenDictionary<UploadState, FrozenSet<UploadState>> Table = new Dictionary<UploadState, FrozenSet<UploadState>>
    {
        [UploadState.Created] = Set(UploadState.Uploading, UploadState.Completing, UploadState.Duplicate, UploadState.Aborted, UploadState.Expired, UploadState.Failed),
        [UploadState.Uploading] = Set(UploadState.Completing, UploadState.Duplicate, UploadState.Aborted, UploadState.Expired, UploadState.Failed),
        // Back to Uploading when the store turns the parts down, as it does when one is replaced while they are put together.
        [UploadState.Completing] = Set(UploadState.Stored, UploadState.Uploading, UploadState.Aborted, UploadState.Failed),
        [UploadState.Stored] = Set(UploadState.Verifying, UploadState.Failed),
        [UploadState.Verifying] = Set(UploadState.Verified, UploadState.Duplicate, UploadState.Mismatched, UploadState.Failed),
        [UploadState.Verified] = Set(),
        [UploadState.Duplicate] = Set(),
        [UploadState.Mismatched] = Set(),
        [UploadState.Aborted] = Set(),
        [UploadState.Expired] = Set(),
        [UploadState.Failed] = Set(),
    }.ToFrozenDictionary();

    /// <summary>Whether a session may go from <paramref name="from"/> to <paramref name="to"/>.</summary>
    public static bool IsAllowed(UploadState from, UploadState to) => Table[from].Contains(to);

    /// <summary>Whether nothing can follow.</summary>
    public static bool IsFinal(UploadState state) => Table[state].Count == 0;

    /// <summary>Whether the client still has something to do: send parts, or complete.</summary>
    public static bool IsActive(UploadState state) => state is UploadState.Created or UploadState.Uploading or UploadState.Completing;

    /// <summary>Whether the object is, or was once, whole in the bucket.</summary>
    public static bool IsStored(UploadState state) =>
        state is UploadState.Stored or UploadState.Verifying or UploadState.Verified or UploadState.Duplicate or UploadState.Mismatched;

    private static FrozenSet<UploadState> Set(params UploadState[] states) => states.ToFrozenSet();
}
