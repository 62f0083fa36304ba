using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Media.Api.Delivery;
using Media.Api.Doors.Companion;
using Media.Api.Doors.V1;
using Media.Api.Hosting;
using Media.Api.Permissions;
using Media.Api.Problems;

namespace Media.Api.Json;

/// <summary>
/// The one JSON configuration of the API. Unknown members are ignored; duplicate ones are refused, as two readers could differ about which counts;
/// nesting is bounded well above what any contract needs.
/// </summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    NumberHandling = JsonNumberHandling.Strict,
    AllowDuplicateProperties = false,
    PropertyNameCaseInsensitive = false,
    MaxDepth = 32,
    RespectNullableAnnotations = false,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(PermissionRequest))]
[JsonSerializable(typeof(PermissionAnswer))]
[JsonSerializable(typeof(DerivationsAnswer))]
[JsonSerializable(typeof(CreateUploadRequest))]
[JsonSerializable(typeof(CreateUploadRequest[]))]
[JsonSerializable(typeof(FormRequest))]
[JsonSerializable(typeof(FormAnswer))]
[JsonSerializable(typeof(UrlsRequest))]
[JsonSerializable(typeof(LeaseRequest))]
[JsonSerializable(typeof(CompleteRequest))]
[JsonSerializable(typeof(CompleteRow))]
[JsonSerializable(typeof(CompleteRow[]))]
[JsonSerializable(typeof(UploadAnswer))]
[JsonSerializable(typeof(UploadPageAnswer))]
[JsonSerializable(typeof(LeaseAnswer))]
[JsonSerializable(typeof(ImmutableArray<BatchAnswer>))]
[JsonSerializable(typeof(ImmutableArray<PartAnswer>))]
[JsonSerializable(typeof(ImmutableArray<UrlAnswer>))]
[JsonSerializable(typeof(ChallengeRequest))]
[JsonSerializable(typeof(UploadEvent))]
[JsonSerializable(typeof(ProgressEvent))]
[JsonSerializable(typeof(LostLeaseEvent))]
[JsonSerializable(typeof(FileAnswer))]
[JsonSerializable(typeof(FilePageAnswer))]
[JsonSerializable(typeof(ContentAnswer))]
[JsonSerializable(typeof(LinkRequest))]
[JsonSerializable(typeof(LinkAnswer))]
[JsonSerializable(typeof(DestinationsAnswer))]
[JsonSerializable(typeof(DeadLetterPageAnswer))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(CompanionCreateRequest))]
[JsonSerializable(typeof(CompanionCreateAnswer))]
[JsonSerializable(typeof(CompanionCompleteRequest))]
[JsonSerializable(typeof(CompanionCompleteAnswer))]
[JsonSerializable(typeof(CompanionPostForm))]
[JsonSerializable(typeof(CompanionUrl))]
[JsonSerializable(typeof(CompanionUrls))]
[JsonSerializable(typeof(CompanionNothing))]
[JsonSerializable(typeof(CompanionError))]
[JsonSerializable(typeof(ImmutableArray<CompanionPart>))]
internal sealed partial class MediaJson : JsonSerializerContext;
