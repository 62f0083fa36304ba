using Media.Api.Problems;
using Media.Grains.Results;
using Media.Grains.Uploads;
using Orleans;

namespace Media.Api.Doors;

/// <summary>Finds upload sessions by what a request calls them.</summary>
internal static class Sessions
{
    /// <summary>What is answered for a name that no session can have, without asking the database.</summary>
    public static Problem NotFound { get; } = ProblemCatalog.Of(new Refusal(RefusalCode.UploadNotFound, "There is no such upload."));

    /// <summary>The session with a tag.</summary>
    /// <returns>Null where this cannot be a tag.</returns>
    public static IUploadSessionGrain? Find(IGrainFactory grains, string tag) =>
        Tags.IsTag(tag) ? grains.GetGrain<IUploadSessionGrain>(tag) : null;
}
