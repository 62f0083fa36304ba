using System.Reflection;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Uploads;
using Orleans;

namespace Media.Api.Doors.Companion;

/// <summary>
/// The upload that a Companion route names by key and upload id. Both must be the session's own, and the session the permission's user's:
/// Companion itself trusts its client with both.
/// </summary>
internal static class CompanionSession
{
    public static async ValueTask<(IUploadSessionGrain? Session, Upload? Upload, Problem? Problem)> FindAsync(
        IGrainFactory grains, Admission admission, string? key, string uploadId, CancellationToken cancellationToken)
    {
        if (Tags.FromKey(key) is not { } tag || Sessions.Find(grains, tag) is not { } session)
            return (null, null, Sessions.NotFound);
        var found = await session.GetAsync(new Caller(admission.User), cancellationToken);
        if (!found.IsSuccess)
            return (null, null, ProblemCatalog.Of(found.Refusal));
        return string.Equals(found.Value.UploadId, uploadId, StringComparison.Ordinal)
            ? (session, found.Value, null)
            : (null, null, Sessions.NotFound);
    }
}
