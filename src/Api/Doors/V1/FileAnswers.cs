using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Media.Grains.Contents;
using Media.Grains.Files;

namespace Media.Api.Doors.V1;

/// <summary>A file in the catalog.</summary>
public sealed record FileAnswer
{
    /// <summary>Its name: the tag of the upload that it came by.</summary>
    public required string Id { get; init; }

    /// <summary>The name, made safe to use as a file name.</summary>
    public required string FileName { get; init; }

    /// <summary>The name as it was given.</summary>
    public required string OriginalFileName { get; init; }

    /// <summary>Media type as claimed.</summary>
    public required string ContentType { get; init; }

    /// <summary>Media type as found in the bytes; null where they are of no known form.</summary>
    public required string? DetectedType { get; init; }

    /// <summary>Whether what was claimed cannot be true of what was found.</summary>
    public required bool TypeMismatch { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Tip hash, computed from the stored bytes; null for an empty file.</summary>
    public required string? TipHash { get; init; }

    /// <summary>Piece hash, computed from the stored bytes; null for an empty file.</summary>
    public required string? PieceHash { get; init; }

    /// <summary>Whose it is.</summary>
    public required string User { get; init; }

    /// <summary>Whether its content had been there before it.</summary>
    public required bool Duplicate { get; init; }

    /// <summary>The object's ETag, with its quotes.</summary>
    [JsonPropertyName("etag")]
    public required string? ETag { get; init; }

    /// <summary>The object's version in a versioned bucket.</summary>
    public required string? VersionId { get; init; }

    /// <summary>When its upload was begun.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its bytes were found whole.</summary>
    public required DateTimeOffset StoredAt { get; init; }

    /// <summary>When it came into the catalog.</summary>
    public required DateTimeOffset FiledAt { get; init; }

    /// <summary>Widths of the thumbnails that there are.</summary>
    public required ImmutableArray<int> Thumbnails { get; init; }

    internal static FileAnswer Of(CatalogFile found)
    {
        var file = found.File;
        return new FileAnswer
        {
            Id = file.Id,
            FileName = file.Name,
            OriginalFileName = file.OriginalName,
            ContentType = file.ContentType,
            DetectedType = file.DetectedType,
            // Nothing may be anything.
            TypeMismatch = file.Size > 0 && !TypeSniffer.Agrees(file.ContentType, file.DetectedType),
            Size = file.Size,
            TipHash = file.TipHash,
            PieceHash = file.PieceHash,
            User = file.User,
            Duplicate = found.Duplicate,
            ETag = found.ETag,
            VersionId = found.VersionId,
            CreatedAt = file.CreatedAt,
            StoredAt = file.StoredAt,
            FiledAt = found.FiledAt,
            Thumbnails = found.Thumbnails,
        };
    }
}

/// <summary>A page of files.</summary>
/// <param name="Files">Newest first.</param>
/// <param name="Next">The cursor of the next page, or null at the end.</param>
public sealed record FilePageAnswer(ImmutableArray<FileAnswer> Files, string? Next)
{
    internal static FilePageAnswer Of(FilePage page)
    {
        var files = ImmutableArray.CreateBuilder<FileAnswer>(page.Files.Length);
        foreach (var file in page.Files)
            files.Add(FileAnswer.Of(file));
        return new FilePageAnswer(files.MoveToImmutable(), page.Next);
    }
}

/// <summary>Whether a content is stored.</summary>
/// <param name="Status"><c>unknown</c>: it is not. <c>possible</c>: one of this size and tip hash is; ask with the piece hash. <c>stored</c>: it is.</param>
public sealed record ContentAnswer(string Status);
