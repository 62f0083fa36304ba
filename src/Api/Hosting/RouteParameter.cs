namespace Media.Api.Hosting;

/// <summary>A route parameter that something other than the handler reads; for the API's description.</summary>
/// <param name="Name">As in the route.</param>
internal sealed record RouteParameter(string Name);
