namespace Media.Api.Problems;

/// <summary>Says in the API's description which problems a route answers with.</summary>
internal static class ProblemRoutes
{
    /// <summary>Declares problems by status.</summary>
    public static TBuilder ProducesProblems<TBuilder>(this TBuilder builder, params ReadOnlySpan<int> statuses)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (var status in statuses)
            builder.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(Problem), [ProblemResult.ContentType]));
        return builder;
    }
}
