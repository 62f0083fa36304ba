using System.Collections.Immutable;
using Media.Grains.Uploads;
using Orleans;

namespace Media.Grains.Files;

/// <summary>A file that is to be in the catalog: what an upload said of it, and what was found in it.</summary>
/// <param name="Id">The tag of the upload that it came by.</param>
/// <param name="User">Whose it is.</param>
/// <param name="Name">The name, made safe to use as a file name.</param>
/// <param name="OriginalName">The name as it was given.</param>
/// <param name="ContentType">Media type as claimed.</param>
/// <param name="DetectedType">Media type as found in the bytes, or null where they are of no known form.</param>
/// <param name="Size">Bytes.</param>
/// <param name="TipHash">Computed from the bytes; null for an empty file.</param>
/// <param name="PieceHash">Computed from the bytes; null for an empty file.</param>
/// <param name="Key">The object's key: the content's, or that of the empty object.</param>
/// <param name="CreatedAt">When the upload was begun.</param>
/// <param name="StoredAt">When the object was found whole; for a file that needed no upload, when it was begun.</param>
[GenerateSerializer, Immutable, Alias("media.new-file")]
public sealed record NewFile(
    string Id,
    string User,
    string Name,
    string OriginalName,
    string ContentType,
    string? DetectedType,
    long Size,
    string? TipHash,
    string? PieceHash,
    string Key,
    DateTimeOffset CreatedAt,
    DateTimeOffset StoredAt)
{
    /// <summary>The file that an upload makes.</summary>
    /// <param name="upload">The upload; its size is known.</param>
    /// <param name="actual">What its bytes are.</param>
    /// <param name="key">The object's key.</param>
    /// <param name="now">When it counts as stored, where the upload was spared.</param>
    public static NewFile Of(Upload upload, ActualContent actual, string key, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(upload);
        ArgumentNullException.ThrowIfNull(actual);
        return new NewFile(
            upload.Tag,
            upload.User,
            upload.FileName,
            // The one character that a database's text cannot hold.
            upload.OriginalFileName.Replace('\0', '\uFFFD'),
            upload.ContentType,
            actual.DetectedType,
            upload.Size ?? throw new ArgumentException("The upload's size is not known.", nameof(upload)),
            actual.TipHash,
            actual.PieceHash,
            key,
            upload.CreatedAt,
            upload.CompletedAt ?? now);
    }
}

/// <summary>A file in the catalog.</summary>
/// <param name="File">What it is.</param>
/// <param name="ETag">The object's ETag, with its quotes.</param>
/// <param name="VersionId">The object's version in a versioned bucket.</param>
/// <param name="Duplicate">Whether its content had been there before it.</param>
/// <param name="FiledAt">When it came into the catalog.</param>
[GenerateSerializer, Immutable, Alias("media.catalog-file")]
public sealed record CatalogFile(NewFile File, string? ETag, string? VersionId, bool Duplicate, DateTimeOffset FiledAt)
{
    /// <summary>Widths of the thumbnails that can be had, in pixels.</summary>
    [Id(0)]
    public ImmutableArray<int> Thumbnails { get; init; } = [];
}

/// <summary>Which files to list. Members that are null let all through.</summary>
[GenerateSerializer, Immutable, Alias("media.file-filter")]
public sealed record FileFilter
{
    /// <summary>Whose; null for everybody's, which is for administrators.</summary>
    [Id(0)]
    public string? User { get; init; }

    /// <summary>What the name contains, whatever the case.</summary>
    [Id(1)]
    public string? Name { get; init; }

    /// <summary>A media type, <c>type/subtype</c> or <c>type/*</c>: the detected one, or the claimed one where none was detected.</summary>
    [Id(2)]
    public string? Type { get; init; }

    /// <summary>A tip hash or a piece hash.</summary>
    [Id(3)]
    public string? Hash { get; init; }

    /// <summary>The cursor of the page before, or null for the first page.</summary>
    [Id(4)]
    public string? After { get; init; }

    /// <summary>At most this many, 1 to 1 000.</summary>
    [Id(5)]
    public int Limit { get; init; } = 100;
}

/// <summary>A page of files.</summary>
/// <param name="Files">Newest first.</param>
/// <param name="Next">The cursor of the next page, or null at the end.</param>
[GenerateSerializer, Immutable, Alias("media.file-page")]
public sealed record FilePage(ImmutableArray<CatalogFile> Files, string? Next);
