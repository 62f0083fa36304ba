using System.Globalization;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Uploads;

namespace Media.Api.Doors.V1;

/// <summary>Who asks: the permission's user, and the client instance that the request names.</summary>
internal static class CallerReader
{
    /// <summary>Of what a JSON body says.</summary>
    public static (Caller Caller, Problem? Problem) Of(Admission admission, string? clientId, long? epoch) =>
        clientId is not null && !UploadRules.IsClientId(clientId)
            ? (new Caller(admission.User), ProblemCatalog.Invalid("clientId", RequestMessages.ClientId))
            : (new Caller(admission.User, clientId, epoch), null);

    /// <summary>Of query parameters, for requests without a body.</summary>
    public static (Caller Caller, Problem? Problem) OfQuery(Admission admission, IQueryCollection query)
    {
        long? epoch = null;
        if (query.TryGetValue("epoch", out var text))
        {
            if (text.Count != 1 || !long.TryParse(text[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return (new Caller(admission.User), ProblemCatalog.Invalid("epoch", RequestMessages.Epoch));
            epoch = number;
        }

        if (!query.TryGetValue("clientId", out var clientId))
            return Of(admission, null, epoch);
        return clientId.Count == 1
            ? Of(admission, clientId[0], epoch)
            : (new Caller(admission.User), ProblemCatalog.Invalid("clientId", RequestMessages.ClientId));
    }
}
