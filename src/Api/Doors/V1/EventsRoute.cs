using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Ports;
using Media.Grains.Results;
using Media.Grains.Uploads;
using Orleans;

namespace Media.Api.Doors.V1;

/// <summary>
/// <c>GET /v1/uploads/{tag}/events</c>. Signals only say when to look: what is sent comes
/// from the session's history, so nothing is lost between two connections, or with a lost signal.
/// </summary>
internal static class EventsRoute
{
    public static async Task<IResult> StreamAsync(
        string tag, HttpContext context, Admission admission, IGrainFactory grains, IUploadSignals signals, IHostApplicationLifetime lifetime)
    {
        if (Sessions.Find(grains, tag) is not { } session)
            return (ProblemResult)Sessions.NotFound;

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var caller = new Caller(admission.User);
        // Before the first look, so that no change falls between the two.
        using var subscription = signals.Subscribe(tag);
        var upload = await session.GetAsync(caller, ending.Token);
        if (!upload.IsSuccess)
            return (ProblemResult)ProblemCatalog.Of(upload.Refusal);

        var response = context.Response;
        await EventStream.StartAsync(response, ending.Token);
        try
        {
            await FollowAsync(response, session, caller, subscription, upload.Value, LastEventId(context.Request), ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client went, or the server goes; a client that is still there comes back with its last event's id.
        }

        return TypedResults.Empty;
    }

    private static async Task FollowAsync(
        HttpResponse response, IUploadSessionGrain session, Caller caller, IUploadSubscription subscription, Upload upload, int sent, CancellationToken cancellationToken)
    {
        VerificationProgress? told = null;
        while (true)
        {
            var silent = true;
            foreach (var change in upload.History)
            {
                if (change.Sequence <= sent)
                    continue;
                Write(response.BodyWriter, upload.Tag, change);
                sent = change.Sequence;
                silent = false;
            }

            // Who goes on from a checkpoint after a crash begins a little further back.
            if (upload.State == UploadState.Verifying && subscription.Progress is { } progress && (told is null || progress.Verified > told.Verified))
            {
                Write(response.BodyWriter, upload.Tag, progress);
                told = progress;
                silent = false;
            }

            if (silent)
                EventStream.WriteKeepAlive(response.BodyWriter);
            await response.BodyWriter.FlushAsync(cancellationToken);
            if (UploadTransitions.IsFinal(upload.State))
                return;

            await subscription.WaitAsync(EventStream.KeepAlive, cancellationToken);
            Result<Upload> next;
            try
            {
                next = await session.GetAsync(caller, cancellationToken);
            }
            catch (StorageUnavailableException)
            {
                // The stream lives through an outage: the next look may see again.
                continue;
            }

            if (!next.IsSuccess)
                return;
            upload = next.Value;
        }
    }

    private static void Write(IBufferWriter<byte> writer, string tag, StateChange change)
    {
        var data = JsonSerializer.SerializeToUtf8Bytes(new UploadEvent(tag, change.State, change.At, change.Sequence), MediaJson.Default.UploadEvent);
        EventStream.Write(writer, "state"u8, change.Sequence, data);
    }

    // Without an id: a client that comes back has missed nothing that the next one does not tell.
    private static void Write(IBufferWriter<byte> writer, string tag, VerificationProgress progress)
    {
        var data = JsonSerializer.SerializeToUtf8Bytes(new ProgressEvent(tag, progress.Verified, progress.Size), MediaJson.Default.ProgressEvent);
        EventStream.Write(writer, "progress"u8, null, data);
    }

    private static int LastEventId(HttpRequest request)
    {
        string? text = request.Headers["Last-Event-ID"];
        text ??= request.Query["lastEventId"];
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;
    }
}
