using System.Text.Json.Serialization;
using Media.Client;
using Media.Client.Uploading;

namespace Media.CommandLine;

/// <summary>A file that was uploaded, as a line of JSON.</summary>
internal sealed record UploadedFile
{
    public required string File { get; init; }

    public required string Tag { get; init; }

    public required string? Key { get; init; }

    public required long? Size { get; init; }

    /// <summary><c>verified</c>, <c>duplicate</c>, <c>mismatched</c> or <c>stored</c>.</summary>
    public required string Status { get; init; }

    public required bool Resumed { get; init; }

    public required double Seconds { get; init; }

    public required long Sent { get; init; }

    public required string? ContentType { get; init; }

    public required string? TipHash { get; init; }

    public required string? PieceHash { get; init; }

    public required string? FileId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Link { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? LinkExpiresAt { get; init; }

    public required string? Etag { get; init; }

    public required string? VersionId { get; init; }

    /// <summary>With <c>mismatched</c>: what the server has.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ActualContent? Actual { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    public static UploadedFile Of(string file, UploadOutcome outcome, double seconds)
    {
        var upload = outcome.Upload;
        var mismatched = outcome.Status == UploadStatus.Mismatched;
        return new UploadedFile
        {
            File = file,
            Tag = upload.Tag,
            Key = upload.Key,
            Size = upload.Size,
            Status = NameOf(outcome.Status),
            Resumed = outcome.Resumed,
            Seconds = seconds,
            Sent = outcome.BytesSent,
            ContentType = upload.ContentType,
            TipHash = outcome.TipHash,
            PieceHash = outcome.PieceHash,
            FileId = outcome.FileId,
            Link = outcome.Link?.Url.AbsoluteUri,
            LinkExpiresAt = outcome.Link?.ExpiresAt,
            Etag = upload.Etag,
            VersionId = upload.VersionId,
            Actual = mismatched ? upload.Actual : null,
            Code = mismatched ? MediaErrors.ContentMismatched : null,
            Error = mismatched ? outcome.Reason : null,
        };
    }

    public static string NameOf(UploadStatus status) => status switch
    {
        UploadStatus.Verified => "verified",
        UploadStatus.Duplicate => "duplicate",
        UploadStatus.Mismatched => "mismatched",
        _ => "stored",
    };
}

/// <summary>A file that could not be uploaded, as a line of JSON.</summary>
internal sealed record UnuploadedFile(
    string File, string? Tag, string? Key, long? Size, string Status, bool Resumed, double Seconds, string Code, string Error)
{
    public static UnuploadedFile Of(string file, UploadProgress? progress, MediaException failure, double seconds) => new(
        file, progress?.Tag, progress?.Key, progress?.Size, "failed", progress?.Resumed ?? false, seconds, failure.Code, failure.Message);
}
