using Media.Client;

namespace Media.CommandLine;

/// <summary>How the command ends, for scripts.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotAuthorised = 3;
    public const int Unreachable = 4;
    public const int Mismatched = 5;
    public const int Interrupted = 130;

    /// <summary>The code for several failures: the one that says most about what to do next.</summary>
    public static int Of(IReadOnlyCollection<MediaException> failures)
    {
        var code = Ok;
        foreach (var failure in failures)
        {
            if (failure.Code == MediaErrors.Interrupted)
                return Interrupted;
            code = (failure, code) switch
            {
                ({ IsUnauthorised: true }, _) or (_, NotAuthorised) => NotAuthorised,
                ({ Code: MediaErrors.ServerUnreachable }, _) or (_, Unreachable) => Unreachable,
                ({ Code: MediaErrors.ContentMismatched }, _) or (_, Mismatched) => Mismatched,
                _ => Failed,
            };
        }

        return code;
    }
}
