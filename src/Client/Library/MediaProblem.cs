namespace Media.Client;

/// <summary>A problem as the server tells it (RFC 9457), with the members that its codes add.</summary>
public sealed record MediaProblem
{
    /// <summary>The HTTP status.</summary>
    public int? Status { get; init; }

    /// <summary>The stable code, such as <c>parts_missing</c>.</summary>
    public string? Code { get; init; }

    /// <summary>What the code means.</summary>
    public string? Title { get; init; }

    /// <summary>What happened this time.</summary>
    public string? Detail { get; init; }

    /// <summary>With <c>parts_missing</c>: the part numbers that are absent or of the wrong size.</summary>
    public IReadOnlyList<int>? Missing { get; init; }

    /// <summary>With <c>part_changed</c>: the part numbers whose ETags are not the bucket's.</summary>
    public IReadOnlyList<int>? Changed { get; init; }

    /// <summary>With <c>upload_locked</c> and <c>lease_lost</c>: the holder's client id.</summary>
    public string? Holder { get; init; }

    /// <summary>With those: since when.</summary>
    public DateTimeOffset? HeldSince { get; init; }

    /// <summary>With those: when the lease lapses unless it is renewed.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>With those: the upload.</summary>
    public string? Tag { get; init; }

    /// <summary>With <c>invalid_request</c>: messages per field.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Errors { get; init; }
}
