namespace Media.Api.Hosting;

/// <summary>A query parameter that a handler reads from the request itself; for the API's description.</summary>
/// <param name="Name">As in the query.</param>
/// <param name="IsNumber">Whether it is a whole number.</param>
internal sealed record QueryParameter(string Name, bool IsNumber = false);
