using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Media.AppHost.Dashboard;

/// <summary>Asks the API about events as an administrator, so that the dashboard's page needs no key.</summary>
internal sealed class EventsRelay(LocalSettings settings, HttpClient http)
{
    private const int Shown = 100;

    /// <summary>Maps what the page asks for.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/events", ReadAsync);
        routes.MapPost("/api/events/dead-letters/{id:long}/retry", (long id, CancellationToken cancellationToken) => ActAsync(HttpMethod.Post, $"{Path(id)}/retry", cancellationToken));
        routes.MapPost("/api/events/dead-letters/{id:long}/dismiss", (long id, CancellationToken cancellationToken) => ActAsync(HttpMethod.Delete, Path(id), cancellationToken));
    }

    private static string Path(long id) => string.Create(CultureInfo.InvariantCulture, $"/v1/events/dead-letters/{id}");

    private async Task<IResult> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var destinations = await GetAsync("/v1/events/destinations", cancellationToken);
            var letters = await GetAsync($"/v1/events/dead-letters?limit={Shown}", cancellationToken);
            return Results.Json(new JsonObject
            {
                ["destinations"] = destinations["destinations"]!.DeepClone(),
                ["deadLetters"] = letters["deadLetters"]!.DeepClone(),
                ["more"] = letters["next"] is not null,
            });
        }
        catch (Exception failure) when (IsApis(failure, cancellationToken))
        {
            return Results.Json(new JsonObject { ["unavailable"] = failure.Message });
        }
    }

    private async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, cancellationToken);
        return answer.IsSuccessStatusCode
            ? JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken))!
            : throw new HttpRequestException($"The API answers {(int)answer.StatusCode}.");
    }

    private async Task<IResult> ActAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await SendAsync(method, path, cancellationToken);
            return answer.IsSuccessStatusCode
                ? Results.NoContent()
                : Results.Content(await answer.Content.ReadAsStringAsync(cancellationToken), "application/json", statusCode: (int)answer.StatusCode);
        }
        catch (Exception failure) when (IsApis(failure, cancellationToken))
        {
            return Results.Json(new JsonObject { ["detail"] = failure.Message }, statusCode: StatusCodes.Status502BadGateway);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        var key = settings.AdministratorKey
            ?? throw new HttpRequestException("No account of Media:Accounts has Administrator and an ApiKey that is readable here.");
        using var request = new HttpRequestMessage(method, new Uri(settings.PageUrl + path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return await http.SendAsync(request, cancellationToken);
    }

    // What the client's own time-out throws is a cancellation as well.
    private static bool IsApis(Exception failure, CancellationToken cancellationToken) =>
        failure is HttpRequestException or SocketException or JsonException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested);
}
