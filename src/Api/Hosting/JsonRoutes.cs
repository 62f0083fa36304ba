using Microsoft.AspNetCore.Http.Metadata;

namespace Media.Api.Hosting;

/// <summary>Describes routes that read JSON.</summary>
internal static class JsonRoutes
{
    /// <summary>Says what the body is, for the API's description, and how large it may be.</summary>
    public static TBuilder WithJsonBody<TBuilder, TBody>(this TBuilder builder, BodyLimit limit, bool optional = false)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new AcceptsMetadata(["application/json"], typeof(TBody), optional), limit);
}
