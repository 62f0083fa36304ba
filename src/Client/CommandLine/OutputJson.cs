using System.Text.Json;
using System.Text.Json.Serialization;
using Media.Client;

namespace Media.CommandLine;

/// <summary>An upload that was aborted, as a line of JSON.</summary>
internal sealed record AbortedUpload(string Tag, string Status = "aborted");

/// <summary>An upload of which something was wanted that failed, and why.</summary>
internal sealed record FailedUpload(string Tag, string Status, string Code, string Error)
{
    public static FailedUpload Of(string tag, MediaException failure) => new(tag, "failed", failure.Code, failure.Message);
}

/// <summary>A file that is in the catalog no more.</summary>
internal sealed record DeletedFile(string Id, string Status, string FileName, long Size, string? PieceHash)
{
    public static DeletedFile Of(string id, CatalogFile file) => new(id, "deleted", file.FileName, file.Size, file.PieceHash);
}

/// <summary>A file of the catalog of which something was wanted that failed, and why.</summary>
internal sealed record FailedFile(string Id, string Status, string Code, string Error)
{
    public static FailedFile Of(string id, MediaException failure) => new(id, "failed", failure.Code, failure.Message);
}

/// <summary>A file that was downloaded. Seconds are rounded to milliseconds.</summary>
internal sealed record DownloadedFile(
    string Id, string Status, string Path, long Size, long Received, bool Resumed, double Seconds, string? ContentType, string? TipHash, string? PieceHash);

/// <summary>A local file beside one of the catalog.</summary>
internal sealed record ComparedFile(string File, string Id, string FileName, string Status, string? Differs, ComparedContent Local, ComparedContent Stored);

/// <summary>What is compared of a file.</summary>
internal sealed record ComparedContent(long Size, string? TipHash, string? PieceHash);

/// <summary>A file's hashes.</summary>
internal sealed record HashedFile(string File, long Size, string TipHash, string PieceHash);

/// <summary>A file that has none, and why.</summary>
internal sealed record UnhashedFile(string File, string Status, string Code, string Error);

/// <summary>
/// The forms of all lines, worked out at build time: finding out about the types would take longer than hashing a small file, and is not possible in a program that is native code.
/// </summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(AbortedUpload))]
[JsonSerializable(typeof(FailedUpload))]
[JsonSerializable(typeof(DeletedFile))]
[JsonSerializable(typeof(FailedFile))]
[JsonSerializable(typeof(DownloadedFile))]
[JsonSerializable(typeof(ComparedFile))]
[JsonSerializable(typeof(HashedFile))]
[JsonSerializable(typeof(UnhashedFile))]
[JsonSerializable(typeof(UploadedFile))]
[JsonSerializable(typeof(UnuploadedFile))]
[JsonSerializable(typeof(Upload))]
[JsonSerializable(typeof(CatalogFile))]
internal sealed partial class OutputJson : JsonSerializerContext;
