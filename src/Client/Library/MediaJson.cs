using System.Text.Json;
using System.Text.Json.Serialization;

namespace Media.Client;

internal sealed record UrlsRequest(IReadOnlyList<int> Parts, string? ClientId, long? Epoch);

internal sealed record LeaseRequest(string ClientId, bool? TakeOver);

internal sealed record ChallengeRequest(string? Digest, string? ClientId, long? Epoch);

internal sealed record CompleteRequest(IReadOnlyList<PartTag>? Parts, string? PieceHash, string? ClientId, long? Epoch);

internal sealed record LinkRequest(string FileId, long Seconds);

internal sealed record PasswordRequest(string Password);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NewUpload))]
[JsonSerializable(typeof(IReadOnlyList<NewUpload>))]
[JsonSerializable(typeof(Upload))]
[JsonSerializable(typeof(UploadPage))]
[JsonSerializable(typeof(IReadOnlyList<PartUrl>))]
[JsonSerializable(typeof(IReadOnlyList<StoredPart>))]
[JsonSerializable(typeof(UploadLease))]
[JsonSerializable(typeof(UploadStateEvent))]
[JsonSerializable(typeof(UploadProgressEvent))]
[JsonSerializable(typeof(CatalogFile))]
[JsonSerializable(typeof(FilePage))]
[JsonSerializable(typeof(ContentStatus))]
[JsonSerializable(typeof(MediaLink))]
[JsonSerializable(typeof(LinkRequest))]
[JsonSerializable(typeof(ChallengeRequest))]
[JsonSerializable(typeof(Permission))]
[JsonSerializable(typeof(MediaProblem))]
[JsonSerializable(typeof(UrlsRequest))]
[JsonSerializable(typeof(LeaseRequest))]
[JsonSerializable(typeof(CompleteRequest))]
[JsonSerializable(typeof(PasswordRequest))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class MediaJson : JsonSerializerContext;
