using System.Collections.Immutable;
using Media.Grains.Uploads;

namespace Media.Silo.Tests.Postgres;

/// <summary>States of upload sessions as tests want them.</summary>
internal static class Sessions
{
    public static readonly DateTimeOffset Start = new(2030, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    public static UploadSessionState Create(
        string user = "ann", UploadState state = UploadState.Uploading, long? size = 1_000, string? tipHash = null, string? pieceHash = null) => new()
    {
        User = user,
        State = state,
        FileName = "film.mov",
        EncodedFileName = "film.mov",
        ContentType = "video/quicktime",
        Size = size,
        TipHash = tipHash,
        PieceHash = pieceHash,
        Plan = new UploadPlan(UploadStrategy.Multipart, 8 << 20, 3),
        UploadId = "upload-" + Guid.NewGuid().ToString("N"),
        Key = "upload/x",
        CreatedAt = Start,
        ExpiresAt = Start.AddHours(24),
    };

    public static UploadSessionState CreateFull()
    {
        var state = Create(tipHash: "tip-" + Guid.NewGuid().ToString("N"), pieceHash: "piece");
        state.FileName = "Füße \"漢字\" 🙂 \\ / </script>.mov";
        state.EncodedFileName = "a%00b";
        state.Lease = new Lease("tab-1", 7, Start, Start.AddSeconds(60));
        state.LeaseEpoch = 7;
        state.Displaced = ["tab-0"];
        state.Permission = new Permission("p1", "ann", ["image/*", "video/mp4"], 5L << 40, null, long.MaxValue, Start.AddDays(1));
        state.CompletedAt = Start.AddMinutes(1);
        state.ETag = "\"0123-3\"";
        state.VersionId = "v1";
        state.History = [new StateChange(1, UploadState.Created, Start), new StateChange(2, UploadState.Uploading, Start.AddSeconds(1))];
        state.Metadata = ImmutableDictionary<string, string>.Empty.Add("Relative Path", "a/b").Add("CamelCase", "").Add("ß", "\u0001\u007f");
        return state;
    }
}
