using Orleans;

namespace Media.Grains.Contents;

/// <summary>Where a content is.</summary>
[GenerateSerializer, Alias("media.content-state")]
public enum ContentState
{
    /// <summary>On its way to its key; whoever has the same may help or wait.</summary>
    Promoting,

    /// <summary>Under its key.</summary>
    Stored,

    /// <summary>Being deleted; nobody may refer to it.</summary>
    Deleting,
}

/// <summary>One content: bytes that are stored once, however many files have them.</summary>
/// <param name="PieceHash">Its name.</param>
/// <param name="TipHash">Its tip hash.</param>
/// <param name="Size">Bytes, at least one.</param>
/// <param name="Generation">Never the same for two lives of a content.</param>
/// <param name="State">Where it is.</param>
/// <param name="Key">The object's key, <see cref="ContentKeys.Of"/>.</param>
/// <param name="ETag">The object's ETag, once stored.</param>
/// <param name="VersionId">The object's version in a versioned bucket, once stored.</param>
/// <param name="ContentType">What the object is stored with.</param>
/// <param name="DetectedType">Media type as found in the bytes, or null where they are of no known form.</param>
/// <param name="Files">How many files refer to it.</param>
[GenerateSerializer, Immutable, Alias("media.content")]
public sealed record Content(
    string PieceHash,
    string TipHash,
    long Size,
    long Generation,
    ContentState State,
    string Key,
    string? ETag,
    string? VersionId,
    string ContentType,
    string? DetectedType,
    int Files);

/// <summary>A content that is to be stored.</summary>
/// <param name="PieceHash">Its name, as computed from the bytes.</param>
/// <param name="TipHash">Its tip hash, as computed from the bytes.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ContentType">What the object is to be stored with.</param>
/// <param name="DetectedType">Media type as found in the bytes, or null.</param>
[GenerateSerializer, Immutable, Alias("media.new-content")]
public sealed record NewContent(string PieceHash, string TipHash, long Size, string ContentType, string? DetectedType);

/// <summary>The form of keys of contents.</summary>
public static class ContentKeys
{
    /// <summary>Keys of contents start with this.</summary>
    public const string Prefix = "hash/";

    /// <summary>Keys of what was found to be other than promised start with this; the tag follows.</summary>
    public const string QuarantinePrefix = "quarantine/";

    /// <summary>Keys of thumbnails start with this; the piece hash, a slash, and the width with <c>.webp</c> follow.</summary>
    public const string ThumbnailPrefix = "thumb/";

    /// <summary>The key of a content.</summary>
    public static string Of(string pieceHash) => Prefix + pieceHash;

    /// <summary>The key of an object in quarantine.</summary>
    public static string Quarantine(string tag) => QuarantinePrefix + tag;

    /// <summary>What keys of a content's thumbnails start with.</summary>
    public static string Thumbnails(string pieceHash) => $"{ThumbnailPrefix}{pieceHash}/";

    /// <summary>The key of a thumbnail.</summary>
    public static string Thumbnail(string pieceHash, int width) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{ThumbnailPrefix}{pieceHash}/{width}.webp");
}

/// <summary>Whether a content is to be deleted now.</summary>
/// <param name="Content">The content that is now being deleted, and whose object goes; null where nothing is to be done now.</param>
/// <param name="LookAgainIn">Where nothing refers to it but the grace period is not over: how long that takes.</param>
[GenerateSerializer, Immutable, Alias("media.collect-decision")]
public sealed record CollectDecision(Content? Content, TimeSpan? LookAgainIn);
