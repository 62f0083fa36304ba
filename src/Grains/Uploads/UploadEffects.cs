using System.Collections.Immutable;
using Media.Grains.Events;
using Media.Grains.Ports;

namespace Media.Grains.Uploads;

/// <summary>What changes of an upload's state bring about. What verification ends in is announced with the catalog entry, not here.</summary>
internal static class UploadEffects
{
    /// <summary>What the changes from <paramref name="before"/> on bring about.</summary>
    /// <param name="tag">The upload.</param>
    /// <param name="state">Its state, with its history.</param>
    /// <param name="before">How many changes have been written.</param>
    public static StateEffects Of(string tag, UploadSessionState state, int before)
    {
        if (state.History.Length <= before)
            return StateEffects.None;

        var events = ImmutableArray.CreateBuilder<MediaEvent>();
        var jobs = ImmutableArray<PlannedJob>.Empty;
        foreach (var change in state.History.AsSpan()[before..])
        {
            if (TypeOf(change.State) is { } type)
                events.Add(new MediaEvent(type, tag, change.At, DataOf(state)));
            if (change.State == UploadState.Stored)
                jobs = [new PlannedJob(JobKinds.VerifyUpload, tag)];
        }

        return new StateEffects(events.ToImmutable(), jobs);
    }

    private static string? TypeOf(UploadState state) => state switch
    {
        UploadState.Created => EventTypes.UploadCreated,
        UploadState.Stored => EventTypes.UploadStored,
        UploadState.Mismatched => EventTypes.UploadMismatched,
        UploadState.Aborted => EventTypes.UploadAborted,
        UploadState.Expired => EventTypes.UploadExpired,
        UploadState.Failed => EventTypes.UploadFailed,
        _ => null,
    };

    private static EventData DataOf(UploadSessionState state) => new()
    {
        User = state.User,
        FileName = state.FileName,
        ContentType = state.ContentType,
        DetectedType = state.Actual?.DetectedType,
        Size = state.Size,
        TipHash = state.TipHash,
        PieceHash = state.PieceHash,
        ActualPieceHash = state.Actual?.PieceHash is { } actual && actual != state.PieceHash ? actual : null,
        Key = state.State == UploadState.Mismatched ? Contents.ContentKeys.Quarantine(Tags.FromKey(state.Key)!) : state.Key,
        Reason = state.Reason,
    };
}
