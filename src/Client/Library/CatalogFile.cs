namespace Media.Client;

/// <summary>A file in the catalog.</summary>
public sealed record CatalogFile
{
    /// <summary>Its id: the tag of the upload that it came by.</summary>
    public required string Id { get; init; }

    /// <summary>Whose it is.</summary>
    public string? User { get; init; }

    /// <summary>The name, made safe to use as a file name.</summary>
    public required string FileName { get; init; }

    /// <summary>The name as it was given.</summary>
    public string? OriginalFileName { get; init; }

    /// <summary>The media type as claimed.</summary>
    public string? ContentType { get; init; }

    /// <summary>The media type by the bytes; null where they are of no known form.</summary>
    public string? DetectedType { get; init; }

    /// <summary>Whether what was claimed cannot be true of what was found.</summary>
    public bool? TypeMismatch { get; init; }

    /// <summary>Size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The tip hash, as found in the bytes; null for an empty file.</summary>
    public string? TipHash { get; init; }

    /// <summary>The piece hash, as found in the bytes; null for an empty file.</summary>
    public string? PieceHash { get; init; }

    /// <summary>The object's ETag, as the store has it.</summary>
    public string? Etag { get; init; }

    /// <summary>The object's version, in a bucket that keeps versions.</summary>
    public string? VersionId { get; init; }

    /// <summary>Whether its content had been there before it.</summary>
    public bool? Duplicate { get; init; }

    /// <summary>When the upload was begun.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When the content was found whole.</summary>
    public DateTimeOffset? StoredAt { get; init; }

    /// <summary>When the file came into the catalog.</summary>
    public DateTimeOffset? FiledAt { get; init; }

    /// <summary>Widths of the thumbnails that there are, in pixels.</summary>
    public IReadOnlyList<int>? Thumbnails { get; init; }
}

/// <summary>Which files to list; what is null lets all through.</summary>
public sealed record FileQuery
{
    /// <summary>What the name contains, whatever the case.</summary>
    public string? Name { get; init; }

    /// <summary>A media type, <c>image/png</c> or <c>image/*</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Whose; for others than administrators, only themselves.</summary>
    public string? User { get; init; }

    /// <summary>A tip hash or a piece hash.</summary>
    public string? Hash { get; init; }

    /// <summary>The page before's <see cref="FilePage.Next"/>.</summary>
    public string? After { get; init; }

    /// <summary>1 to 1 000.</summary>
    public int? Limit { get; init; }
}

/// <summary>A page of files, newest first.</summary>
/// <param name="Files">The files.</param>
/// <param name="Next">What to pass as <see cref="FileQuery.After"/> for the next page; null on the last.</param>
public sealed record FilePage(IReadOnlyList<CatalogFile> Files, string? Next);

/// <summary>What the server knows of a content.</summary>
/// <param name="Status"><c>unknown</c>; <c>possible</c>: size and tip hash are those of a stored one; <c>stored</c>: so is the piece hash.</param>
public sealed record ContentStatus(string Status);

/// <summary>A signed link: its bearer can read one file until it expires, so it is not for logs, and <see cref="ToString"/> leaves it out.</summary>
/// <param name="Url">The whole address.</param>
/// <param name="Query">The signed query alone.</param>
/// <param name="ExpiresAt">Until when it is good, by the server's clock.</param>
public sealed record MediaLink(Uri Url, string Query, DateTimeOffset ExpiresAt)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"link, until {ExpiresAt:O}");
}
