using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Media.Api.Problems;
using Media.Grains.Uploads;

namespace Media.Api.Doors.V1;

/// <summary>One answer of a batch: an upload, or why there is none.</summary>
[JsonDerivedType(typeof(UploadAnswer))]
[JsonDerivedType(typeof(FailedAnswer))]
public abstract record BatchAnswer
{
    /// <summary><c>created</c>, <c>resumed</c>, <c>challenge</c>, <c>duplicate</c> or <c>failed</c> in answers to a creation; else absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyOrder(-1)]
    public string? Status { get; init; }
}

/// <summary>A row of a batch that was turned down.</summary>
/// <param name="Problem">Why.</param>
public sealed record FailedAnswer(Problem Problem) : BatchAnswer;

/// <summary>An upload.</summary>
public sealed record UploadAnswer : BatchAnswer
{
    /// <summary>Its name: 21 characters of <c>0-9A-Za-z</c>.</summary>
    public required string Tag { get; init; }

    /// <summary>Where it is.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<UploadState>))]
    public required UploadState State { get; init; }

    /// <summary>The name, made safe to use as a file name.</summary>
    public required string FileName { get; init; }

    /// <summary>The name as it was given.</summary>
    public required string OriginalFileName { get; init; }

    /// <summary>Media type as claimed.</summary>
    public required string ContentType { get; init; }

    /// <summary>Bytes; null where they were not announced and the upload is not stored yet.</summary>
    public required long? Size { get; init; }

    /// <summary>Tip hash as claimed; where none was, as computed by verification.</summary>
    public required string? TipHash { get; init; }

    /// <summary>Piece hash as claimed; where none was, as computed by verification.</summary>
    public required string? PieceHash { get; init; }

    /// <summary>What verification found in the stored bytes; null until then.</summary>
    public required ActualAnswer? Actual { get; init; }

    /// <summary>The file in the catalog, once there is one.</summary>
    public required string? FileId { get; init; }

    /// <summary>Why it ended as it did, in words, where it ended badly.</summary>
    public required string? Reason { get; init; }

    /// <summary>The object's key.</summary>
    public required string Key { get; init; }

    /// <summary>The S3 upload id; null for a single PUT.</summary>
    public required string? UploadId { get; init; }

    /// <summary>How the file is cut.</summary>
    public required PlanAnswer Plan { get; init; }

    /// <summary>Who holds it, or null.</summary>
    public required LeaseAnswer? Lease { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it is given up unless it is touched.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When the object was found whole.</summary>
    public required DateTimeOffset? CompletedAt { get; init; }

    /// <summary>The object's ETag, with its quotes.</summary>
    [JsonPropertyName("etag")]
    public required string? ETag { get; init; }

    /// <summary>The object's version in a versioned bucket.</summary>
    public required string? VersionId { get; init; }

    /// <summary>The parts that the store has; in answers to a creation.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<PartAnswer>? Parts { get; init; }

    /// <summary>URLs of the first parts that it does not have; in answers to a creation.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<UrlAnswer>? Urls { get; init; }

    /// <summary>A form in place of URLs, where one was asked for and the file goes in one piece; in answers to a creation.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FormAnswer? Form { get; init; }

    /// <summary>The content is stored already: answer this, and nothing needs to be sent; in answers to a creation.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChallengeAnswer? Challenge { get; init; }

    /// <summary>A content of this size and tip hash is stored: opening the upload again with its piece hash may spare it; in answers to a creation.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? PossibleDuplicate { get; init; }

    internal static UploadAnswer Of(Upload upload) => new()
    {
        Tag = upload.Tag,
        State = upload.State,
        FileName = upload.FileName,
        OriginalFileName = upload.OriginalFileName,
        ContentType = upload.ContentType,
        Size = upload.Size,
        TipHash = upload.TipHash ?? upload.Actual?.TipHash,
        PieceHash = upload.PieceHash ?? upload.Actual?.PieceHash,
        Actual = upload.Actual is { } actual ? new ActualAnswer(actual.TipHash, actual.PieceHash, actual.DetectedType) : null,
        FileId = upload.State is UploadState.Verified or UploadState.Duplicate ? upload.Tag : null,
        Reason = upload.Reason,
        Key = upload.Key,
        UploadId = upload.UploadId,
        Plan = PlanAnswer.Of(upload.Plan),
        Lease = upload.Lease is { } lease ? LeaseAnswer.Of(lease) : null,
        CreatedAt = upload.CreatedAt,
        ExpiresAt = upload.ExpiresAt,
        CompletedAt = upload.CompletedAt,
        ETag = upload.ETag,
        VersionId = upload.VersionId,
    };

    internal static UploadAnswer Of(OpenedUpload opened) => Of(opened.Upload) with
    {
        Status = opened.Upload.State == UploadState.Duplicate ? "duplicate"
            : opened.Challenge is not null ? "challenge"
            : opened.Resumed ? "resumed" : "created",
        Parts = PartAnswer.Of(opened.Parts),
        Urls = UrlAnswer.Of(opened.Urls),
        Form = opened.Form is { } form ? FormAnswer.Of(form) : null,
        Challenge = opened.Challenge is { } challenge ? ChallengeAnswer.Of(challenge) : null,
        PossibleDuplicate = opened.PossibleDuplicate ? true : null,
    };
}

/// <summary>What was found in the stored bytes.</summary>
/// <param name="TipHash">Tip hash; null for an empty file.</param>
/// <param name="PieceHash">Piece hash; null for an empty file, and where the object was replaced before it was read.</param>
/// <param name="DetectedType">Media type by the first bytes; null where they are of no known form.</param>
public sealed record ActualAnswer(string? TipHash, string? PieceHash, string? DetectedType);

/// <summary>What only somebody who has the file can answer: base32 of the SHA-256 of the nonce's ASCII characters and then the bytes of the ranges, in order.</summary>
/// <param name="Nonce">52 characters, good for one answer.</param>
/// <param name="Ranges">Slices of the file.</param>
/// <param name="ExpiresAt">When it lapses.</param>
public sealed record ChallengeAnswer(string Nonce, ImmutableArray<RangeAnswer> Ranges, DateTimeOffset ExpiresAt)
{
    internal static ChallengeAnswer Of(Challenge challenge)
    {
        var ranges = ImmutableArray.CreateBuilder<RangeAnswer>(challenge.Ranges.Length);
        foreach (var range in challenge.Ranges)
            ranges.Add(new RangeAnswer(range.Start, range.End));
        return new ChallengeAnswer(challenge.Nonce, ranges.MoveToImmutable(), challenge.Until);
    }
}

/// <summary>Bytes of a file: <c>[start, end)</c>.</summary>
/// <param name="Start">The first byte.</param>
/// <param name="End">The byte after the last.</param>
public sealed record RangeAnswer(long Start, long End);

/// <summary>How a file is cut.</summary>
/// <param name="Strategy"><c>multipart</c>, <c>single</c>, <c>open</c> or <c>form</c>.</param>
/// <param name="PartSize">Bytes in every part but the last; 0 where the client chooses.</param>
/// <param name="PartCount">Number of parts; 0 where the client chooses.</param>
/// <param name="Checksum"><c>sha256</c> where the store holds every part against one; else null.</param>
public sealed record PlanAnswer(string Strategy, long PartSize, int PartCount, string? Checksum)
{
    internal const string Sha256 = "sha256";

    internal static PlanAnswer Of(UploadPlan plan) => new(
        plan.Strategy switch
        {
            UploadStrategy.Single => "single",
            UploadStrategy.Open => "open",
            UploadStrategy.Form => "form",
            _ => "multipart",
        },
        plan.PartSize,
        plan.PartCount,
        plan.Checksum == PartChecksum.Sha256 ? Sha256 : null);
}

/// <summary>Who may work on an upload.</summary>
/// <param name="ClientId">The client instance.</param>
/// <param name="Epoch">Grows whenever the lease changes hands.</param>
/// <param name="HeldSince">Since when it holds it.</param>
/// <param name="Until">When it lapses unless it is renewed.</param>
public sealed record LeaseAnswer(string ClientId, long Epoch, DateTimeOffset HeldSince, DateTimeOffset Until)
{
    internal static LeaseAnswer Of(Lease lease) => new(lease.ClientId, lease.Epoch, lease.HeldSince, lease.Until);
}

/// <summary>A part that the store has.</summary>
/// <param name="Part">Part number.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">With its quotes.</param>
public sealed record PartAnswer(int Part, long Size, [property: JsonPropertyName("etag")] string ETag)
{
    /// <summary>SHA-256 of its bytes in base64, where its upload has checksums and the store tells.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Checksum { get; init; }

    internal static ImmutableArray<PartAnswer> Of(ImmutableArray<UploadedPart> parts)
    {
        var answers = ImmutableArray.CreateBuilder<PartAnswer>(parts.Length);
        foreach (var part in parts)
            answers.Add(new PartAnswer(part.Part, part.Size, part.ETag) { Checksum = part.Checksum });
        return answers.MoveToImmutable();
    }
}

/// <summary>A URL that takes one part's bytes by PUT.</summary>
/// <param name="Part">Part number.</param>
/// <param name="Url">Presigned; a secret until it expires.</param>
/// <param name="ExpiresAt">When the store stops taking it.</param>
/// <param name="Headers">To be sent with the PUT as they are.</param>
public sealed record UrlAnswer(int Part, string Url, DateTimeOffset ExpiresAt, ImmutableDictionary<string, string> Headers)
{
    internal static ImmutableArray<UrlAnswer> Of(ImmutableArray<SignedPart> parts)
    {
        var answers = ImmutableArray.CreateBuilder<UrlAnswer>(parts.Length);
        foreach (var part in parts)
            answers.Add(new UrlAnswer(part.Part, part.Url, part.ExpiresAt, part.Headers));
        return answers.MoveToImmutable();
    }
}

/// <summary>A form that takes the whole file by a POST of <c>multipart/form-data</c>, with the file as its last field, <c>file</c>.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Fields">The fields before the file; secrets until they expire.</param>
/// <param name="ExpiresAt">When the store stops taking it.</param>
public sealed record FormAnswer(string Url, ImmutableDictionary<string, string> Fields, DateTimeOffset ExpiresAt)
{
    internal static FormAnswer Of(SignedForm form) => new(form.Url, form.Fields, form.ExpiresAt);
}

/// <summary>That another client has an upload now, as told by the stream of lost leases.</summary>
/// <param name="Tag">The upload.</param>
/// <param name="Lease">Who has it.</param>
public sealed record LostLeaseEvent(string Tag, LeaseAnswer Lease);

/// <summary>A page of uploads.</summary>
/// <param name="Uploads">Newest first.</param>
/// <param name="Next">The cursor of the next page, or null at the end.</param>
public sealed record UploadPageAnswer(ImmutableArray<UploadAnswer> Uploads, string? Next);

/// <summary>How far verification is, as told by the event stream.</summary>
/// <param name="Tag">The upload.</param>
/// <param name="Verified">Bytes that were read back and hashed.</param>
/// <param name="Size">Bytes in all.</param>
public sealed record ProgressEvent(string Tag, long Verified, long Size);

/// <summary>A change of state, as told by the event stream.</summary>
/// <param name="Tag">The upload.</param>
/// <param name="State">The state that was entered.</param>
/// <param name="At">When.</param>
/// <param name="Sequence">1 for the first of an upload, then one more each time.</param>
public sealed record UploadEvent(
    string Tag,
    [property: JsonConverter(typeof(JsonStringEnumConverter<UploadState>))] UploadState State,
    DateTimeOffset At,
    int Sequence);
