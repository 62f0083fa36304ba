using System.Collections.Immutable;
using Media.Grains.Uploads;
using Media.Grains.Users;

namespace Media.Grains.Ports;

/// <summary>Finds upload sessions by what is in their state, across all of them. Written with the state itself, so never behind it.</summary>
public interface IUploadIndex
{
    /// <summary>The session in progress of a user with this size and tip hash.</summary>
    /// <param name="user">The owner.</param>
    /// <param name="size">Bytes.</param>
    /// <param name="tipHash">The tip hash as claimed.</param>
    /// <param name="pieceHash">Where given, sessions that claim another piece hash are passed over.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Its tag, or null.</returns>
    Task<string?> FindInProgressAsync(string user, long size, string tipHash, string? pieceHash, CancellationToken cancellationToken);

    /// <summary>The session that a store's upload id belongs to.</summary>
    /// <returns>Its tag, or null.</returns>
    Task<string?> FindByUploadIdAsync(string user, string uploadId, CancellationToken cancellationToken);

    /// <summary>A page of a user's sessions, newest first.</summary>
    /// <returns>The page, or null where the filter's cursor is not one of ours.</returns>
    Task<UploadPage?> ListAsync(string user, UploadFilter filter, CancellationToken cancellationToken);

    /// <summary>Tags of active sessions whose time was up at <paramref name="now"/>, the oldest first.</summary>
    Task<ImmutableArray<string>> FindDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>Whether an active session owns this multipart upload.</summary>
    Task<bool> IsActiveAsync(string tag, string uploadId, CancellationToken cancellationToken);

    /// <summary>Sessions by their tags, whatever has become of them.</summary>
    /// <returns>Those that there are, in no order.</returns>
    Task<ImmutableArray<KnownSession>> FindAsync(ImmutableArray<string> tags, CancellationToken cancellationToken);
}

/// <summary>As much of a session as decides over its object.</summary>
/// <param name="Tag">Its tag.</param>
/// <param name="State">Where it is; null for a state that only a newer version of this program knows.</param>
/// <param name="Size">Bytes, or null while unknown.</param>
public sealed record KnownSession(string Tag, UploadState? State, long? Size);
