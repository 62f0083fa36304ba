namespace Media.Api.Problems;

/// <summary>Answers with a problem, in the form of the route's door.</summary>
internal sealed class ProblemResult(Problem problem) : IResult, IStatusCodeHttpResult, IValueHttpResult<Problem>
{
    /// <summary>RFC 9457, section 6.1.</summary>
    public const string ContentType = "application/problem+json";

    /// <inheritdoc/>
    public int? StatusCode => problem.Status;

    /// <inheritdoc/>
    public Problem? Value => problem;

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext) => ProblemForm.WriteAsync(httpContext, problem);

    /// <summary>Answers with a problem.</summary>
    public static implicit operator ProblemResult(Problem problem) => new(problem);
}
