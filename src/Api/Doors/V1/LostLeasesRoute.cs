using System.Text.Json;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Orleans;

namespace Media.Api.Doors.V1;

/// <summary>
/// <c>GET /v1/leases/events</c>: one stream for all uploads of a client. What happens while it is not connected is not told; the client's heartbeats find it.
/// </summary>
internal static class LostLeasesRoute
{
    public static async Task<IResult> StreamAsync(
        HttpContext context, Admission admission, IGrainFactory grains, IUploadSignals signals, IHostApplicationLifetime lifetime)
    {
        var (caller, invalid) = CallerReader.OfQuery(admission, context.Request.Query);
        if (invalid is not null)
            return (ProblemResult)invalid;
        if (caller.ClientId is not { } clientId)
            return (ProblemResult)ProblemCatalog.Invalid("clientId", RequestMessages.Required);

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        using var subscription = signals.SubscribeTakeovers(clientId);
        var writer = context.Response.BodyWriter;
        try
        {
            await EventStream.StartAsync(context.Response, ending.Token);
            while (true)
            {
                // Something at once: the client knows then that it is listened for.
                EventStream.WriteKeepAlive(writer);
                await writer.FlushAsync(ending.Token);
                if (await subscription.NextAsync(EventStream.KeepAlive, ending.Token) is not { } tag)
                    continue;
                if (await FindLeaseAsync(grains, tag, admission.User, ending.Token) is { } lease && lease.ClientId != clientId)
                {
                    var data = JsonSerializer.SerializeToUtf8Bytes(new LostLeaseEvent(tag, LeaseAnswer.Of(lease)), MediaJson.Default.LostLeaseEvent);
                    EventStream.Write(writer, "lost"u8, null, data);
                }
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client went, or the server goes.
        }

        return TypedResults.Empty;
    }

    /// <summary>Client ids are anybody's to choose: nothing is told of an upload that is not this user's.</summary>
    private static async Task<Lease?> FindLeaseAsync(IGrainFactory grains, string tag, string user, CancellationToken cancellationToken)
    {
        try
        {
            var upload = await Sessions.Find(grains, tag)!.GetAsync(new Caller(user), cancellationToken);
            return upload.IsSuccess ? upload.Value.Lease : null;
        }
        catch (StorageUnavailableException)
        {
            return null;
        }
    }
}
