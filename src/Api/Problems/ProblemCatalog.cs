using System.Collections.Immutable;
using Media.Grains.Results;

namespace Media.Api.Problems;

/// <summary>The one place that gives every refusal and failure its status, code and title. docs/http-api.md has the same table.</summary>
internal static class ProblemCatalog
{
    private static readonly TimeSpan OutageRetry = TimeSpan.FromSeconds(2);

    public static Problem PermissionMissing { get; } = Of(401, "permission_missing", "A permission is needed", "Send a permission or an API key as a bearer token.");

    public static Problem PermissionInvalid { get; } = Of(401, "permission_invalid", "The permission is not valid", "It was not made by this server, or for something else.");

    public static Problem PermissionExpired { get; } = Of(401, "permission_expired", "The permission has expired", "Ask for a new one.");

    public static Problem BadCredentials { get; } = Of(401, "bad_credentials", "The credentials are wrong");

    public static Problem NotRenewable { get; } = Of(403, "not_renewable", "The permission cannot be renewed", "Ask for a new one with the password or an API key.");

    public static Problem AdministratorNeeded { get; } = Of(403, "administrator_needed", "This is for administrators", "Use the API key or the permission of an account with Administrator set.");

    public static Problem OriginNotAllowed { get; } = Of(403, "origin_not_allowed", "This origin is not allowed", "Pages of this origin may not use this server.");

    public static Problem FileNotFound { get; } = Of(404, "file_not_found", "There is no such file");

    public static Problem NotYourFile { get; } = Of(403, "not_your_file", "The file belongs to another user");

    public static Problem ThumbnailNotFound { get; } =
        Of(404, "thumbnail_not_found", "There is no such thumbnail", "The file's thumbnails say which widths there are; they are made after the file is verified.");

    public static Problem NotFound { get; } = Of(404, "not_found", "There is nothing here", "No route has this path. The OpenAPI document at /openapi/v1.json lists all routes.");

    public static Problem MethodNotAllowed { get; } = Of(405, "method_not_allowed", "The method is not allowed here");

    public static Problem BodyTooLarge { get; } = Of(413, "body_too_large", "The request's body is too large");

    public static Problem UnsupportedMediaType { get; } = Of(415, "unsupported_media_type", "The body is not JSON", "Send the body as application/json in UTF-8.");

    public static Problem StorageUnavailable { get; } = Of(503, "storage_unavailable", "The database does not answer", "Nothing was lost. Try again.") with { RetryAfter = OutageRetry };

    public static Problem ObjectStoreUnavailable { get; } =
        Of(503, "object_store_unavailable", "The object store does not answer", "Nothing was lost. Try again.") with { RetryAfter = OutageRetry };

    public static Problem DeliveryNotConfigured { get; } =
        Of(503, "delivery_not_configured", "Delivery is off", "This server has no secret to sign links with: Media:Delivery:Secrets.");

    public static Problem DeadLetterNotFound { get; } = Of(404, "dead_letter_not_found", "There is no such dead letter", "It was retried or dismissed, or never was.");

    public static Problem DestinationGone { get; } =
        Of(409, "destination_gone", "The destination is gone", "No process has it in its settings, so nobody would deliver. Put it back, or dismiss the dead letter.");

    public static Problem TooManyAttempts(TimeSpan retryAfter) =>
        Of(429, "too_many_attempts", "Too many wrong tries", "Wait before the next try.") with { RetryAfter = retryAfter };

    public static Problem InternalError(string traceId) =>
        Of(500, "internal_error", "Something went wrong in the server", "It has been logged under the trace id.") with { TraceId = traceId };

    /// <summary>A request that a person has to correct.</summary>
    public static Problem Invalid(string field, string message) => Of(400, "invalid_request", "The request is not valid", message) with
    {
        Errors = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty.Add(field, [message]),
    };

    /// <summary>A request with several bad fields.</summary>
    public static Problem Invalid(ImmutableSortedDictionary<string, ImmutableArray<string>> errors) =>
        Of(400, "invalid_request", "The request is not valid", "One or more fields are missing or bad.") with { Errors = errors };

    /// <summary>A part number that is none.</summary>
    public static Problem InvalidPart(string detail) => Of(400, "invalid_part", "There is no such part", detail);

    /// <summary>A status that the server's own machinery chose.</summary>
    public static Problem OfStatus(int status) => status switch
    {
        401 => PermissionMissing,
        404 => NotFound,
        405 => MethodNotAllowed,
        413 => BodyTooLarge,
        415 => UnsupportedMediaType,
        _ => Of(status, status < 500 ? "bad_request" : "internal_error", status < 500 ? "The request cannot be answered" : "Something went wrong in the server"),
    };

    /// <summary>What a grain turned down.</summary>
    public static Problem Of(Refusal refusal)
    {
        var problem = refusal.Code switch
        {
            RefusalCode.StorageUnavailable => StorageUnavailable,
            RefusalCode.ObjectStoreUnavailable => ObjectStoreUnavailable,
            RefusalCode.InvalidRequest => Of(400, "invalid_request", "The request is not valid") with
            {
                Errors = refusal.Errors.IsEmpty ? null : refusal.Errors.ToImmutableSortedDictionary(StringComparer.Ordinal),
            },
            RefusalCode.UploadNotFound => Of(404, "upload_not_found", "There is no such upload"),
            RefusalCode.NotYourUpload => Of(403, "not_your_upload", "The upload belongs to another user"),
            RefusalCode.WrongState => Of(409, "wrong_state", "The upload's state does not allow this"),
            RefusalCode.UploadLocked => Of(423, "upload_locked", "Another client holds the upload"),
            RefusalCode.LeaseLost => Of(409, "lease_lost", "Another client has taken the upload over"),
            RefusalCode.InvalidPart => InvalidPart(refusal.Detail) with { Parts = Numbers(refusal) },
            RefusalCode.PartsMissing => Of(409, "parts_missing", "Parts are missing") with { Missing = refusal.Parts },
            RefusalCode.PartChanged => Of(409, "part_changed", "Parts have changed") with { Changed = refusal.Parts },
            RefusalCode.PartTooSmall => Of(409, "part_too_small", "Parts are too small") with { Parts = refusal.Parts },
            RefusalCode.UploadGone => Of(409, "upload_gone", "The store no longer has the upload"),
            RefusalCode.HashConflict => Of(409, "hash_conflict", "The file's hash is another than before"),
            RefusalCode.ContentTypeNotAllowed => Of(403, "content_type_not_allowed", "The permission does not allow this content type"),
            RefusalCode.FileTooLarge => Of(413, "file_too_large", "The file is too large"),
            RefusalCode.QuotaExceeded => Of(413, "quota_exceeded", "The permission is used up"),
            // Meant for grains alone; a client that sees it can do no better than to look and try again.
            RefusalCode.AlreadyInProgress => Of(409, "wrong_state", "The upload's state does not allow this"),
            _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal.Code, "The refusal has no problem."),
        };
        problem = problem with { Detail = problem.Detail ?? refusal.Detail, Tag = refusal.Tag };
        return refusal.Lease is { } lease ? problem.With(lease) : problem;
    }

    private static ImmutableArray<int>? Numbers(Refusal refusal) => refusal.Parts.IsDefaultOrEmpty ? null : refusal.Parts;

    private static Problem Of(int status, string code, string title, string? detail = null) =>
        new() { Status = status, Code = code, Title = title, Detail = detail };
}
