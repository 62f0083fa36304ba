using System.Diagnostics.CodeAnalysis;

namespace Media.Client;

/// <summary>
/// Something was refused or did not work. <see cref="Code"/> is the server's own code where the server said so, else one of
/// <see cref="MediaErrors"/>.
/// </summary>
[SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "An error without its code is of no use.")]
public sealed class MediaException : Exception
{
    /// <summary>Makes the exception.</summary>
    public MediaException(string code, string message, int? status = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
        Status = status;
    }

    /// <summary>The stable code.</summary>
    public string Code { get; }

    /// <summary>The HTTP status; null where no answer came.</summary>
    public int? Status { get; }

    /// <summary>The server's problem; null where it was not the server that failed.</summary>
    public MediaProblem? Problem { get; init; }

    /// <summary>How long the server, or the store, asked to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the same request may work later: no answer came, or one of 408, 429 and 500 to 599 that is not about the server's settings.</summary>
    public bool IsTransient => Status is null
        ? Code is MediaErrors.ServerUnreachable or MediaErrors.StoreUnreachable
        : Status is 408 or 429 or >= 500 && Code != MediaErrors.DeliveryNotConfigured;

    /// <summary>Whether the server does not take the key or permission, or not for this.</summary>
    public bool IsUnauthorised => Status is 401 or 403 && Code is not (MediaErrors.StoreRefused or MediaErrors.LinkRefused);

    internal static MediaException From(MediaProblem problem, int status, TimeSpan? retryAfter = null)
    {
        var message = problem.Detail ?? problem.Title ?? FormattableString.Invariant($"The server answered {status}.");
        if (problem.Errors is { Count: > 0 } errors)
            message += " " + string.Join(" ", errors.Select(field => $"{field.Key}: {string.Join(' ', field.Value)}"));
        return new MediaException(problem.Code ?? MediaErrors.UnexpectedAnswer, message, status) { Problem = problem, RetryAfter = retryAfter };
    }
}

/// <summary>Codes that this client gives by itself, beside the server's.</summary>
public static class MediaErrors
{
    /// <summary>The server does not answer.</summary>
    public const string ServerUnreachable = "server_unreachable";

    /// <summary>The store does not answer, or stopped taking bytes.</summary>
    public const string StoreUnreachable = "store_unreachable";

    /// <summary>The store refuses a part, with fresh URLs too.</summary>
    public const string StoreRefused = "store_refused";

    /// <summary>What answered does not speak this API.</summary>
    public const string UnexpectedAnswer = "unexpected_answer";

    /// <summary>There is no such file.</summary>
    public const string SourceMissing = "source_missing";

    /// <summary>The path is a folder, or something else that has no bytes of known size.</summary>
    public const string SourceNotAFile = "source_not_a_file";

    /// <summary>The file can't be read.</summary>
    public const string SourceUnreadable = "source_unreadable";

    /// <summary>The file has no bytes, and what was asked for needs some.</summary>
    public const string SourceEmpty = "source_empty";

    /// <summary>The file's size or time of change is another than at the start.</summary>
    public const string SourceChanged = "source_changed";

    /// <summary>Somebody aborted the upload meanwhile.</summary>
    public const string UploadAborted = "upload_aborted";

    /// <summary>The file is stored, but the server could not verify or keep it; the message says why.</summary>
    public const string UploadFailed = "upload_failed";

    /// <summary>The stored bytes are not the file's.</summary>
    public const string ContentMismatched = "content_mismatched";

    /// <summary>The server's own code: it signs no links.</summary>
    public const string DeliveryNotConfigured = "delivery_not_configured";

    /// <summary>The delivery gate does not let a fresh link through.</summary>
    public const string LinkRefused = "link_refused";

    /// <summary>What a link leads to is not there.</summary>
    public const string ContentMissing = "content_missing";

    /// <summary>What was to be downloaded would take the place of another file.</summary>
    public const string TargetExists = "target_exists";

    /// <summary>What was downloaded can't be written.</summary>
    public const string TargetUnwritable = "target_unwritable";

    /// <summary>The upload is not in the catalog, or not yet.</summary>
    public const string NotInCatalog = "not_in_catalog";

    /// <summary>The work was cancelled; the upload can be resumed.</summary>
    public const string Interrupted = "interrupted";
}
