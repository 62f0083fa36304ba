using System.Collections.Immutable;
using Orleans;

namespace Media.Grains.Uploads;

/// <summary>A wish to upload a file.</summary>
/// <param name="Permission">What allows it.</param>
/// <param name="FileName">As the client has it.</param>
/// <param name="ContentType">Media type, or null for <c>application/octet-stream</c>.</param>
/// <param name="Size">Bytes, or null where the door's contract does not announce them.</param>
/// <param name="TipHash">52 characters of base32, or null.</param>
/// <param name="PieceHash">52 characters of base32, or null.</param>
/// <param name="PartSize">A part size the client would like, in bytes.</param>
/// <param name="ClientId">The client instance that is to hold the lease, or null for none.</param>
[GenerateSerializer, Immutable, Alias("media.new-upload")]
public sealed record NewUpload(
    Permission Permission,
    string FileName,
    string? ContentType,
    long? Size,
    string? TipHash = null,
    string? PieceHash = null,
    long? PartSize = null,
    string? ClientId = null)
{
    /// <summary>Extra metadata that the door's contract carries; kept with the session.</summary>
    [Id(0)]
    public ImmutableDictionary<string, string> Metadata { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Whether the client would rather send a small file by the POST of a form, for which browsers need no preflight.</summary>
    [Id(1)]
    public bool PrefersForm { get; init; }

    /// <summary>What the client can send with every part.</summary>
    [Id(2)]
    public PartChecksum Checksum { get; init; }
}

/// <summary>A session that a client can now work on.</summary>
/// <param name="Upload">The session.</param>
/// <param name="Resumed">Whether it had been there before.</param>
/// <param name="Parts">What the store has of it.</param>
/// <param name="Urls">URLs for the first parts that it does not have.</param>
[GenerateSerializer, Immutable, Alias("media.opened-upload")]
public sealed record OpenedUpload(Upload Upload, bool Resumed, ImmutableArray<UploadedPart> Parts, ImmutableArray<SignedPart> Urls)
{
    /// <summary>The content is stored already; a client that answers this right needs not upload it.</summary>
    [Id(0)]
    public Challenge? Challenge { get; init; }

    /// <summary>
    /// A content of this size and tip hash is stored. A client that has not said its piece hash may compute it, and open the upload again with it, before it
    /// sends anything.
    /// </summary>
    [Id(1)]
    public bool PossibleDuplicate { get; init; }

    /// <summary>A form in place of URLs, for a client that prefers one and a file that goes in one piece.</summary>
    [Id(2)]
    public SignedForm? Form { get; init; }
}

/// <summary>A session whose file comes by a form.</summary>
/// <param name="Upload">The session.</param>
/// <param name="Form">The form.</param>
[GenerateSerializer, Immutable, Alias("media.opened-form")]
public sealed record OpenedForm(Upload Upload, SignedForm Form);

/// <summary>What a user may do until when. Doors open the sealed form; grains keep to the limits.</summary>
/// <param name="Id">Names this permission's allowance of files and bytes.</param>
/// <param name="User">Whose it is.</param>
/// <param name="ContentTypes">Allowed media types: <c>*/*</c>, <c>type/*</c> or exact.</param>
/// <param name="MaxSize">Largest file, in bytes.</param>
/// <param name="MaxFiles">How many files in all, or null for no limit.</param>
/// <param name="MaxBytes">How many bytes in all, or null for no limit.</param>
/// <param name="ExpiresAt">When it ends.</param>
[GenerateSerializer, Immutable, Alias("media.permission")]
public sealed record Permission(
    string Id,
    string User,
    ImmutableArray<string> ContentTypes,
    long MaxSize,
    long? MaxFiles,
    long? MaxBytes,
    DateTimeOffset ExpiresAt);
