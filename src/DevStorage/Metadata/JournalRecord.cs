using System.Text.Json;
using System.Text.Json.Serialization;

namespace Media.DevStorage.Metadata;

/// <summary>One change of the catalog, as it is written to the journal and applied to memory.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "t")]
[JsonDerivedType(typeof(BucketCreated), "bucket")]
[JsonDerivedType(typeof(BucketDeleted), "bucket-")]
[JsonDerivedType(typeof(BucketConfigured), "config")]
[JsonDerivedType(typeof(VersionPut), "put")]
[JsonDerivedType(typeof(VersionRemoved), "del")]
[JsonDerivedType(typeof(UploadCreated), "upload")]
[JsonDerivedType(typeof(PartPut), "part")]
[JsonDerivedType(typeof(UploadRemoved), "abort")]
[JsonDerivedType(typeof(UploadCompleted), "complete")]
[JsonDerivedType(typeof(UploadRemembered), "done")]
internal abstract record JournalRecord(string Bucket);

internal sealed record BucketCreated(string Bucket, string Owner, long Created) : JournalRecord(Bucket);

internal sealed record BucketDeleted(string Bucket) : JournalRecord(Bucket);

/// <summary>A bucket's sub-resource (cors, lifecycle, versioning, …) as the XML that was put, or null when it was deleted.</summary>
internal sealed record BucketConfigured(string Bucket, string Aspect, string? Document) : JournalRecord(Bucket);

/// <summary>A version becomes the newest of its key; one with the same version id is replaced in its place when <see cref="InPlace"/>.</summary>
internal sealed record VersionPut(string Bucket, ObjectVersion Version, bool InPlace = false) : JournalRecord(Bucket);

internal sealed record VersionRemoved(string Bucket, string Key, string VersionId) : JournalRecord(Bucket);

internal sealed record UploadCreated(string Bucket, MultipartUpload Upload) : JournalRecord(Bucket);

internal sealed record PartPut(string Bucket, string UploadId, ObjectPart Part) : JournalRecord(Bucket);

internal sealed record UploadRemoved(string Bucket, string UploadId) : JournalRecord(Bucket);

/// <summary>The upload's end and the object's beginning are one record, so that no crash can part them.</summary>
internal sealed record UploadCompleted(string Bucket, ObjectVersion Version, CompletedUpload Completed) : JournalRecord(Bucket);

/// <summary>Only in snapshots: a completed upload that is still remembered.</summary>
internal sealed record UploadRemembered(string Bucket, CompletedUpload Completed) : JournalRecord(Bucket);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(JournalRecord))]
[JsonSerializable(typeof(ObjectProperties))]
internal sealed partial class JournalJson : JsonSerializerContext;
